#include "services/controller/access.h"

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/auth.h"

namespace weft::controller {

std::string CallerOf(const grpc::ServerContextBase& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return "";
  const absl::string_view header(found->second.data(), found->second.size());
  const absl::StatusOr<rpc::Credentials> credentials = rpc::ParseBasicAuthorization(header);
  return credentials.ok() ? credentials->user : "";
}

}  // namespace weft::controller
