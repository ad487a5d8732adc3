#include "services/gateway/permissions.h"

#include <memory>

#include "common/access/roles.h"

namespace weft::gateway {

bool IsAllowed(const Users& users, const std::string& user, absl::string_view command) {
  if (user.empty()) return true;
  const std::shared_ptr<const UserSnapshot> snapshot = users.Get();
  if (snapshot == nullptr) return false;
  const auto found = snapshot->users.find(user);
  return found != snapshot->users.end() && access::MayCall(found->second.roles, command);
}

}  // namespace weft::gateway
