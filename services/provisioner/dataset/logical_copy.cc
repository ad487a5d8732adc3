#include "services/provisioner/dataset/logical_copy.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/bulk_session.h"
#include "services/provisioner/dataset/account_copy.h"
#include "services/provisioner/dataset/bulk_road.h"
#include "services/provisioner/dataset/copy_mark.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/definitions.h"
#include "services/provisioner/dataset/logical_sql.h"
#include "services/provisioner/dataset/part_pump.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/snapshot.h"
#include "services/provisioner/dataset/table_plan.h"
#include "services/provisioner/dataset/target_hold.h"
#include "services/provisioner/dataset/target_state.h"
#include "services/provisioner/dataset/throttle.h"

namespace weft::provisioner {
namespace {

// A part is one transaction on the target, and what is read again when nothing else is left to do.
constexpr uint64_t kPartBytes = uint64_t{16} << 20;
// Tables that rows are moved into at the same time: by two streams each.
constexpr int kStreamsOfATable = 2;
constexpr absl::Duration kPoll = absl::Milliseconds(50);
// What the target's redo log may grow to meanwhile, and never beyond the size of the data.
constexpr uint64_t kMostRedo = uint64_t{1} << 30;
// Of redo that is held in memory; where it is full, those who insert write it out themselves.
constexpr uint64_t kLogBuffer = uint64_t{32} << 20;
// Of one statement: dropping what was there, and making what is not rows.
constexpr absl::Duration kPatience = absl::Minutes(30);
// Making the keys of a table of terabytes takes its time; a target that dies is noticed before.
constexpr absl::Duration kKeysPatience = absl::Hours(12);

class LogicalCopy {
 public:
  LogicalCopy(const FarmAccess& access, const CopyOrder& order, const CopyWatch& watch,
              Clock* clock)
      : access_(access),
        order_(order),
        watch_(watch),
        clock_(clock),
        throttle_(order.bytes_per_second, clock) {}

  absl::StatusOr<CopyFigures> Run() {
    const absl::Duration start = clock_->MonotonicNow();
    const absl::Status status = CopyAll();
    const bool source_lost = source_lost_ || (source_ != nullptr && source_->broken());
    if (absl::IsUnavailable(status) && source_lost) {
      return SourceLost(order_.source, status.message());
    }
    WEFT_RETURN_IF_ERROR(status);
    figures_.took = clock_->MonotonicNow() - start;
    return figures_;
  }

 private:
  absl::Status CopyAll() {
    WEFT_RETURN_IF_ERROR(Prepare());
    WEFT_RETURN_IF_ERROR(Load());
    return Finish();
  }

  absl::Status Prepare() {
    Report("prepare");
    WEFT_ASSIGN_OR_RETURN(source_, access_.Open(order_.source, Duty::kBackup, kPatience));
    WEFT_RETURN_IF_ERROR(source_->Execute(sql::kLongCopy));
    WEFT_RETURN_IF_ERROR(SeeFreshSizes(*source_));
    WEFT_ASSIGN_OR_RETURN(target_, access_.Open(order_.target, Duty::kRestore, kPatience));
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    WEFT_RETURN_IF_ERROR(target_->Execute(sql::kLongCopy));
    WEFT_RETURN_IF_ERROR(HoldTarget(*target_, order_, clock_));
    watch_.TellHold();
    WEFT_ASSIGN_OR_RETURN(const auto manager, access_.Open(order_.target, Duty::kManage));
    WEFT_RETURN_IF_ERROR(Detach(*manager));
    WEFT_RETURN_IF_ERROR(target_->Execute(sql::kNoBinaryLog));
    WEFT_RETURN_IF_ERROR(OpenForCopy(*target_));
    WEFT_RETURN_IF_ERROR(MakeMark(*target_, order_.job));
    WEFT_RETURN_IF_ERROR(StopEvents(*target_));
    WEFT_RETURN_IF_ERROR(Empty(*target_));  // with the mark, and what it remembers
    WEFT_RETURN_IF_ERROR(MakeMark(*target_, order_.job));
    WEFT_RETURN_IF_ERROR(StopEvents(*target_));
    WEFT_RETURN_IF_ERROR(SetUpCreator(*target_, source_->version()));
    return SetMeanwhile(*target_, "local_infile", "1");
  }

  absl::Status Load() {
    WEFT_ASSIGN_OR_RETURN(tables_, ReadTables(*source_));
    const bool locked = std::any_of(tables_.begin(), tables_.end(), [](const Table& t) {
      return t.holds_rows && !t.transactional;
    });
    const int streams = std::max(1, order_.streams);
    WEFT_ASSIGN_OR_RETURN(Snapshot snapshot, TakeSnapshot(access_, order_.source, streams, clock_));
    if (!locked && snapshot.keeps_definitions) WEFT_RETURN_IF_ERROR(Release(snapshot));
    // Once more, of the state that the rows are of.
    WEFT_ASSIGN_OR_RETURN(tables_, ReadTables(*source_));
    WEFT_RETURN_IF_ERROR(ReadDefinitions(*source_, &tables_));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Schema> schemas, ReadSchemas(*source_));
    WEFT_ASSIGN_OR_RETURN(Programs programs, ReadPrograms(*source_));
    WEFT_ASSIGN_OR_RETURN(accounts_, ReadAccounts(*source_, *target_));
    if (!locked) WEFT_RETURN_IF_ERROR(Release(snapshot));
    executed_ = snapshot.executed;
    Report("create tables");
    WEFT_RETURN_IF_ERROR(MakeReady());
    WEFT_RETURN_IF_ERROR(MakeSchemas(*target_, schemas));
    WEFT_RETURN_IF_ERROR(MakeTables(*target_, &tables_));
    WEFT_RETURN_IF_ERROR(CopyRows(snapshot, /*transactional=*/false));
    if (locked) WEFT_RETURN_IF_ERROR(Release(snapshot));
    WEFT_RETURN_IF_ERROR(CopyRows(snapshot, /*transactional=*/true));
    Report("create views, routines, triggers and events");
    WEFT_ASSIGN_OR_RETURN(const auto creator,
                          access_.Open(order_.target, Duty::kRestore, kPatience));
    WEFT_RETURN_IF_ERROR(SetUpCreator(*creator, source_->version()));
    WEFT_RETURN_IF_ERROR(CheckStillOurs());
    return MakePrograms(*creator, std::move(programs));
  }

  // The target's settings that suit a server with clients, and cost time where many rows come in.
  // What it cannot change while it runs stays.
  absl::Status MakeReady() {
    constexpr uint64_t kUnit = uint64_t{1} << 20;
    const mysql::ServerVersion& version = target_->version();
    if (version.mariadb || !version.AtLeast(8, 0, 11)) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(Widen("innodb_log_buffer_size", kLogBuffer));
    if (!version.AtLeast(8, 0, 22)) return absl::OkStatus();
    // Zeros need not be written where rows will be.
    WEFT_RETURN_IF_ERROR(SetMeanwhile(*target_, "innodb_extend_and_initialize", "0"));
    if (!version.AtLeast(8, 0, 30)) return absl::OkStatus();
    // A redo log that is small for what comes in has the server write each page many times.
    uint64_t data = 0;
    for (const Table& table : tables_) data += table.bytes;
    return Widen("innodb_redo_log_capacity", std::min(kMostRedo, data / kUnit * kUnit));
  }

  absl::Status Widen(absl::string_view variable, uint64_t wanted) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                          target_->Query(absl::StrFormat(sql::kGlobalNumber, variable)));
    if (rows.empty() || rows.front().UintOr("value", wanted) >= wanted) return absl::OkStatus();
    return SetMeanwhile(*target_, variable, absl::StrCat(wanted));
  }

  absl::Status CopyRows(Snapshot& snapshot, bool transactional) {
    std::vector<std::vector<Part>> by_table;
    for (const Table& table : tables_) {
      if (!table.holds_rows || table.transactional != transactional) continue;
      estimate_ += table.bytes;
      WEFT_ASSIGN_OR_RETURN(std::vector<Part> some, PlanParts(*source_, table, kPartBytes));
      by_table.push_back(std::move(some));
    }
    if (by_table.empty()) return absl::OkStatus();
    const int window = std::max(1, order_.streams / kStreamsOfATable);
    std::vector<Part> parts = TakeTurns(by_table, static_cast<size_t>(window));
    WEFT_ASSIGN_OR_RETURN(std::vector<PartPump::Pair> pairs, OpenPairs(snapshot));
    PartPump pump(std::move(pairs), std::move(parts), &throttle_);
    const CopyFigures before = figures_;
    absl::Status asked;
    while (!pump.done()) {
      if (asked.ok()) asked = watch_.MayGoOn();
      if (!asked.ok()) pump.Stop();
      figures_.bytes = before.bytes + pump.bytes();
      figures_.rows = before.rows + pump.rows();
      Report(pump.parts_left() ? "copy rows" : "copy rows, build keys");
      clock_->Sleep(kPoll);
    }
    figures_.bytes = before.bytes + pump.bytes();
    figures_.rows = before.rows + pump.rows();
    source_lost_ = pump.source_lost();
    return asked.ok() ? pump.status() : asked;
  }

  absl::StatusOr<std::vector<PartPump::Pair>> OpenPairs(Snapshot& snapshot) {
    WEFT_ASSIGN_OR_RETURN(mysql::ConnectOptions options,
                          access_.For(order_.target, Duty::kRestore));
    options.read_timeout = kKeysPatience;
    options.write_timeout = kPatience;
    WEFT_ASSIGN_OR_RETURN(const BulkRoad road, BulkRoad::Find(*target_, options));
    const mysql::ServerVersion& version = target_->version();
    const bool sorts_apart = !version.mariadb && version.AtLeast(8, 0, 27);
    std::vector<PartPump::Pair> pairs;
    for (const auto& reader : snapshot.readers) {
      WEFT_ASSIGN_OR_RETURN(auto loader, road.Open());
      WEFT_RETURN_IF_ERROR(loader->Execute(sql::kLoadSession));
      WEFT_RETURN_IF_ERROR(loader->Execute(sql::kLongCopy));
      if (sorts_apart) WEFT_RETURN_IF_ERROR(loader->Execute(sql::kSortInMemory));
      pairs.push_back({reader.get(), std::move(loader)});
    }
    // Who took the target over ended the sessions that there were, not those opened since.
    WEFT_RETURN_IF_ERROR(CheckStillOurs());
    return pairs;
  }

  absl::Status CheckStillOurs() {
    WEFT_ASSIGN_OR_RETURN(const std::optional<std::string> maker, MakerOf(*target_));
    if (maker == order_.job) return absl::OkStatus();
    return Refusal(absl::StatusCode::kAborted, "TARGET_TAKEN_OVER",
                   absl::StrCat(order_.target.ToString(), " is not this copy's any more"),
                   "its mark", maker.value_or("none"), "clone again");
  }

  absl::Status Finish() {
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    WEFT_RETURN_IF_ERROR(CheckStillOurs());
    Report("copy accounts");
    WEFT_RETURN_IF_ERROR(WriteAccounts(*target_, accounts_));
    WEFT_RETURN_IF_ERROR(CheckUnwritten(*target_));
    WEFT_RETURN_IF_ERROR(TakeOverGtids(*target_, executed_));
    WEFT_RETURN_IF_ERROR(SettleFailedClone(*target_));
    return CloseWhole(*target_);
  }

  void Report(absl::string_view phase) const {
    if (!watch_.report) return;
    watch_.report({std::string(phase), figures_.bytes, estimate_, figures_.rows});
  }

  const FarmAccess& access_;
  const CopyOrder& order_;
  const CopyWatch& watch_;
  Clock* const clock_;
  Throttle throttle_;
  std::unique_ptr<mysql::Session> source_;
  std::unique_ptr<mysql::Session> target_;
  std::vector<Table> tables_;
  Accounts accounts_;
  GtidSet executed_;
  CopyFigures figures_;
  uint64_t estimate_ = 0;
  bool source_lost_ = false;  // by those who read rows
};

}  // namespace

absl::StatusOr<CopyFigures> CopyByRows(const FarmAccess& access, const CopyOrder& order,
                                       const CopyWatch& watch, Clock* clock) {
  return LogicalCopy(access, order, watch, clock).Run();
}

}  // namespace weft::provisioner
