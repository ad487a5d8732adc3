#pragma once
// Resource names of the API. Reading accepts the bare id as well; INVALID_ARGUMENT says what was
// expected. Pure.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/ids.h"

namespace weft::controller {

std::string GroupName(absl::string_view id);     // "groups/G", "" for ""
std::string ServerName(const ServerUuid& uuid);  // "servers/UUID", "" for none
std::string ServerName(absl::string_view uuid);
std::string OperationName(absl::string_view id);  // "operations/ID", "" for ""
absl::StatusOr<std::string> GroupIdOf(absl::string_view name);
// The same without a check, for who validates the id itself. "" for "".
std::string BareGroupId(absl::string_view name);
absl::StatusOr<std::string> OperationIdOf(absl::string_view name);

// A server as people name it: by uuid ("servers/UUID", "UUID") or by address ("host:port").
struct ServerReference {
  ServerUuid uuid;  // empty: by address
  HostPort address;
};
absl::StatusOr<ServerReference> ServerReferenceOf(absl::string_view name);

}  // namespace weft::controller
