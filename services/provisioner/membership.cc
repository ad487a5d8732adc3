#include "services/provisioner/membership.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/model/ids.h"
#include "services/provisioner/ports/machine_address.h"

namespace weft::provisioner {

absl::Status CheckNoMember(GroupDirectory* groups, const std::string& machine,
                           const std::vector<MachineAddress>& addresses) {
  std::vector<HostPort> places;
  places.reserve(addresses.size());
  for (const MachineAddress& address : addresses) places.push_back(HostPortOf(address));
  const ServerUuid uuid = ServerUuid::Parse(machine).value_or(ServerUuid());
  const absl::StatusOr<Membership> member = groups->FindMember(places, uuid);
  if (!member.ok()) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "GROUPS_UNKNOWN",
        absl::StrCat("no controller tells whether a group has a server on machine ", machine),
        "an answer of the leading controller", member.status().message(),
        "try again when it answers, or destroy it all the same with --force");
  }
  if (member->group.empty()) return absl::OkStatus();
  const std::string server = member->address.ToString();
  return Refusal(absl::StatusCode::kFailedPrecondition, "MACHINE_IN_GROUP",
                 absl::StrCat("machine ", machine, " carries a server of a group"),
                 "a machine of no group",
                 absl::StrCat("server ", server, " in group ", member->group),
                 absl::StrCat("weft group remove ", member->group, " ", server,
                              ", or destroy it all the same with --force"));
}

}  // namespace weft::provisioner
