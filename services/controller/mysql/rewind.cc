#include "services/controller/mysql/rewind.h"

#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/heartbeat.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/rescue.h"
#include "services/controller/mysql/rewind_check.h"
#include "services/controller/mysql/saved_changes.h"
#include "services/controller/mysql/steps.h"
#include "services/controller/mysql/sweep.h"

namespace weft::controller {
namespace {

// Of the rows in one event.
constexpr size_t kEventSize = 64 << 10;
// The share of the progress that the work before the first change has, and all up to the check.
constexpr double kPrepared = 0.3;
constexpr double kApplied = 0.8;

// What the table weft_rewind.state says.
struct Mark {
  bool found = false;
  GtidSet executed;
  GtidSet common;
};

bool IsHeartbeat(const RowChange& change) {
  return change.table->schema == kHeartbeatSchema && change.table->table == kHeartbeatTable;
}

class Rewinding {
 public:
  Rewinding(const RewindOrder& order, Turn& turn) : order_(order), turn_(turn) {}

  absl::StatusOr<Farm::Rewound> Run() {
    WEFT_ASSIGN_OR_RETURN(const Mark mark, ReadMark());
    WEFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed());
    if (mark.found && !executed.Contains(mark.common)) return Resume(mark, executed);
    const GtidSet errant =
        mark.found ? executed.Minus(mark.common) : executed.Minus(executed.Minus(order_.errant));
    common_ = executed.Minus(errant);
    outcome_.transactions = errant;
    if (errant.Empty()) return Finish();
    WEFT_RETURN_IF_ERROR(Prepare(errant));
    if (order_.dry_run) return std::move(outcome_);
    Report(kPrepared);
    absl::Status status = ShutOthersOut();
    if (status.ok()) status = Change(executed);
    if (status.ok()) return Finish();
    LetInAgain();
    return status;
  }

 private:
  std::string Rebuild() const {
    return absl::StrCat("rebuild the server: weft server rejoin ", turn_.address().ToString(),
                        " --rebuild");
  }

  void Report(double progress) const {
    if (order_.progress) order_.progress(progress);
  }

  absl::StatusOr<GtidSet> Executed() {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn_.Read(sql::kExecuted));
    return GtidSet::Parse(rows.empty() ? "" : rows.front().StringOr("executed", ""));
  }

  absl::StatusOr<Mark> ReadMark() {
    Mark mark;
    const auto rows = turn_.Read(sql::kRewindState);
    const int code = mysql::MysqlErrorCode(rows.status());
    if (code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable) return mark;
    WEFT_RETURN_IF_ERROR(rows.status());
    if (rows->empty()) return mark;
    mark.found = true;
    WEFT_ASSIGN_OR_RETURN(mark.executed, GtidSet::Parse(rows->front().StringOr("executed", "")));
    WEFT_ASSIGN_OR_RETURN(mark.common, GtidSet::Parse(rows->front().StringOr("common", "")));
    return mark;
  }

  // An earlier attempt ended after the GTIDs were reset.
  absl::StatusOr<Farm::Rewound> Resume(const Mark& mark, const GtidSet& executed) {
    if (order_.dry_run) return std::move(outcome_);
    if (!executed.Empty()) {
      return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "REWIND_MISMATCH",
                             "the server executed transactions while it was being rewound",
                             "none, or those that it is to keep", executed.ToString(), Rebuild());
    }
    common_ = mark.common;
    absl::Status status = ShutOthersOut();
    if (status.ok()) status = SetCommon();
    if (status.ok()) return Finish();
    LetInAgain();
    return status;
  }

  // Nothing is changed yet. An attempt that was broken off may have left the server offline, where
  // the account that reads binary logs is not let in.
  absl::Status Prepare(const GtidSet& errant) {
    if (!order_.dry_run) WEFT_RETURN_IF_ERROR(CloseToWrites());
    WEFT_ASSIGN_OR_RETURN(outcome_.path, SaveTransactionsOf(turn_, turn_.options(), order_.group,
                                                            order_.server, errant));
    std::ifstream text(outcome_.path);
    WEFT_ASSIGN_OR_RETURN(SavedChanges saved, ReadSavedChanges(text, turn_.options().rewind_limit));
    format_ = std::move(saved.format);
    WEFT_ASSIGN_OR_RETURN(work_, turn_.OpenFor(Duty::kRestore));
    work_->set_statement_timeout(turn_.deadline().Remaining());
    WEFT_RETURN_IF_ERROR(CheckRights(*work_, turn_.options().restore.user));
    WEFT_RETURN_IF_ERROR(CheckTables(saved.rows, *work_));
    for (auto change = saved.rows.rbegin(); change != saved.rows.rend(); ++change) {
      ++outcome_.rows[change->table->Name()];
      WEFT_ASSIGN_OR_RETURN(RowChange inverse, Inverse(*change));
      inverse_.push_back(std::move(inverse));
      *change = RowChange();
    }
    return absl::OkStatus();
  }

  absl::Status ShutOthersOut() {
    if (work_ == nullptr) {
      WEFT_ASSIGN_OR_RETURN(work_, turn_.OpenFor(Duty::kRestore));
    }
    // An earlier attempt of a leader that is gone may still be at it.
    KillOrder others;
    others.may_act = [this] { return turn_.MayAct(); };
    others.chosen = [this](const ProcessRow& process) {
      return process.user == turn_.options().restore.user;
    };
    WEFT_RETURN_IF_ERROR(KillUntilGone(*work_, others, turn_.deadline(), turn_.clock()));
    WEFT_RETURN_IF_ERROR(controller::Run(Detach{order_.server}, turn_));
    WEFT_RETURN_IF_ERROR(controller::Run(Fence{order_.server, true}, turn_));
    // It commits without being acknowledged: nobody waits for it.
    WEFT_RETURN_IF_ERROR(controller::Run(ArmSource{order_.server, 0}, turn_));
    WEFT_RETURN_IF_ERROR(PersistReadOnlyStart(turn_));
    return OpenForWork();
  }

  // To administrators alone.
  absl::Status OpenForWork() {
    if (turn_.dialect().can.offline_mode) {
      WEFT_RETURN_IF_ERROR(turn_.Change("keeping clients out", sql::kOfflineOn));
    }
    if (!turn_.dialect().can.super_read_only) return absl::OkStatus();
    return turn_.Change("lifting super_read_only to rewind", sql::kSuperReadOnlyOff);
  }

  // To writes; readers may come in.
  absl::Status CloseToWrites() {
    if (turn_.dialect().can.super_read_only) {
      WEFT_RETURN_IF_ERROR(turn_.Change("setting super_read_only again", sql::kSuperReadOnlyOn));
    }
    if (!turn_.dialect().can.offline_mode) return absl::OkStatus();
    return turn_.Change("letting readers in", sql::kOfflineOff);
  }

  absl::Status Change(const GtidSet& executed) {
    WEFT_RETURN_IF_ERROR(SetMark(executed));
    if (!inverse_.empty()) {
      const absl::Status status = Apply();
      if (!status.ok()) {
        // What failed as a whole has left nothing; of what broke only the server knows.
        if (!work_->broken() && !turn_.broken()) DropMark().IgnoreError();
        return status;
      }
      Report(kApplied);
      // The account that reads binary logs is not let in otherwise.
      WEFT_RETURN_IF_ERROR(CloseToWrites());
      WEFT_RETURN_IF_ERROR(Compare(executed));
      WEFT_RETURN_IF_ERROR(OpenForWork());
    }
    WEFT_RETURN_IF_ERROR(turn_.Change("resetting the GTIDs", turn_.dialect().reset_binary_logs));
    return SetCommon();
  }

  absl::Status Unlogged(absl::string_view what, const std::vector<std::string>& statements) {
    WEFT_RETURN_IF_ERROR(turn_.Change("leaving the binary log alone", sql::kNoBinaryLog));
    absl::Status status;
    for (const std::string& statement : statements) {
      if (status.ok()) status = turn_.Change(what, statement);
    }
    if (turn_.broken()) return status;
    const absl::Status again = turn_.Change("writing the binary log again", sql::kBinaryLog);
    return status.ok() ? again : status;
  }

  absl::Status SetMark(const GtidSet& executed) {
    WEFT_ASSIGN_OR_RETURN(
        const std::string begin,
        mysql::BindParams(sql::kRewindBegin, {executed.ToString(), common_.ToString()}));
    return Unlogged("noting the rewind",
                    {std::string(sql::kRewindSchema), std::string(sql::kRewindTable), begin});
  }

  absl::Status DropMark() {
    return Unlogged("forgetting the rewind", {std::string(sql::kRewindEnd)});
  }

  absl::Status Work(absl::string_view what, absl::string_view statement) {
    WEFT_RETURN_IF_ERROR(turn_.MayAct());
    work_->set_statement_timeout(turn_.deadline().Remaining());
    return Annotate(work_->Execute(statement),
                    absl::StrCat(turn_.address().ToString(), ": ", what));
  }

  absl::Status Apply() {
    WEFT_RETURN_IF_ERROR(Work("asking for whole rows", sql::kFullImages));
    const absl::Status whole = Work("asking for whole values", sql::kWholeValues);
    if (!whole.ok() && work_->broken()) return whole;  // else: of a version without partial ones
    WEFT_RETURN_IF_ERROR(Work("describing row events", sql::Binlog(absl::Base64Escape(format_))));
    WEFT_RETURN_IF_ERROR(Work("writing GTIDs of its own", sql::kOwnGtid));
    WEFT_RETURN_IF_ERROR(work_->Begin());
    const std::vector<std::string> events = WriteRowEvents(inverse_, format_, kEventSize);
    absl::Status status;
    for (size_t i = 0; i < events.size() && status.ok(); ++i) {
      status = Work("undoing rows", sql::Binlog(absl::Base64Escape(events[i])));
      Report(kPrepared +
             (kApplied - kPrepared) * static_cast<double>(i) / static_cast<double>(events.size()));
    }
    if (status.ok()) status = turn_.MayAct();
    if (status.ok()) return work_->Commit();
    if (!work_->broken()) work_->Rollback().IgnoreError();
    if (work_->broken() || mysql::MysqlErrorCode(status) == 0) return status;
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_REWINDABLE",
                           "the changes could not be undone, and nothing was changed",
                           "each row as the extra transactions left it", status.message(),
                           Rebuild());
  }

  // The server has logged each row as it found it, and as it left it.
  absl::Status Compare(const GtidSet& executed) {
    WEFT_ASSIGN_OR_RETURN(const GtidSet now, Executed());
    const GtidSet own = now.Minus(executed);
    const std::string path = absl::StrCat(turn_.options().rescue_dir, "/.rewind-", RandomHex(8));
    const absl::Cleanup drop = [&path] { unlink(path.c_str()); };
    WEFT_RETURN_IF_ERROR(WriteTransactions(turn_, turn_.options(), own, path));
    std::ifstream text(path);
    constexpr uint64_t kTwice = 2;  // partial values are whole in it
    WEFT_ASSIGN_OR_RETURN(SavedChanges done,
                          ReadSavedChanges(text, kTwice * turn_.options().rewind_limit));
    // A heartbeat that came after the extra one found another row, and left a right one.
    std::erase_if(inverse_, IsHeartbeat);
    std::erase_if(done.rows, IsHeartbeat);
    const std::string difference = Difference(inverse_, done.rows);
    if (difference.empty()) return absl::OkStatus();
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "REWIND_MISMATCH",
                           "the rows were not as the extra transactions left them",
                           absl::StrCat(inverse_.size(), " rows, each as it was logged"),
                           difference, Rebuild());
  }

  absl::Status SetCommon() {
    if (common_.Empty()) return absl::OkStatus();
    WEFT_ASSIGN_OR_RETURN(const std::string purged,
                          mysql::BindParams(sql::kGtidPurged, {common_.ToString()}));
    return turn_.Change("setting the GTIDs", purged);
  }

  absl::StatusOr<Farm::Rewound> Finish() {
    if (order_.dry_run) return std::move(outcome_);
    WEFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed());
    if (executed != common_) {
      return absl::InternalError(absl::StrCat(turn_.address().ToString(), ": expected the GTIDs [",
                                              common_.ToString(), "], found [", executed.ToString(),
                                              "]"));
    }
    if (turn_.dialect().can.super_read_only) {
      WEFT_RETURN_IF_ERROR(
          turn_.Change("lifting super_read_only to rewind", sql::kSuperReadOnlyOff));
    }
    const absl::Status status = DropMark();
    LetInAgain();
    WEFT_RETURN_IF_ERROR(status);
    Report(1.0);
    return std::move(outcome_);
  }

  // Read-only first. The turn's time may be used up by now; then the server stays closed to
  // clients.
  void LetInAgain() {
    if (!turn_.MayAct().ok()) return;  // whoever leads now sees to it
    auto second = turn_.OpenSecond();
    absl::Status status = second.status();
    if (!status.ok()) return Tell(status);
    (*second)->set_statement_timeout(turn_.options().connect_timeout);
    if (turn_.dialect().can.super_read_only) status = (*second)->Execute(sql::kSuperReadOnlyOn);
    if (status.ok() && turn_.dialect().can.offline_mode) {
      status = (*second)->Execute(sql::kOfflineOff);
    }
    if (!status.ok()) Tell(status);
  }

  void Tell(const absl::Status& status) const {
    WEFT_LOG(kWarning, "a server was left offline after a rewind",
             {{"server", turn_.address().ToString()}, {"error", status}});
  }

  const RewindOrder& order_;
  Turn& turn_;
  std::unique_ptr<mysql::Session> work_;
  GtidSet common_;
  std::string format_;
  std::vector<RowChange> inverse_;
  Farm::Rewound outcome_;
};

}  // namespace

absl::StatusOr<Farm::Rewound> RewindServer(const RewindOrder& order, Turn& turn) {
  return Rewinding(order, turn).Run();
}

}  // namespace weft::controller
