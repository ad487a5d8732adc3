#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/controller/core/errant.h"
#include "services/controller/core/rejoin.h"
#include "services/controller/membership.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

constexpr char kToBeRewound[] = "its extra transactions are being rewound";

// A clone would mend it, and nothing else that Weft can do.
bool NeedsClone(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  return reason == "NOT_REWINDABLE" || reason == "REWIND_MISMATCH" ||
         reason == "REWIND_TOO_LARGE" || reason == "TRANSACTIONS_PURGED";
}

std::string ResultOf(const Farm::Rewound& rewound) {
  nlohmann::json result;
  result["path"] = rewound.path;
  result["transactions"] = rewound.transactions.Count();
  result["gtids"] = rewound.transactions.ToString();
  result["rows"] = nlohmann::json::object();
  for (const auto& [table, rows] : rewound.rows) result["rows"][table] = rows;
  return result.dump();
}

}  // namespace

bool Membership::IsUndone(const Seat& seat, const Server& record) {
  const bool is_in = record.status != ServerStatus::kConfiguring && record.set_aside.empty() &&
                     record.errant.empty();
  if (!is_in) return false;
  const auto look = ports_.reconciler->Look(seat.group);
  return look.ok() && look->snapshot.Of(seat.server).reached() &&
         Errant(look->snapshot, seat.server).Empty();
}

absl::StatusOr<Farm::Rewound> Membership::RewindData(const Seat& seat, const Running& running) {
  WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(seat.group));
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
  // A half-rewound server does not let itself be looked at; it knows itself what is to be done.
  GtidSet errant;
  if (look.snapshot.Of(seat.server).reached()) {
    errant = Errant(look.snapshot, seat.server);
  } else {
    WEFT_ASSIGN_OR_RETURN(errant, GtidSet::Parse(record->errant));
  }
  constexpr double kBegun = 0.1;
  running.report(kBegun, "undo its extra transactions");
  return ports_.farm->Rewind(
      group, seat.server, errant, /*dry_run=*/false,
      [&](double progress) {
        running.report(kBegun + 0.8 * progress, "undo its extra transactions");
      },
      options_.rewind_deadline);
}

absl::StatusOr<std::string> Membership::Rewind(const Seat& seat, bool or_rebuild,
                                               const Running& running) {
  running.report(0.05, "stop replication");
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
  if (IsUndone(seat, *record)) {
    WEFT_RETURN_IF_ERROR(AwaitFollowing(seat, running));
    return std::string();
  }
  if (record->status != ServerStatus::kConfiguring) {
    WEFT_RETURN_IF_ERROR(Withdraw(seat, kToBeRewound, /*until_proven=*/false, running));
    WEFT_RETURN_IF_ERROR(
        Edit(seat, [](Server* server) { server->status = ServerStatus::kConfiguring; }));
  }
  const absl::StatusOr<Farm::Rewound> rewound = RewindData(seat, running);
  Event event;
  event.group = seat.group;
  event.server = seat.server.text();
  event.kind = "change";
  if (!rewound.ok()) {
    const bool rebuild = or_rebuild && NeedsClone(rewound.status());
    event.text =
        absl::StrCat(record->address.ToString(), " was not rewound",
                     rebuild ? " and is rebuilt: " : ": ", DescribeError(rewound.status()));
    ports_.reconciler->journal().Append(std::move(event));
    if (rebuild) {
      WEFT_RETURN_IF_ERROR(Rebuild(seat, running));
      return std::string();
    }
    (void)Edit(seat, [&](Server* server) {
      server->status = ServerStatus::kFaulty;
      server->mode = DefaultMode(server->status);
      server->set_aside =
          AfterFailure(server->set_aside, kRewindFailed, rewound.status().message());
    });
    return rewound.status();
  }
  // Where a leader has died in between, it had said what it undid.
  event.text =
      rewound->transactions.Empty()
          ? absl::StrCat("nothing is left to be undone of server ", record->address.ToString())
          : absl::StrCat("the transactions ", rewound->transactions.ToString(), " of server ",
                         record->address.ToString(), " are undone; they are saved in ",
                         rewound->path);
  ports_.reconciler->journal().Append(std::move(event));
  WEFT_RETURN_IF_ERROR(LetIn(seat, seat.server));
  running.report(0.95, "follow the primary");
  WEFT_RETURN_IF_ERROR(AwaitFollowing(seat, running));
  return ResultOf(*rewound);
}

}  // namespace weft::controller
