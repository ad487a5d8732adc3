#include "services/controller/adoption.h"

#include <deque>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/server_requests.h"

namespace weft::controller {

Adoption::Adoption(Options options, Ports ports) : options_(options), ports_(ports) {
  ports_.reconciler->OnResume(kKind,
                              [this](const Operation& operation) { return WorkOf(operation); });
}

absl::StatusOr<HostPort> Adoption::FindSource(const HostPort& start) {
  std::set<HostPort> passed;
  HostPort at = start;
  while (true) {
    if (!passed.insert(at).second) {
      return ::weft::Refusal(
          absl::StatusCode::kFailedPrecondition, "CIRCULAR_REPLICATION",
          absl::StrCat("the servers around ", start.ToString(), " replicate in a circle"),
          "one server that replicates from nobody",
          absl::StrCat(at.ToString(), " replicates from itself by way of others"),
          "stop replication for good on the server that is to be the primary");
    }
    WEFT_ASSIGN_OR_RETURN(const Farm::Neighbours neighbours,
                          ports_.farm->Discover(at, options_.admit_deadline));
    if (neighbours.source.empty()) return at;
    at = neighbours.source;
  }
}

absl::Status Adoption::FindReplicas(Found* found) {
  std::deque<HostPort> to_visit = {found->source};
  while (!to_visit.empty()) {
    const HostPort at = to_visit.front();
    to_visit.pop_front();
    WEFT_ASSIGN_OR_RETURN(const Farm::Neighbours neighbours,
                          ports_.farm->Discover(at, options_.admit_deadline));
    for (const HostPort& replica : neighbours.replicas) {
      if (replica == found->source || !found->replicates_from.emplace(replica, at).second) continue;
      if (found->replicates_from.size() > options_.max_servers) {
        return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "TOO_MANY_SERVERS",
                               "the topology is larger than a group may be",
                               absl::StrCat(options_.max_servers, " servers"),
                               absl::StrCat(found->replicates_from.size(), " and more"),
                               "adopt parts of it");
      }
      to_visit.push_back(replica);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Adoption::Found> Adoption::Discover(const HostPort& start) {
  Found found;
  WEFT_ASSIGN_OR_RETURN(found.source, FindSource(start));
  WEFT_RETURN_IF_ERROR(FindReplicas(&found));
  return found;
}

absl::StatusOr<Group> Adoption::Describe(const Group& wanted, const Found& found) {
  Group group = wanted;
  WEFT_ASSIGN_OR_RETURN(const Admission source,
                        ports_.farm->Admit(wanted, found.source, options_.admit_deadline));
  WEFT_RETURN_IF_ERROR(StatusOf(found.source, source));
  Server primary;
  primary.uuid = source.observation.uuid;
  primary.address = found.source;
  primary.group = group.id;
  primary.status = ServerStatus::kPrimary;
  primary.mode = DefaultMode(primary.status);
  group.primary = primary.uuid;
  group.epoch = 1;
  group.servers = {primary};
  // Replicas are compared with the source, so it is read before them; what they get meanwhile is
  // from it and known to the history.
  group.watermark = source.observation.executed;
  group.history = {{1, primary.uuid, source.observation.executed, ports_.clock->Now()}};
  for (const auto& [address, from] : found.replicates_from) {
    WEFT_ASSIGN_OR_RETURN(const Admission admission,
                          ports_.farm->Admit(group, address, options_.admit_deadline));
    WEFT_RETURN_IF_ERROR(StatusOf(address, admission));
    Server server;
    server.uuid = admission.observation.uuid;
    server.address = address;
    server.group = group.id;
    server.mode = DefaultMode(server.status);
    group.servers.push_back(std::move(server));
  }
  return group;
}

absl::StatusOr<Adoption::Result> Adoption::Adopt(const Group& wanted, const std::string& address,
                                                 const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(wanted.id));
  WEFT_ASSIGN_OR_RETURN(const HostPort start, HostPort::Parse(address));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  Result result;
  WEFT_ASSIGN_OR_RETURN(result.operation, ports_.ledger->Earlier(caller, kKind, wanted.id));
  if (result.operation.has_value()) {
    WEFT_ASSIGN_OR_RETURN(result.group, ports_.reconciler->Cached(wanted.id));
    return result;
  }
  if (ports_.reconciler->Cached(wanted.id).ok()) return GroupExists(wanted.id);
  WEFT_ASSIGN_OR_RETURN(const Found found, Discover(start));
  WEFT_ASSIGN_OR_RETURN(result.group, Describe(wanted, found));
  if (caller.validate_only) return result;
  // One write: a group that is half adopted is never seen.
  WEFT_RETURN_IF_ERROR(ports_.store->CreateGroup(result.group));
  WEFT_ASSIGN_OR_RETURN(result.group, ports_.reconciler->Refresh(wanted.id));
  const Operation operation =
      ports_.ledger->New(caller, kKind, wanted.id, result.group.primary.text());
  WEFT_ASSIGN_OR_RETURN(result.operation,
                        ports_.reconciler->runner().Run(operation, WorkOf(operation)));
  ports_.ledger->Tell(operation, absl::OkStatus());
  return result;
}

OperationRunner::Work Adoption::WorkOf(const Operation& operation) {
  return [this, group = operation.group](
             const OperationRunner::Running& running) -> absl::StatusOr<std::string> {
    running.report(0.5, "set up replication as the group has it");
    const Deadline deadline = Deadline::After(ports_.clock, options_.settle_deadline);
    while (true) {
      if (running.cancelled()) return absl::CancelledError("an end of it was asked for");
      const absl::Status settled = ports_.reconciler->WaitSettled(group, options_.slice);
      if (settled.ok()) return std::string();
      if (!absl::IsDeadlineExceeded(settled) || deadline.Passed()) return settled;
    }
  };
}

}  // namespace weft::controller
