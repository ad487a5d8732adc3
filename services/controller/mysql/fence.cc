#include "services/controller/mysql/fence.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/mysql/client_session.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "services/controller/core/fencing.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/sweep.h"

namespace weft::controller {
namespace {

// A quick SET needs no help; a hindered one stops all writes while it waits.
constexpr absl::Duration kPatience = absl::Milliseconds(30);
// Until the next look at what hinders it.
constexpr absl::Duration kPause = absl::Milliseconds(5);
// How long sessions that only a higher account may kill are hunted.
constexpr absl::Duration kKillPatience = absl::Seconds(2);

bool IsClient(const ProcessRow& process, const FarmOptions& options) {
  return mysql::IsClientSession(process.user, process.command,
                                {options.manage.user, options.replicate.user, options.backup.user,
                                 options.restore.user, options.monitor_user});
}

absl::Status SetReadOnly(Turn& turn) {
  const bool super = turn.dialect().can.super_read_only;
  return turn.Change(super ? "setting super_read_only" : "setting read_only",
                     super ? sql::kSuperReadOnlyOn : sql::kReadOnlyOn);
}

// Held up for longer: who is cut off and killed meanwhile needs its time.
absl::Status SetReadOnlyPatiently(Turn& turn) {
  WEFT_RETURN_IF_ERROR(turn.session().Execute(sql::kLockWaitOfSetter));
  const absl::Status status = SetReadOnly(turn);
  if (turn.broken()) return status;
  const absl::Status restored = turn.session().Execute(sql::kLockWaitAsBefore);
  return status.ok() ? restored : status;
}

// While the turn's own session waits in SET, from kPatience on, a second one makes the other moves
// of a fence.
class Hindrance {
 public:
  Hindrance(Turn& turn, const FenceOrder& order)
      : turn_(turn), setter_(turn.session().connection_id()), offline_(order.offline) {
    may_cut_off_ = order.cut_off && turn.dialect().can.offline_mode;
    thread_ = std::thread([this] { Run(); });
  }
  ~Hindrance() { End().IgnoreError(); }

  // The SET is over. Returns what went wrong meanwhile.
  absl::Status End() {
    {
      MutexLock lock(&mutex_);
      over_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
    return failure_;
  }
  bool may_cut_off() const { return may_cut_off_; }
  // REQUIRES: after End().
  bool offline() const { return offline_; }

 private:
  bool OverWithin(absl::Duration time) {
    MutexLock lock(&mutex_);
    if (!over_) changed_.WaitFor(&mutex_, time);
    return over_;
  }

  void Run() {
    if (OverWithin(kPatience)) return;
    Opener::OpenOptions how;
    how.several_statements = true;
    auto session = turn_.OpenFor(Duty::kManage, how);
    if (!session.ok()) return;  // the SET then ends by its own lock_wait_timeout
    (*session)->set_statement_timeout(turn_.deadline().Remaining());
    while (!(*session)->broken()) {
      const absl::StatusOr<FenceMove> moved = MoveOnce(**session);
      const bool waits = moved.ok() && *moved == FenceMove::kSetReadOnly;
      if (!moved.ok()) {
        failure_ = moved.status();
        return;
      }
      if (OverWithin(waits || *moved == FenceMove::kKillClients ? kPause : absl::ZeroDuration())) {
        return;
      }
    }
  }

  absl::StatusOr<FenceMove> MoveOnce(mysql::Session& session) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<ProcessRow> processes, ReadProcesses(session));
    FenceFacts facts;
    facts.offline = offline_;
    facts.may_cut_off = may_cut_off_;
    for (const ProcessRow& process : processes) {
      // Granted or not yet sent: then it does not wait.
      if (process.id == setter_ && absl::StartsWith(process.state, sql::kWaitingFor)) {
        facts.read_only_pending = true;
      }
      if (WaitsForAcknowledgement(process)) ++facts.waiting;
      if (IsClient(process, turn_.options()) && process.command != "Killed") ++facts.hearing;
    }
    const FenceMove move = NextFenceMove(facts);
    WEFT_RETURN_IF_ERROR(Make(move, session));
    return move;
  }

  absl::Status Make(FenceMove move, mysql::Session& session) {
    switch (move) {
      case FenceMove::kKillClients:
        return Kill(session);
      case FenceMove::kCutOff:
        offline_ = true;
        return Change(session, sql::kOfflineOn);
      case FenceMove::kReleaseCommits: {
        WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet variables,
                              session.Query(sql::kSemiSyncVariables));
        const mysql::SemiSyncLoaded loaded = mysql::FindSemiSync(variables);
        if (loaded.source == nullptr) return absl::OkStatus();
        return Change(session, sql::ReleaseCommits(loaded.source->source_enabled, setter_));
      }
      case FenceMove::kSetReadOnly:
      case FenceMove::kLetIn:
      case FenceMove::kDone:
        break;  // the first session's business
    }
    return absl::OkStatus();
  }

  absl::Status Change(mysql::Session& session, absl::string_view sql) {
    WEFT_RETURN_IF_ERROR(turn_.MayAct());
    return session.Execute(sql);
  }

  // One that Weft's account may not kill (SYSTEM_USER) matters once everybody else is cut off: it
  // could be told OK. The restore account may.
  absl::Status Kill(mysql::Session& session) {
    KillOrder order;
    order.chosen = [this](const ProcessRow& process) {
      return IsClient(process, turn_.options()) && process.command != "Killed";
    };
    order.may_act = [this] { return turn_.MayAct(); };
    order.pass_over_denied = true;
    const Deadline brief = Deadline::After(turn_.clock(), kPatience);
    const absl::Status killed = KillUntilGone(session, order, brief, turn_.clock());
    if (!offline_) return absl::OkStatus();  // the SET tells
    if (!killed.ok() && ErrorReason(killed) != "SESSIONS_REMAIN") return killed;
    WEFT_ASSIGN_OR_RETURN(const std::vector<ProcessRow> left, ReadProcesses(session));
    const auto one = std::find_if(left.begin(), left.end(), order.chosen);
    if (one == left.end()) return absl::OkStatus();
    if (patience_.has_value() && turn_.clock()->MonotonicNow() > *patience_) {
      return ::weft::Refusal(
          absl::StatusCode::kUnavailable, "SESSIONS_REMAIN",
          absl::StrCat(turn_.address().ToString(), ": a client could still be told OK"),
          "all clients cut off",
          absl::StrCat("session ", one->id, " of ", one->user, ": ", one->command, ", ",
                       one->state),
          "end that session by hand");
    }
    if (!patience_.has_value()) patience_ = turn_.clock()->MonotonicNow() + kKillPatience;
    WEFT_ASSIGN_OR_RETURN(const auto above, turn_.OpenFor(Duty::kRestore));
    above->set_statement_timeout(turn_.deadline().Remaining());
    for (const ProcessRow& process : left) {
      if (!order.chosen(process)) continue;
      WEFT_RETURN_IF_ERROR(turn_.MayAct());
      const absl::Status status = above->Execute(sql::kKill, {process.id}).status();
      if (!status.ok() && mysql::MysqlErrorCode(status) != mysql::kErrNoSuchThread) return status;
    }
    return absl::OkStatus();  // the next look tells
  }

  Turn& turn_;
  const uint64_t setter_;
  bool may_cut_off_ = false;
  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  // The thread's own until it has ended.
  bool offline_;
  std::optional<absl::Duration> patience_;  // with those who come back again and again: its end
  absl::Status failure_;
  std::thread thread_;
};

}  // namespace

absl::Status MakeReadOnly(Turn& turn, const FenceOrder& order) {
  if (!order.kill_sessions) return SetReadOnly(turn);
  Hindrance hindrance(turn, order);
  const absl::Status status =
      hindrance.may_cut_off() ? SetReadOnlyPatiently(turn) : SetReadOnly(turn);
  const absl::Status failure = hindrance.End();
  // After a failure the server stays offline: let in, a client could be told OK for what nobody
  // acknowledged. The fence is repeated, or Unfence opens it.
  if (!status.ok()) return failure.ok() ? status : failure;
  return hindrance.offline() ? turn.Change("letting clients in again", sql::kOfflineOff)
                             : absl::OkStatus();
}

absl::Status KillClients(Turn& turn) {
  KillOrder order;
  order.chosen = [&turn](const ProcessRow& process) { return IsClient(process, turn.options()); };
  order.may_act = [&turn] { return turn.MayAct(); };
  order.pass_over_denied = true;
  turn.session().set_statement_timeout(turn.deadline().Remaining());
  return KillUntilGone(turn.session(), order, turn.deadline(), turn.clock());
}

}  // namespace weft::controller
