#include "services/provisioner/dataset/plugin_copy.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/clone_statement.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/provisioner/dataset/copy_mark.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/disk_full.h"
#include "services/provisioner/dataset/donor_watch.h"
#include "services/provisioner/dataset/target_hold.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

namespace statements = mysql::statements;

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kLook = absl::Milliseconds(250);
// How long a target may be away for its restart.
constexpr absl::Duration kRestart = absl::Minutes(10);
// How many are waited for before a copy begins.
constexpr int kRestarts = 3;
// How long a clone may take to end once it is told to.
constexpr absl::Duration kEnd = absl::Minutes(2);
constexpr absl::Duration kAgain = absl::Seconds(1);
constexpr absl::Duration kForever = absl::Hours(24 * 7);

// Weft's members are super_read_only, under which nothing can be installed. read_only stays on
// meanwhile, so that only administrators could write.
absl::Status InstallPlugin(mysql::Session& manager) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet plugin,
                        manager.Query(statements::kClonePluginActive));
  if (!plugin.empty() && plugin.front().StringOr("status", "") == "ACTIVE") return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(manager.Execute(sql::kNoBinaryLog));
  absl::Status installed = manager.Execute(statements::kInstallClone);
  if (mysql::MysqlErrorCode(installed) == mysql::kErrReadOnlyOption) {
    WEFT_RETURN_IF_ERROR(manager.Execute(sql::kSuperReadOnlyOff));
    installed = manager.Execute(statements::kInstallClone);
    // Who became writable in between was made so by somebody who knows.
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet state, manager.Query(sql::kIsReadOnly));
    if (!state.empty() && state.front().BoolOr("read_only", false)) {
      WEFT_RETURN_IF_ERROR(manager.Execute(sql::kSuperReadOnlyOn));
    }
  }
  if (installed.ok()) return installed;
  const std::string address = manager.options().Address();
  return Refusal(absl::StatusCode::kFailedPrecondition, "METHOD_UNAVAILABLE",
                 absl::StrCat(address, " cannot load the CLONE plugin: ", installed.message()),
                 "mysql_clone.so in its plugin_dir", installed.message(),
                 absl::StrCat("make this succeed there: ", statements::kInstallClone,
                              "; or clone by another method: --method logical"));
}

class PluginCopy {
 public:
  PluginCopy(const FarmAccess& access, const CopyOrder& order, const CopyWatch& watch, Clock* clock)
      : access_(access), order_(order), watch_(watch), clock_(clock) {}

  absl::StatusOr<CopyFigures> Run() {
    const absl::Duration start = clock_->MonotonicNow();
    WEFT_ASSIGN_OR_RETURN(const std::string earlier, PrepareWhenBack());
    WEFT_RETURN_IF_ERROR(Copy());
    WEFT_RETURN_IF_ERROR(AwaitRestart(earlier));
    WEFT_RETURN_IF_ERROR(Settle());
    figures_.took = clock_->MonotonicNow() - start;
    return figures_;
  }

 private:
  // The clone of one who died may come to its end, which is a restart, before it can be ended. Then
  // the target is prepared once it is back.
  absl::StatusOr<std::string> PrepareWhenBack() {
    const Deadline back = Deadline::After(clock_, order_.patience);
    for (int restarts = 0;; ++restarts) {
      absl::StatusOr<std::string> earlier = Prepare();
      const bool away = mysql::ClassifyContact(earlier.status()) == mysql::Contact::kUnreachable;
      if (earlier.ok() || !order_.resumed || !away || restarts == kRestarts) return earlier;
      do {
        if (back.Passed()) return earlier;
        WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
        clock_->Sleep(kLook);
      } while (!access_.Open(order_.target, Duty::kRestore).ok());
    }
  }

  // Returns when the clone before this one began.
  absl::StatusOr<std::string> Prepare() {
    Report("prepare");
    WEFT_RETURN_IF_ERROR(InstallClonePlugins(access_, order_));
    // Dropping large tables takes its time.
    WEFT_ASSIGN_OR_RETURN(const auto restorer,
                          access_.Open(order_.target, Duty::kRestore, absl::Minutes(10)));
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    // First of all: with other settings it might come to its end, which is a restart.
    WEFT_RETURN_IF_ERROR(HoldTarget(*restorer, order_, clock_));
    watch_.TellHold();
    WEFT_ASSIGN_OR_RETURN(std::string earlier, AwaitIdle(*restorer));
    WEFT_ASSIGN_OR_RETURN(const auto manager, access_.Open(order_.target, Duty::kManage));
    WEFT_RETURN_IF_ERROR(Detach(*manager));
    WEFT_ASSIGN_OR_RETURN(persisted_, PersistClosedStart(*manager));
    WEFT_RETURN_IF_ERROR(manager->Execute(sql::kOfflineOn));
    WEFT_RETURN_IF_ERROR(
        manager->Execute(statements::kDonorList, {order_.source.ToString()}).status());
    WEFT_RETURN_IF_ERROR(manager->Execute(
        absl::StrFormat(sql::kSetGlobal, sql::kCloneBandwidth, MebibytesPerSecond())));
    WEFT_RETURN_IF_ERROR(OpenForCopy(*restorer));
    WEFT_RETURN_IF_ERROR(restorer->Execute(sql::kNoBinaryLog));
    WEFT_RETURN_IF_ERROR(MakeMark(*restorer, order_.job));
    // The plugin does it too, but fails at names with backticks.
    WEFT_RETURN_IF_ERROR(DropSchemas(*restorer));
    return earlier;
  }

  // Until no clone works on the target. Returns when the last one began.
  absl::StatusOr<std::string> AwaitIdle(mysql::Session& restorer) {
    const Deadline deadline = Deadline::After(clock_, kRestart);
    while (true) {
      WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet last, restorer.Query(statements::kCloneStatus));
      const bool busy = !last.empty() && last.front().StringOr("state", "") == "In Progress";
      if (!busy) return mysql::CloneBeganAt(last);
      if (deadline.Passed()) {
        return mysql::CloneFailed(order_.target.ToString(), "another clone onto it does not end");
      }
      clock_->Sleep(kPoll);
    }
  }

  // Rounded up: 0 would be no bound.
  int64_t MebibytesPerSecond() const {
    return static_cast<int64_t>((order_.bytes_per_second + (1 << 20) - 1) >> 20);
  }

  absl::StatusOr<std::unique_ptr<mysql::CloneStatement>> Begin() {
    WEFT_ASSIGN_OR_RETURN(const mysql::ConnectOptions donor,
                          access_.For(order_.source, Duty::kBackup));
    WEFT_ASSIGN_OR_RETURN(auto session, access_.Open(order_.target, Duty::kRestore, kForever));
    std::string statement = statements::CloneFrom(mysql::QuoteAccount(donor.user, donor.host),
                                                  donor.port, mysql::QuoteString(donor.password));
    return std::make_unique<mysql::CloneStatement>(std::move(session), std::move(statement));
  }

  absl::Status Copy() {
    WEFT_ASSIGN_OR_RETURN(const auto statement, Begin());
    absl::Status ended;  // why the copy shall not go on
    Deadline end;
    Deadline again = Deadline::After(clock_, absl::ZeroDuration());
    Deadline look = Deadline::After(clock_, kLook);
    while (!statement->done()) {
      if (ended.ok()) {
        ended = watch_.MayGoOn();
        if (ended.ok() && look.Passed()) {
          ended = Look();
          look = Deadline::After(clock_, kLook);
        }
        if (!ended.ok()) end = Deadline::After(clock_, kEnd);
      }
      if (!ended.ok() && again.Passed()) {
        Kill(statement->id());
        again = Deadline::After(clock_, kAgain);
      }
      if (!ended.ok() && end.Passed()) return ended;
      clock_->Sleep(kPoll);
    }
    const absl::Status status = statement->status();
    // One that is killed loses its session, as one that succeeds.
    if (!ended.ok() && !status.ok()) {
      const auto restorer = access_.Open(order_.target, Duty::kRestore);
      if (restorer.ok()) AwaitIdle(**restorer).status().IgnoreError();
      return ended;
    }
    if (mysql::CloneEndOf(status) != mysql::CloneEnd::kFailed) return absl::OkStatus();
    return Explain(status);
  }

  // Over a session of its own each time: the restart would wait for one that is held
  // (mysql::CloneStatement).
  absl::StatusOr<mysql::ResultSet> AskTarget(absl::string_view sql) {
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access_.Open(order_.target, Duty::kRestore));
    return restorer->Query(sql);
  }

  // UNAVAILABLE once the source is given up.
  absl::Status Look() {
    const auto stages = AskTarget(statements::kCloneProgress);
    if (!stages.ok()) return absl::OkStatus();
    const mysql::CloneBytes bytes = mysql::BytesOf(*stages);
    figures_.bytes = bytes.done;
    estimate_ = bytes.estimate;
    Report("copy files");
    if (!donor_.Look(*stages, clock_->MonotonicNow())) return absl::OkStatus();
    const absl::Status contact = access_.Open(order_.source, Duty::kManage).status();
    DonorWatch::Answer answer = DonorWatch::Answer::kAnswers;
    if (mysql::ClassifyContact(contact) == mysql::Contact::kUnreachable) {
      answer =
          mysql::IsRefused(contact) ? DonorWatch::Answer::kRefuses : DonorWatch::Answer::kSilent;
    }
    if (!donor_.Heard(answer, clock_->MonotonicNow())) return absl::OkStatus();
    return SourceLost(order_.source, contact.message());
  }

  void Kill(uint64_t id) {
    // The statement's own account may: it is SYSTEM_USER, which the manager is not.
    const auto killer = access_.Open(order_.target, Duty::kRestore);
    if (killer.ok()) (*killer)->Execute(sql::kKillQuery, {id}).status().IgnoreError();
  }

  // The statement names a password, so its text is left out: the server's own record says why.
  absl::Status Explain(const absl::Status& status) {
    std::string why = absl::StrCat("error ", mysql::MysqlErrorCode(status));
    if (const auto rows = AskTarget(statements::kCloneStatus); rows.ok() && !rows->empty()) {
      absl::StrAppend(&why, ": ", rows->front().StringOr("error_message", ""));
    }
    if (SaysFull(Annotate(status, why)))
      return DiskTooSmall(order_.target, "room for the source's data", why);
    return mysql::CloneFailed(order_.target.ToString(), why);
  }

  // False while the target is not back.
  absl::StatusOr<bool> IsBack(const std::string& earlier) {
    // The accounts are the source's now; until the restart is over nothing answers.
    const auto session = access_.Open(order_.target, Duty::kRestore);
    if (!session.ok()) return false;
    const auto rows = (*session)->Query(statements::kCloneStatus);
    if (!rows.ok()) return false;
    return mysql::HasCompleted(order_.target.ToString(), *rows, earlier);
  }

  absl::Status AwaitRestart(const std::string& earlier) {
    Report("await the restart");
    // One that went while data came was not restarted by its clone.
    const Deadline deadline = Deadline::After(clock_, donor_.Midway() ? order_.patience : kRestart);
    while (true) {
      // Of two makers of one job the first may wake up when the second is done, and the target at
      // work in its group.
      WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
      WEFT_ASSIGN_OR_RETURN(const bool back, IsBack(earlier));
      if (back) return watch_.MayGoOn();
      if (deadline.Passed()) break;
      clock_->Sleep(kPoll);
    }
    return Refusal(absl::StatusCode::kUnavailable, "CLONE_NOT_BACK",
                   absl::StrCat(order_.target.ToString(), " has not come back after the clone"),
                   "a server that restarts by itself (under a supervisor)", "no answer",
                   "start it and clone it again");
  }

  absl::Status Settle() {
    Report("settle");
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access_.Open(order_.target, Duty::kRestore));
    WEFT_RETURN_IF_ERROR(Close(*restorer));
    WEFT_ASSIGN_OR_RETURN(const auto manager, access_.Open(order_.target, Duty::kManage));
    WEFT_RETURN_IF_ERROR(Detach(*manager));
    WEFT_RETURN_IF_ERROR(CheckUnwrittenClone(*restorer));
    WEFT_RETURN_IF_ERROR(PersistStartAsBefore(*manager, persisted_));
    if (const auto stages = restorer->Query(statements::kCloneProgress); stages.ok()) {
      figures_.bytes = mysql::BytesOf(*stages).done;
    }
    return absl::OkStatus();
  }

  void Report(absl::string_view phase) const {
    if (watch_.report) watch_.report({std::string(phase), figures_.bytes, estimate_, 0});
  }

  const FarmAccess& access_;
  const CopyOrder& order_;
  const CopyWatch& watch_;
  Clock* const clock_;
  DonorWatch donor_;
  std::string persisted_;  // of super_read_only, before this copy
  CopyFigures figures_;
  uint64_t estimate_ = 0;
};

}  // namespace

absl::Status InstallClonePlugins(const FarmAccess& access, const CopyOrder& order) {
  for (const HostPort& address : {order.source, order.target}) {
    WEFT_ASSIGN_OR_RETURN(const auto manager, access.Open(address, Duty::kManage));
    WEFT_RETURN_IF_ERROR(InstallPlugin(*manager));
  }
  return absl::OkStatus();
}

absl::StatusOr<CopyFigures> CopyByPlugin(const FarmAccess& access, const CopyOrder& order,
                                         const CopyWatch& watch, Clock* clock) {
  return PluginCopy(access, order, watch, clock).Run();
}

}  // namespace weft::provisioner
