#include "services/controller/rescue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/host_name.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/gtid_set.h"
#include "common/model/heartbeat.h"
#include "nlohmann/json.hpp"
#include "services/controller/core/rejoin.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/promotion_story.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

// How many of a group's newest operations are looked through.
constexpr int kSearched = 1000;
// Of a server's record.
constexpr size_t kMaxNote = 4000;

}  // namespace

void Rescue::Begin(const Group& group, const Server& server) {
  // By a request id the same GTIDs would be saved once, though after a rewind or a rebuild a server
  // gives them to other transactions.
  const auto known = store_->ListOperations(group.id, kSearched, "");
  absl::Status status = known.status();
  if (status.ok()) {
    for (const Operation& one : *known) {
      if (one.kind == kKind && one.server == server.uuid.text() && !one.done()) return;
    }
    Operation operation;
    operation.id = RandomUuid();
    operation.kind = kKind;
    operation.group = group.id;
    operation.server = server.uuid.text();
    operation.created = operation.updated = clock_->Now();
    operation.user = "weft";
    status = runner_->Run(operation, WorkOf(operation)).status();
  }
  if (status.ok()) return;
  WEFT_LOG(kWarning, "rescue not begun",
           {{"group", group.id}, {"server", server.uuid.text()}, {"error", status}});
}

OperationRunner::Work Rescue::WorkOf(const Operation& operation) {
  return [this, group = operation.group, server = operation.server,
          id = operation.id](const OperationRunner::Running& running) {
    running.report(0, "save transactions");
    return Save(group, server, id);
  };
}

std::vector<EndOfReign> Rescue::EndsOfReigns(const std::string& group) {
  std::vector<EndOfReign> ends;
  const auto operations = store_->ListOperations(group, kSearched, "");
  if (!operations.ok()) return ends;  // then nothing is known
  for (const Operation& operation : *operations) {
    const auto figures = PromotionFigures::FromJson(operation.result);
    if (!figures.has_value()) continue;
    ends.push_back({figures->old_primary, figures->new_primary, figures->durability});
  }
  return ends;
}

bool Rescue::AreHeartbeatsAlone(const Group& group, const ServerUuid& server,
                                const GtidSet& errant) {
  const absl::StatusOr<Farm::Rewound> foreseen =
      farm_->Rewind(group, server, errant, /*dry_run=*/true, nullptr, deadline_);
  if (!foreseen.ok() || foreseen->rows.empty()) return false;
  const std::string own = absl::StrCat("`", kHeartbeatSchema, "`.`", kHeartbeatTable, "`");
  return std::all_of(foreseen->rows.begin(), foreseen->rows.end(),
                     [&](const auto& table) { return table.first == own; });
}

absl::Status Rescue::Note(const Group& seen, const Server& server, const std::string& note) {
  return WithRecord(store_, seen.id, [&](const Group& record) -> absl::Status {
    const Server* const found = record.Find(server.uuid);
    if (found == nullptr || found->errant != server.errant || found->set_aside.empty()) {
      return absl::OkStatus();
    }
    Server changed = *found;
    changed.set_aside.resize(std::min(changed.set_aside.find("; "), changed.set_aside.size()));
    absl::StrAppend(&changed.set_aside, "; ", note.substr(0, kMaxNote));
    if (changed.set_aside == found->set_aside) return absl::OkStatus();
    return store_->UpdateServer(seen.id, record.revision, server.uuid, changed);
  });
}

absl::StatusOr<std::string> Rescue::Save(const std::string& group_id, const std::string& server_id,
                                         const std::string& operation) {
  WEFT_ASSIGN_OR_RETURN(const ServerUuid uuid, ServerUuid::Parse(server_id));
  WEFT_ASSIGN_OR_RETURN(const Group group, store_->Load(group_id));
  const Server* const server = group.Find(uuid);
  if (server == nullptr) return UnknownServer(server_id);
  // A leader that died had saved and noted it. Another file would make it look like another case.
  if (absl::StrContains(server->set_aside, kSavedAsSql)) return std::string();
  WEFT_ASSIGN_OR_RETURN(const GtidSet errant, GtidSet::Parse(server->errant));
  const Told told = WhoWasTold(group, *server, errant, EndsOfReigns(group_id));
  const absl::StatusOr<std::string> path = farm_->SaveTransactions(group, uuid, errant, deadline_);
  const std::string outcome =
      path.ok() ? absl::StrCat(kSavedAsSql, HostName(), ":", *path)
                : absl::StrCat("could not be saved: ", DescribeError(path.status()));
  Event event;
  event.group = group_id;
  event.server = server_id;
  event.operation = operation;
  event.kind = "change";
  event.text =
      absl::StrCat("the transactions ", server->errant, " of server ", server->address.ToString(),
                   " (", ToString(told), ") ", path.ok() ? "are " : "", outcome);
  journal_->Append(std::move(event));
  std::string note = absl::StrCat(outcome, "; ", ToString(told));
  if (path.ok() && AreHeartbeatsAlone(group, uuid, errant)) {
    note = absl::StrCat(outcome, "; ", kHeartbeatsAlone, "; ", ToString(told));
  }
  WEFT_RETURN_IF_ERROR(Note(group, *server, note));
  if (!path.ok()) return path.status();
  nlohmann::json result;
  result["path"] = *path;
  result["transactions"] = errant.Count();
  result["gtids"] = server->errant;
  result["acknowledged"] = told.yes.ToString();
  result["not_acknowledged"] = told.no.ToString();
  result["not_known_whether_acknowledged"] = told.unknown.ToString();
  return result.dump();
}

}  // namespace weft::controller
