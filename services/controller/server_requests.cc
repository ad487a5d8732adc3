#include "services/controller/server_requests.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/convert.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/rejoin.h"
#include "services/controller/group_requests.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/server_rules.h"

namespace weft::controller {
namespace {

// Of a dry run, which saves the transactions and reads them.
constexpr absl::Duration kForeseeRewind = absl::Minutes(2);
// How many of a group's newest operations are looked through.
constexpr int kSearched = 1000;
// One that misses a primary that lives is no reason to refuse anything.
constexpr int kLooksForPrimary = 3;

bool Names(const std::vector<std::string>& mask, absl::string_view field) {
  return std::find(mask.begin(), mask.end(), field) != mask.end();
}

}  // namespace

absl::Status StatusOf(const HostPort& address, const Admission& admission) {
  std::vector<std::string> texts, remedies;
  ErrorDetail detail;
  for (const AdmissionProblem& problem : admission.problems) {
    if (!problem.fatal) continue;
    // The first one names the whole.
    if (detail.reason.empty()) detail.reason = problem.code;
    texts.push_back(
        absl::StrCat(problem.code, ": expected ", problem.expected, ", found ", problem.found));
    if (!problem.remedy.empty()) remedies.push_back(problem.remedy);
    detail.metadata[problem.code] = problem.remedy;
  }
  if (texts.empty()) return absl::OkStatus();
  if (admission.clone_would_help) {
    remedies.push_back("or replace its data by a clone of a member: add it with --rebuild");
  }
  detail.expected = "a server that meets every requirement";
  detail.found = absl::StrJoin(texts, "; ");
  detail.next_step = remedies.empty() ? absl::StrCat("see: weft server check ", address.ToString())
                                      : absl::StrJoin(remedies, "\n");
  detail.metadata["server"] = address.ToString();
  detail.metadata["clone_would_help"] = admission.clone_would_help ? "true" : "false";
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(address.ToString(), " cannot be added: ", absl::StrJoin(texts, "; ")), detail);
}

absl::StatusOr<Server> ServerRequests::Find(const std::string& name) const {
  WEFT_ASSIGN_OR_RETURN(const ServerReference reference, ServerReferenceOf(name));
  const std::vector<Group> groups = ports_.reconciler->CachedAll();
  for (const Group& group : groups) {
    for (const Server& server : group.servers) {
      if (reference.uuid.empty() ? server.address == reference.address
                                 : server.uuid == reference.uuid) {
        return server;
      }
    }
  }
  if (groups.empty()) WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  return UnknownServer(name);
}

absl::StatusOr<ServerRequests::View> ServerRequests::Get(const std::string& name) {
  WEFT_ASSIGN_OR_RETURN(Server server, Find(name));
  View view{std::move(server), std::nullopt, absl::InfinitePast()};
  const auto look = ports_.reconciler->Look(view.server.group);
  if (look.ok()) {
    view.looked = look->when;
    view.look = look->snapshot;
  } else if (auto last = ports_.reconciler->LastLook(view.server.group); last.has_value()) {
    view.looked = last->when;
    view.look = std::move(last->snapshot);
  }
  return view;
}

absl::StatusOr<ServerRequests::Page> ServerRequests::List(const Filter& filter, int page_size,
                                                          const std::string& token) {
  WEFT_ASSIGN_OR_RETURN(const int size,
                        PageSize(page_size, options_.default_page_size, options_.max_page_size));
  std::vector<Group> groups;
  if (filter.group.empty()) {
    groups = ports_.reconciler->CachedAll();
    if (groups.empty()) WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  } else {
    WEFT_ASSIGN_OR_RETURN(Group group, ports_.reconciler->Cached(filter.group));
    groups.push_back(std::move(group));
  }
  const auto key = [](const Server& server) {
    return absl::StrCat(server.group, " ", server.address.ToString());
  };
  std::vector<Server> all;
  for (const Group& group : groups) {
    for (const Server& server : group.servers) {
      if (filter.status.has_value() && server.status != *filter.status) continue;
      if (filter.mode.has_value() && server.mode != *filter.mode) continue;
      if (key(server) > token) all.push_back(server);
    }
  }
  std::sort(all.begin(), all.end(),
            [&](const Server& a, const Server& b) { return key(a) < key(b); });
  Page page;
  if (static_cast<int>(all.size()) > size) {
    all.resize(size);
    page.next_token = key(all.back());
  }
  page.servers = std::move(all);
  return page;
}

absl::StatusOr<Admission> ServerRequests::Check(const std::string& group,
                                                const std::string& address) {
  WEFT_ASSIGN_OR_RETURN(const HostPort parsed, HostPort::Parse(address));
  Group record;
  if (!group.empty()) {
    WEFT_RETURN_IF_ERROR(ValidateGroupId(group));
    WEFT_ASSIGN_OR_RETURN(record, ports_.reconciler->Cached(group));
  }
  return ports_.farm->Admit(record, parsed, options_.admit_deadline);
}

absl::StatusOr<ServerUuid> ServerRequests::Identify(const std::string& address) {
  WEFT_ASSIGN_OR_RETURN(const HostPort parsed, HostPort::Parse(address));
  return ports_.farm->Identify(parsed, options_.admit_deadline);
}

absl::StatusOr<std::optional<ServerRequests::Started>> ServerRequests::Earlier(
    const Caller& caller, absl::string_view kind, const std::string& group) {
  WEFT_ASSIGN_OR_RETURN(const auto operation, ports_.ledger->Earlier(caller, kind, group));
  if (!operation.has_value()) return std::optional<Started>();
  Started started;
  started.operation = operation;
  if (auto server = Find(operation->server); server.ok()) started.server = *std::move(server);
  return std::optional<Started>(std::move(started));
}

absl::StatusOr<ServerRequests::Started> ServerRequests::Begin(Started started, const Caller& caller,
                                                              absl::string_view kind) {
  const Operation operation =
      ports_.ledger->New(caller, kind, started.server.group, started.server.uuid.text());
  absl::StatusOr<Operation> begun =
      ports_.reconciler->runner().Run(operation, ports_.membership->WorkOf(operation));
  if (!IsRequestKnown(begun.status())) ports_.ledger->Tell(operation, begun.status());
  if (IsRequestKnown(begun.status())) {
    WEFT_ASSIGN_OR_RETURN(started.operation,
                          ports_.ledger->Earlier(caller, kind, started.server.group));
    return started;
  }
  if (!begun.ok()) return begun.status();
  started.operation = *std::move(begun);
  return started;
}

absl::StatusOr<ServerRequests::Started> ServerRequests::Add(const AddOrder& order,
                                                            const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(order.group));
  WEFT_ASSIGN_OR_RETURN(const HostPort address, HostPort::Parse(order.address));
  WEFT_RETURN_IF_ERROR(CheckWeight(order.weight));
  WEFT_RETURN_IF_ERROR(ValidateZone(order.zone));
  Started started;
  started.server.group = order.group;
  started.server.status = order.status;
  if (order.status != ServerStatus::kSecondary && order.status != ServerStatus::kSpare) {
    return IllegalStatus(started.server, order.status);
  }
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(auto earlier, Earlier(caller, Membership::kAdd, order.group));
  if (earlier.has_value()) return *std::move(earlier);
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.reconciler->Refresh(order.group));
  if (group.restored) return NotConfirmed(group.id);
  if (const absl::StatusOr<Server> known = Find(address.ToString()); known.ok()) {
    return ServerTaken(*known);
  }
  WEFT_ASSIGN_OR_RETURN(const Admission admission,
                        ports_.farm->Admit(group, address, options_.admit_deadline));
  const bool rebuild = order.rebuild && admission.clone_would_help;
  if (!rebuild) WEFT_RETURN_IF_ERROR(StatusOf(address, admission));
  for (const AdmissionProblem& problem : admission.problems) {
    WEFT_LOG(kWarning, "admission",
             {{"group", order.group},
              {"server", address.ToString()},
              {"code", problem.code},
              {"expected", problem.expected},
              {"found", problem.found}});
  }
  Server& server = started.server;
  server.uuid = admission.observation.uuid;
  server.address = address;
  server.weight = order.weight;
  server.promotion_rule = order.promotion_rule;
  server.zone = order.zone;
  server.mode = DefaultMode(server.status);
  if (rebuild) {
    server.status = ServerStatus::kConfiguring;
    server.mode = ServerMode::kOffline;
  } else if (!group.primary.empty() && !order.update_only) {
    server.mode = ServerMode::kOffline;  // no reads before it has caught up
  }
  if (caller.validate_only) return started;
  WEFT_RETURN_IF_ERROR(
      WithRecord(ports_.store, order.group, [&](const Group& record) -> absl::Status {
        return ports_.store->AddServer(order.group, record.revision, server);
      }));
  (void)ports_.reconciler->Refresh(order.group);
  ports_.reconciler->Wake(order.group);
  return Begin(std::move(started), caller, Membership::kAdd);
}

absl::Status ServerRequests::CheckPrimaryTells(const std::string& group, const Server& server) {
  absl::Status status;
  for (int look = 0; look < kLooksForPrimary; ++look) {
    WEFT_ASSIGN_OR_RETURN(const auto seen, ports_.reconciler->Look(group));
    status = Membership::CheckPrimaryTells(seen.snapshot, server);
    if (status.ok()) break;
  }
  return status;
}

absl::StatusOr<ServerRequests::Started> ServerRequests::Remove(const RemoveOrder& order,
                                                               const Caller& caller) {
  const char* const kind = order.surrender ? Membership::kRemoveSurrendering : Membership::kRemove;
  WEFT_RETURN_IF_ERROR(ValidateGroupId(order.group));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(auto earlier, Earlier(caller, kind, order.group));
  if (earlier.has_value()) return *std::move(earlier);
  WEFT_ASSIGN_OR_RETURN(const Group record, ports_.reconciler->Refresh(order.group));
  Started started;
  WEFT_ASSIGN_OR_RETURN(started.server, ServerOfGroup(record, order.server));
  WEFT_RETURN_IF_ERROR(Membership::CheckMayLeave(record, started.server));
  if (!order.surrender) WEFT_RETURN_IF_ERROR(CheckPrimaryTells(order.group, started.server));
  if (caller.validate_only) return started;
  return Begin(std::move(started), caller, kind);
}

absl::Status ServerRequests::CheckReturn(const Server& server) {
  WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(server.group));
  const Observation& seen = look.snapshot.Of(server.uuid);
  const std::string address = server.address.ToString();
  if (!seen.reached()) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_NOT_REACHED",
                           absl::StrCat(address, " does not answer"), "a server that answers",
                           seen.error, absl::StrCat("start ", address, " first"));
  }
  const GtidSet errant = Errant(look.snapshot, server.uuid);
  if (errant.Empty()) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "ERRANT",
      absl::StrCat(address, " has ", errant.Count(), " transactions that its group does not know"),
      "nothing but what the primary has", errant.ToString(),
      absl::StrCat("undo them: weft server rejoin ", address,
                   " --rewind; or replace its data by a clone: --rebuild"));
}

absl::Status ServerRequests::ForeseeRewind(const Group& group, Started* started) {
  WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(group.id));
  const ServerUuid& server = started->server.uuid;
  WEFT_ASSIGN_OR_RETURN(started->rewound,
                        ports_.farm->Rewind(group, server, Errant(look.snapshot, server),
                                            /*dry_run=*/true, nullptr, kForeseeRewind));
  return absl::OkStatus();
}

absl::StatusOr<ServerRequests::Started> ServerRequests::Rejoin(const RejoinOrder& order,
                                                               const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  Started started;
  WEFT_ASSIGN_OR_RETURN(started.server, Find(order.server));
  const char* const kind = order.rewind && order.rebuild ? kRewindOrRebuildKind
                           : order.rewind                ? kRewindKind
                           : order.rebuild               ? kRebuildKind
                                                         : Membership::kRejoin;
  WEFT_ASSIGN_OR_RETURN(auto earlier, Earlier(caller, kind, started.server.group));
  if (earlier.has_value()) return *std::move(earlier);
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.reconciler->Refresh(started.server.group));
  const Server* const record = group.Find(started.server.uuid);
  if (record == nullptr) return NotInGroup(started.server.address.ToString(), group.id);
  started.server = *record;
  const Server& server = started.server;
  if (group.restored) return NotConfirmed(group.id);
  WEFT_ASSIGN_OR_RETURN(const std::vector<Operation> latest,
                        ports_.store->ListOperations(group.id, kSearched, ""));
  WEFT_RETURN_IF_ERROR(CheckIsAway(group, server, latest, order.rebuild));
  if (!order.rebuild && !order.rewind) WEFT_RETURN_IF_ERROR(CheckReturn(server));
  if (!caller.validate_only) return Begin(std::move(started), caller, kind);
  if (order.rewind) WEFT_RETURN_IF_ERROR(ForeseeRewind(group, &started));
  return started;
}

absl::Status ServerRequests::CheckChange(const Change& change, const Server& server) const {
  ServerStatus status = server.status;
  if (Names(change.mask, "status")) {
    if (!IsLegalTransition(server.status, change.status)) {
      return IllegalStatus(server, change.status);
    }
    status = change.status;
  }
  if (Names(change.mask, "mode") && !IsLegalMode(status, change.mode)) {
    return IllegalMode(server, status, change.mode);
  }
  return Names(change.mask, "weight") ? CheckWeight(change.weight) : absl::OkStatus();
}

absl::StatusOr<Server> ServerRequests::Update(const Change& change, const Caller& caller) {
  WEFT_RETURN_IF_ERROR(CheckMask(change.mask));
  WEFT_RETURN_IF_ERROR(ValidateZone(change.zone));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(Server server, Find(change.server));
  const bool returns = Names(change.mask, "status") && server.status == ServerStatus::kFaulty;
  const auto apply = [&](Server* changed) {
    if (Names(change.mask, "status")) {
      changed->status = change.status;
      changed->mode = DefaultMode(change.status);
    }
    if (returns) {
      changed->set_aside.clear();
      changed->errant.clear();
    }
    if (Names(change.mask, "mode")) changed->mode = change.mode;
    if (Names(change.mask, "weight")) changed->weight = change.weight;
    if (Names(change.mask, "promotion_rule")) changed->promotion_rule = change.promotion_rule;
    if (Names(change.mask, "zone")) changed->zone = change.zone;
  };
  if (caller.validate_only) {
    WEFT_RETURN_IF_ERROR(CheckChange(change, server));
    if (returns) WEFT_RETURN_IF_ERROR(CheckReturn(server));
    apply(&server);
    return server;
  }
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(
      caller, "update-server", server.group, server.uuid.text(), [&](bool again) -> absl::Status {
        return WithRecord(ports_.store, server.group, [&](const Group& record) -> absl::Status {
          const Server* const found = record.Find(server.uuid);
          if (found == nullptr) return NotInGroup(server.uuid.text(), server.group);
          Server changed = *found;
          apply(&changed);
          if (again && changed == *found) return absl::OkStatus();
          WEFT_RETURN_IF_ERROR(CheckChange(change, *found));
          if (returns) WEFT_RETURN_IF_ERROR(CheckReturn(*found));
          return ports_.store->UpdateServer(server.group, record.revision, server.uuid, changed);
        });
      }));
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.reconciler->Refresh(server.group));
  ports_.reconciler->Wake(server.group);
  const Server* const found = group.Find(server.uuid);
  if (found == nullptr) return UnknownServer(change.server);
  return *found;
}

}  // namespace weft::controller
