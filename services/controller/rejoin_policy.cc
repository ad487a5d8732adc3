#include "services/controller/rejoin_policy.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "services/controller/core/rejoin.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

constexpr char kUser[] = "weft";

const char* KindOf(RejoinPolicy how) {
  if (how == RejoinPolicy::kRewind) return kRewindKind;
  return how == RejoinPolicy::kRebuild ? kRebuildKind : kRewindOrRebuildKind;
}

// The record names the file, which is of these transactions and not of others of the same GTIDs.
std::string RequestOf(const std::string& kind, const Server& server) {
  return RequestIdOf("rejoin", server.uuid, absl::StrCat(kind, " ", server.set_aside));
}

std::string WhyOf(const Group& group, const Server& server) {
  if (absl::StrContains(server.set_aside, kHeartbeatsAlone)) return kHeartbeatsAlone;
  return absl::StrCat("the group's setting is rejoin=",
                      FindGroupSetting("rejoin")->print(group.settings));
}

}  // namespace

void BeginRejoin(const Group& group, const Server& server, RejoinPolicy how,
                 const RejoinPorts& ports) {
  const std::string kind = KindOf(how);
  const auto worker = ports.resumers->find(kind);
  if (worker == ports.resumers->end()) return;
  Operation operation;
  operation.id = RandomUuid();
  operation.kind = kind;
  operation.group = group.id;
  operation.server = server.uuid.text();
  operation.request_id = RequestOf(kind, server);
  operation.created = operation.updated = ports.clock->Now();
  operation.user = kUser;
  const absl::StatusOr<Operation> begun = ports.runner->Run(operation, worker->second(operation));
  if (IsRequestKnown(begun.status())) return;
  Event event;
  event.group = group.id;
  event.server = server.uuid.text();
  event.operation = operation.id;
  event.kind = "decision";
  event.text =
      absl::StrCat(server.address.ToString(), " comes back by a ", kind, " of [", server.errant,
                   "]: ", WhyOf(group, server),
                   begun.ok() ? "" : absl::StrCat("; not begun: ", DescribeError(begun.status())));
  ports.journal->Append(std::move(event));
}

bool IsMeantFor(const Operation& operation, const Server& server) {
  const bool let_in = server.set_aside.empty() || server.status == ServerStatus::kConfiguring;
  return let_in || operation.user != kUser ||
         operation.request_id == RequestOf(operation.kind, server);
}

}  // namespace weft::controller
