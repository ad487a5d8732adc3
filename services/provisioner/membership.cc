#include "services/provisioner/membership.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/machine_address.h"

namespace weft::provisioner {
namespace {

absl::Status InGroup(const std::string& machine, const Membership& member) {
  const std::string server = member.address.ToString();
  return Refusal(absl::StatusCode::kFailedPrecondition, "MACHINE_IN_GROUP",
                 absl::StrCat("machine ", machine, " carries a server of a group"),
                 "a machine of no group",
                 absl::StrCat("server ", server, " in group ", member.group),
                 absl::StrCat("weft group remove ", member.group, " ", server,
                              ", or destroy it all the same with --force"));
}

absl::Status NobodyTells(const std::string& machine, absl::string_view expected,
                         const absl::Status& why) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_UNKNOWN",
                 absl::StrCat("nobody tells whether machine ", machine,
                              " carries a server of a group under another name"),
                 expected, why.message(),
                 "try again when it answers, or destroy it all the same with --force");
}

// Looks each host up once.
class HostNames {
 public:
  explicit HostNames(const MembershipPorts* ports) : ports_(ports) {}

  // NOT_FOUND: neither stands for an address. UNAVAILABLE: nobody tells.
  absl::StatusOr<bool> AreTheSame(const std::string& one, const std::string& other) {
    if (one == other) return true;
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> of_one, Of(one));
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> of_other, Of(other));
    return std::find_first_of(of_one.begin(), of_one.end(), of_other.begin(), of_other.end()) !=
           of_one.end();
  }

 private:
  absl::StatusOr<std::vector<std::string>> Of(const std::string& host) {
    const auto known = known_.find(host);
    if (known != known_.end()) return known->second;
    return known_.emplace(host, ports_->addresses_of(host)).first->second;
  }

  const MembershipPorts* const ports_;
  std::map<std::string, absl::StatusOr<std::vector<std::string>>> known_;
};

// By the names of the members' hosts, where no server says who it is.
absl::Status CheckNames(const MembershipPorts& ports, const std::string& machine,
                        const std::vector<HostPort>& silent,
                        const std::vector<Membership>& members) {
  HostNames names(&ports);
  for (const HostPort& place : silent) {
    for (const Membership& member : members) {
      if (member.address.port != place.port) continue;
      const absl::StatusOr<bool> same = names.AreTheSame(place.host, member.address.host);
      if (same.ok() && *same) return InGroup(machine, member);
      if (same.ok() || absl::IsNotFound(same.status())) continue;
      return NobodyTells(
          machine, absl::StrCat("its server's own answer, or the address of ", member.address.host),
          same.status());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNoMember(const MembershipPorts& ports, const std::string& machine,
                           const std::vector<MachineAddress>& addresses) {
  const absl::StatusOr<std::vector<Membership>> members = ports.groups->AllMembers();
  if (!members.ok()) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "GROUPS_UNKNOWN",
        absl::StrCat("no controller tells whether a group has a server on machine ", machine),
        "an answer of the leading controller", members.status().message(),
        "try again when it answers, or destroy it all the same with --force");
  }
  std::vector<HostPort> places;
  places.reserve(addresses.size());
  for (const MachineAddress& address : addresses) places.push_back(HostPortOf(address));
  const ServerUuid own = ServerUuid::Parse(machine).value_or(ServerUuid());
  for (const Membership& member : *members) {
    const bool has_address =
        std::find(places.begin(), places.end(), member.address) != places.end();
    const bool has_uuid = !own.empty() && member.uuid == own;
    if (has_address || has_uuid) return InGroup(machine, member);
  }
  if (members->empty()) return absl::OkStatus();
  std::vector<HostPort> silent;
  for (const HostPort& place : places) {
    const absl::StatusOr<ServerUuid> server = ports.server_at(place);
    // It serves, and has no room for the question.
    if (absl::IsResourceExhausted(server.status())) {
      return NobodyTells(machine, "its server's own answer", server.status());
    }
    if (!server.ok()) {
      silent.push_back(place);
      continue;
    }
    for (const Membership& member : *members) {
      if (member.uuid == *server) return InGroup(machine, member);
    }
  }
  return CheckNames(ports, machine, silent, *members);
}

}  // namespace weft::provisioner
