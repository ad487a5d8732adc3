#include "services/controller/mysql/store_user_rows.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace weft::controller {
namespace {

using nlohmann::json;

constexpr size_t kKeyDigits = 64;

absl::Status Corrupt(absl::string_view field) {
  return ::weft::Refusal(
      absl::StatusCode::kDataLoss, "STORE_CORRUPT",
      absl::StrCat("the state store holds an impossible ", field, " of the users"),
      absl::StrCat("a ", field), "something else",
      "restore the state store from a backup; nothing but Weft may write there");
}

bool Take(const json& object, const char* name, std::string* value) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return false;
  *value = it->get<std::string>();
  return true;
}

absl::StatusOr<User> ReadUser(const json& object) {
  User user;
  if (!object.is_object() || !Take(object, "name", &user.name)) return Corrupt("name");
  if (!Take(object, "digest_ha1", &user.digest_ha1) ||
      !Take(object, "native_hash", &user.native_hash) ||
      !Take(object, "verifier", &user.verifier)) {
    return Corrupt("hash");
  }
  const auto disabled = object.find("disabled");
  const auto revision = object.find("revision");
  if (disabled == object.end() || !disabled->is_number()) return Corrupt("flag");
  if (revision == object.end() || !revision->is_number_unsigned()) return Corrupt("revision");
  user.disabled = disabled->get<int>() != 0;
  user.revision = revision->get<uint64_t>();
  const auto roles = object.find("roles");
  // An aggregate over no rows is NULL.
  if (roles == object.end() || roles->is_null()) return user;
  if (!roles->is_array()) return Corrupt("role");
  for (const json& role : *roles) {
    if (!role.is_string()) return Corrupt("role");
    user.roles.insert(role.get<std::string>());
  }
  return user;
}

}  // namespace

absl::StatusOr<UserSet> ReadUsersRow(const Row& row) {
  UserSet set;
  WEFT_ASSIGN_OR_RETURN(set.version, row.Uint("version"));
  const std::string key = row.StringOr("secret_key", "");
  if (key.size() != kKeyDigits || key.find_first_not_of("0123456789abcdefABCDEF") != key.npos) {
    return Corrupt("key");
  }
  set.key = absl::HexStringToBytes(key);
  const json users = json::parse(row.StringOr("users", "[]"), nullptr, /*allow_exceptions=*/false);
  if (!users.is_array()) return Corrupt("list");
  for (const json& object : users) {
    WEFT_ASSIGN_OR_RETURN(User user, ReadUser(object));
    std::string name = user.name;
    set.users.emplace(std::move(name), std::move(user));
  }
  return set;
}

mysql::Params UserParams(const User& user) {
  return {user.name,     user.digest_ha1, user.native_hash,
          user.verifier, user.disabled,   json(user.roles).dump()};
}

}  // namespace weft::controller
