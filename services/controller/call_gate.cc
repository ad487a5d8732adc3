#include "services/controller/call_gate.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/access/rpc_rights.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/caller.h"

namespace weft::controller {
namespace {

std::string Listed(const std::vector<std::string>& roles) {
  return roles.empty() ? "no roles" : absl::StrCat("roles ", absl::StrJoin(roles, ", "));
}

absl::Status NoRight(absl::string_view method, const std::string& user,
                     const std::vector<std::string>& roles,
                     const std::optional<access::Right>& right) {
  const std::string wanted =
      right.has_value() ? absl::StrCat("the right ", access::ToString(*right)) : "a known method";
  return ::weft::Refusal(
      absl::StatusCode::kPermissionDenied, "NO_RIGHT",
      absl::StrCat("user ", user, " may not call ", method), wanted, Listed(roles),
      right.has_value()
          ? absl::StrCat("have a superadmin give one of the roles ",
                         absl::StrJoin(access::RolesWith(*right), ", "), ": weft user roles ", user)
          : "use a release of Weft that has it");
}

absl::Status NotAGateway(const std::string& user, const std::vector<std::string>& roles) {
  return ::weft::Refusal(
      absl::StatusCode::kPermissionDenied, "NOT_A_GATEWAY",
      absl::StrCat("user ", user, " may not act for another"),
      absl::StrCat("the right ", access::ToString(access::kActForOthers)), Listed(roles),
      absl::StrCat("leave the metadata ", access::kOnBehalfOf, " out, or log in as a gateway"));
}

}  // namespace

absl::Status CallGate::Admit(const grpc::ServerContextBase& context, absl::string_view method) {
  WEFT_ASSIGN_OR_RETURN(Identity caller,
                        logins_->Check({.authorization = rpc::MetadataOf(context, "authorization"),
                                        .certificate = rpc::CertificateNameOf(context),
                                        .peer = context.peer()}));
  const std::string other = rpc::MetadataOf(context, access::kOnBehalfOf);
  if (!other.empty()) {
    if (!access::MayCall(caller.roles, access::kActForOthers.component,
                         access::kActForOthers.command)) {
      return NotAGateway(caller.user, caller.roles);
    }
    const auto roles = logins_->RolesOf(other);
    // A gateway may know a user for a moment longer than we.
    caller = {other, roles.ok() ? *roles : std::vector<std::string>()};
  }
  const std::optional<access::Right> right = access::RightOf(method);
  if (right.has_value() && access::MayCall(caller.roles, right->component, right->command)) {
    return absl::OkStatus();
  }
  return NoRight(method, caller.user.substr(0, 64), caller.roles, right);
}

}  // namespace weft::controller
