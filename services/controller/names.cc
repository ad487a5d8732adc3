#include "services/controller/names.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kGroups = "groups/";
constexpr absl::string_view kServers = "servers/";
constexpr absl::string_view kOperations = "operations/";

}  // namespace

std::string GroupName(absl::string_view id) { return id.empty() ? "" : absl::StrCat(kGroups, id); }

std::string ServerName(const ServerUuid& uuid) { return ServerName(uuid.text()); }

std::string ServerName(absl::string_view uuid) {
  return uuid.empty() ? "" : absl::StrCat(kServers, uuid);
}

std::string OperationName(absl::string_view id) {
  return id.empty() ? "" : absl::StrCat(kOperations, id);
}

std::string BareGroupId(absl::string_view name) {
  return std::string(absl::StripPrefix(name, kGroups));
}

absl::StatusOr<std::string> GroupIdOf(absl::string_view name) {
  std::string id = BareGroupId(name);
  const absl::Status status = ValidateGroupId(id);
  if (!status.ok()) return status;
  return id;
}

absl::StatusOr<std::string> OperationIdOf(absl::string_view name) {
  const absl::StatusOr<ServerUuid> id = ServerUuid::Parse(absl::StripPrefix(name, kOperations));
  if (id.ok()) return id->text();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_OPERATION",
                         absl::StrCat("no operation is named '", name, "'"), "operations/UUID",
                         std::string(name), "list them: weft operation list");
}

absl::StatusOr<ServerReference> ServerReferenceOf(absl::string_view name) {
  const absl::string_view text = absl::StripPrefix(name, kServers);
  ServerReference reference;
  if (const absl::StatusOr<ServerUuid> uuid = ServerUuid::Parse(text); uuid.ok()) {
    reference.uuid = *uuid;
    return reference;
  }
  absl::StatusOr<HostPort> address = HostPort::Parse(text);
  if (address.ok() && !address->empty()) {
    reference.address = *std::move(address);
    return reference;
  }
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_SERVER",
                         absl::StrCat("no server can be named '", name, "'"),
                         "servers/UUID, a UUID or host:port", std::string(name),
                         "list them: weft server list");
}

}  // namespace weft::controller
