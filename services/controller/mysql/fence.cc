#include "services/controller/mysql/fence.h"

#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/sweep.h"

namespace weft::controller {
namespace {

// A quick SET needs no help; a hindered one stops all writes while it waits.
constexpr absl::Duration kPatience = absl::Milliseconds(30);

bool IsClient(const ProcessRow& process, const FarmOptions& options) {
  // "mysql.session" and its kin are accounts of the server's own plugins.
  if (process.user == "system user" || process.user == "event_scheduler" ||
      process.user == "unauthenticated user" || absl::StartsWith(process.user, "mysql.")) {
    return false;
  }
  for (const absl::string_view own :
       {absl::string_view(options.manage.user), absl::string_view(options.replicate.user),
        absl::string_view(options.backup.user), absl::string_view(options.restore.user),
        absl::string_view(options.monitor_user)}) {
    if (process.user == own) return false;
  }
  return process.command != "Daemon" && !absl::StartsWith(process.command, "Binlog Dump");
}

// Kills clients from a second session while the first one waits in SET, from kPatience on.
class Hindrance {
 public:
  explicit Hindrance(const Turn& turn) : turn_(turn), thread_([this] { Run(); }) {}
  ~Hindrance() {
    {
      MutexLock lock(&mutex_);
      over_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

 private:
  bool OverWithin(absl::Duration time) {
    MutexLock lock(&mutex_);
    if (!over_) changed_.WaitFor(&mutex_, time);
    return over_;
  }

  void Run() {
    if (OverWithin(kPatience)) return;
    auto session = turn_.OpenSecond();
    if (!session.ok()) return;  // the SET then ends by its own lock_wait_timeout
    (*session)->set_statement_timeout(turn_.deadline().Remaining());
    KillOrder order;
    order.chosen = [this](const ProcessRow& process) {
      return IsClient(process, turn_.options()) && process.command != "Killed";
    };
    order.may_act = [this] { return turn_.MayAct(); };
    order.pass_over_denied = true;
    do {
      const Deadline brief = Deadline::After(turn_.clock(), kPatience);
      KillUntilGone(**session, order, brief, turn_.clock()).IgnoreError();  // the SET tells
    } while (!(*session)->broken() && !OverWithin(kPatience));
  }

  const Turn& turn_;
  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

absl::Status SetReadOnly(Turn& turn) {
  const bool super = turn.dialect().can.super_read_only;
  return turn.Change(super ? "setting super_read_only" : "setting read_only",
                     super ? sql::kSuperReadOnlyOn : sql::kReadOnlyOn);
}

// The way in when commits wait for acknowledgements that will not come.
absl::Status SetReadOnlyOffline(Turn& turn) {
  KillOrder waiting;
  waiting.may_act = [&turn] { return turn.MayAct(); };
  waiting.chosen = [&turn](const ProcessRow& process) {
    return IsClient(process, turn.options()) && WaitsForAcknowledgement(process) &&
           process.command != "Killed";
  };
  // One that may not be killed would get an OK for a write that can be lost: so an error here ends
  // the attempt (S19).
  WEFT_RETURN_IF_ERROR(KillUntilGone(turn.session(), waiting, turn.deadline(), turn.clock()));
  WEFT_ASSIGN_OR_RETURN(const mysql::SemiSyncLoaded loaded, FindSemiSync(turn));
  if (loaded.source != nullptr) {
    WEFT_RETURN_IF_ERROR(turn.Change("switching the semi-sync source off",
                                     sql::SetGlobal(loaded.source->source_enabled, "OFF")));
  }
  return SetReadOnly(turn);
}

}  // namespace

absl::Status MakeReadOnly(Turn& turn, bool kill_sessions) {
  absl::Status status;
  {
    std::unique_ptr<Hindrance> hindrance;
    if (kill_sessions) hindrance = std::make_unique<Hindrance>(turn);
    status = SetReadOnly(turn);
  }
  const bool hindered = mysql::MysqlErrorCode(status) == mysql::kErrLockWaitTimeout;
  if (!hindered || !kill_sessions || !turn.dialect().can.offline_mode) return status;
  WEFT_RETURN_IF_ERROR(turn.Change("cutting clients off", sql::kOfflineOn));
  // After a failure the server stays offline: open, it could commit without acknowledgements. The
  // fence is repeated, or Unfence opens it.
  WEFT_RETURN_IF_ERROR(SetReadOnlyOffline(turn));
  return turn.Change("letting clients in again", sql::kOfflineOff);
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
