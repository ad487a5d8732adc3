#include "services/provisioner/dataset/quiet_source.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/logical_sql.h"
#include "services/provisioner/dataset/source_settings.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kPatience = absl::Minutes(5);
constexpr absl::Duration kLockPatience = absl::Seconds(30);
// So many looks in a row must find the log where it was.
constexpr int kStill = 5;

absl::Status Busy(const HostPort& source, absl::string_view why) {
  return Refusal(absl::StatusCode::kAborted, "SOURCE_BUSY",
                 absl::StrCat(source.ToString(), " does not come to rest: ", why),
                 "a server whose files stand still for a while", why,
                 "name another source, or another method");
}

// "Log sequence number 123456", the text of all versions.
absl::StatusOr<std::string> LogPosition(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kEngineStatus));
  const std::string text = rows.empty() ? "" : rows.front().StringOr("Status", "");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "Log sequence number")) {
      return std::string(absl::StripAsciiWhitespace(line));
    }
  }
  return absl::InternalError("the server does not say where its log is");
}

absl::StatusOr<uint64_t> DirtyPages(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kDirtyPages));
  return rows.empty() ? 0 : rows.front().UintOr("Value", 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<QuietSource>> QuietSource::Make(const FarmAccess& access,
                                                               const HostPort& source,
                                                               const std::string& folder,
                                                               const CopyWatch& watch,
                                                               Clock* clock) {
  std::unique_ptr<QuietSource> quiet(new QuietSource(folder));
  WEFT_ASSIGN_OR_RETURN(quiet->manager_, access.Open(source, Duty::kManage));
  // Most is written before anybody waits.
  WEFT_RETURN_IF_ERROR(FlushAtOnce(*quiet->manager_, folder));
  WEFT_ASSIGN_OR_RETURN(quiet->keeper_, access.Open(source, Duty::kBackup, absl::Minutes(1)));
  const Deadline soon = Deadline::After(clock, kPatience);
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const uint64_t dirty, DirtyPages(*quiet->keeper_));
    constexpr uint64_t kFew = 1000;
    if (dirty < kFew || soon.Passed()) break;
    WEFT_RETURN_IF_ERROR(watch.MayGoOn());
    clock->Sleep(kPoll);
  }
  WEFT_RETURN_IF_ERROR(quiet->Lock(source, watch, clock));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, quiet->keeper_->Query(sql::kExecuted));
  WEFT_ASSIGN_OR_RETURN(quiet->executed_, GtidSet::Parse(rows.front().StringOr("executed", "")));
  WEFT_RETURN_IF_ERROR(quiet->Settle(watch, clock));
  return quiet;
}

absl::Status QuietSource::Lock(const HostPort& source, const CopyWatch& watch, Clock* clock) {
  const Deadline deadline = Deadline::After(clock, kLockPatience);
  while (true) {
    const absl::Status locked = keeper_->Execute(sql::kGlobalReadLock);
    if (locked.ok() || absl::IsUnavailable(locked)) return locked;
    // Held up by a statement that runs: who comes after it waits too, so it is tried for a moment.
    const bool is_held_up = mysql::MysqlErrorCode(locked) == mysql::kErrLockWaitTimeout;
    if (!is_held_up || deadline.Passed()) return Busy(source, locked.message());
    WEFT_RETURN_IF_ERROR(watch.MayGoOn());
    clock->Sleep(kPoll);
  }
}

absl::Status QuietSource::Settle(const CopyWatch& watch, Clock* clock) {
  const Deadline deadline = Deadline::After(clock, kPatience);
  for (int still = 0; still < kStill;) {
    WEFT_ASSIGN_OR_RETURN(const uint64_t dirty, DirtyPages(*keeper_));
    WEFT_ASSIGN_OR_RETURN(const std::string position, LogPosition(*keeper_));
    still = dirty == 0 && position == log_position_ ? still + 1 : 0;
    log_position_ = position;
    if (deadline.Passed()) {
      const mysql::ConnectOptions& options = keeper_->options();
      return Busy({options.host, static_cast<uint16_t>(options.port)},
                  absl::StrCat(dirty, " pages are still to be written"));
    }
    WEFT_RETURN_IF_ERROR(watch.MayGoOn());
    clock->Sleep(kPoll);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> QuietSource::WasQuiet() {
  WEFT_ASSIGN_OR_RETURN(const std::string position, LogPosition(*keeper_));
  WEFT_ASSIGN_OR_RETURN(const uint64_t dirty, DirtyPages(*keeper_));
  return position == log_position_ && dirty == 0;
}

QuietSource::~QuietSource() {
  if (keeper_ != nullptr) keeper_->Execute(sql::kUnlock).IgnoreError();
  if (manager_ != nullptr) FlushAsBefore(*manager_, folder_).IgnoreError();
}

}  // namespace weft::provisioner
