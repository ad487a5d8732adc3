#include "services/controller/mysql/sweep.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/backoff.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

// Writes may stand still while sessions end, which most do at once.
constexpr BackoffOptions kPauses = {.initial = absl::Microseconds(250),
                                    .maximum = absl::Milliseconds(2)};

absl::Status Remain(const std::vector<ProcessRow>& left) {
  return ::weft::Refusal(absl::StatusCode::kUnavailable, "SESSIONS_REMAIN",
                         absl::StrCat(left.size(), " killed sessions are still there"),
                         "all of them gone",
                         absl::StrCat("session ", left.front().id, " of ", left.front().user, ": ",
                                      left.front().command, ", ", left.front().state));
}

}  // namespace

bool WaitsForAcknowledgement(const ProcessRow& process) {
  return absl::StrContains(process.state, "semi-sync ACK");
}

bool IsNudge(const ProcessRow& process) { return process.info == sql::kNudge; }

absl::StatusOr<std::vector<ProcessRow>> ReadProcesses(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kProcesses));
  std::vector<ProcessRow> processes;
  processes.reserve(rows.size());
  for (const mysql::ResultSet::Row row : rows) {
    processes.push_back({.id = row.UintOr("Id", 0),
                         .user = row.StringOr("User", ""),
                         .command = row.StringOr("Command", ""),
                         .state = row.StringOr("State", ""),
                         .info = row.StringOr("Info", "")});
  }
  return processes;
}

absl::Status KillUntilGone(mysql::Session& session, const KillOrder& order,
                           const Deadline& deadline, Clock* clock) {
  std::set<uint64_t> killed;
  std::set<uint64_t> denied;
  Backoff pauses(kPauses);
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<ProcessRow> processes, ReadProcesses(session));
    std::vector<ProcessRow> left;
    for (const ProcessRow& process : processes) {
      if (process.id == session.connection_id() || denied.contains(process.id)) continue;
      if (!order.chosen(process)) continue;
      if (!killed.contains(process.id) || !IsNudge(process)) left.push_back(process);
      if (!killed.insert(process.id).second) continue;
      if (order.may_act) WEFT_RETURN_IF_ERROR(order.may_act());
      absl::Status status = session.Execute(sql::kKill, {process.id}).status();
      const int code = mysql::MysqlErrorCode(status);
      if (order.pass_over_denied &&
          (code == mysql::kErrKillDenied || code == mysql::kErrSpecificAccessDenied)) {
        denied.insert(process.id);
        left.pop_back();
      } else if (!status.ok() && code != mysql::kErrNoSuchThread) {
        return status;
      }
    }
    if (left.empty()) return absl::OkStatus();
    if (deadline.Passed()) return Remain(left);
    clock->Sleep(pauses.Next(/*random=*/0));
  }
}

}  // namespace weft::controller
