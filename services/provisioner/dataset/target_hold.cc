#include "services/provisioner/dataset/target_hold.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "services/provisioner/dataset/copy_mark.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
// A session that is killed undoes first what it did: a part of a table, keys half built.
constexpr absl::Duration kEnd = absl::Minutes(2);

absl::Status UnderWay(const mysql::Session& restorer, absl::string_view found) {
  const std::string address = restorer.options().Address();
  return Refusal(absl::StatusCode::kAborted, kCloneUnderWay,
                 absl::StrCat("another copy onto ", address, " is under way"), "no other copy",
                 found, absl::StrCat("wait for its end, or end it: KILL it on ", address));
}

// They have lost the target to this copy, and only they know how much there is to undo.
absl::Status StillUndone(const mysql::Session& restorer, uint64_t session) {
  const std::string address = restorer.options().Address();
  return Refusal(absl::StatusCode::kUnavailable, kTargetBusy,
                 absl::StrCat("a killed session on ", address, " still undoes its work"),
                 "no other session of the restore account", absl::StrCat("session ", session),
                 "wait until SHOW PROCESSLIST has it no more, and clone again");
}

absl::StatusOr<bool> TryLock(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, restorer.Query(sql::kLockTarget));
  return !rows.empty() && rows.front().IntOr("got", 0) == 1;
}

// It works without a lock: the restart at its end would wait for the session that has it.
absl::StatusOr<bool> IsBeingCloned(mysql::Session& restorer) {
  if (!mysql::DialectFor(restorer.version()).can.clone_plugin) return false;
  const auto clones = restorer.Query(sql::kClonesAtWork);
  if (mysql::MysqlErrorCode(clones.status()) == mysql::kErrUnknownTable) return false;
  WEFT_RETURN_IF_ERROR(clones.status());
  return !clones->empty();
}

absl::Status EndOthers(mysql::Session& restorer, Clock* clock) {
  const Deadline deadline = Deadline::After(clock, kEnd);
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet others, restorer.Query(sql::kOtherSessions));
    if (others.empty()) return absl::OkStatus();
    if (deadline.Passed()) return StillUndone(restorer, others.front().UintOr("id", 0));
    for (const mysql::ResultSet::Row row : others) {
      // It may have ended by itself.
      restorer.Execute(sql::kKill, {row.UintOr("id", 0)}).status().IgnoreError();
    }
    clock->Sleep(kPoll);
  }
}

}  // namespace

absl::Status HoldTarget(mysql::Session& restorer, const CopyOrder& order, Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(bool held, TryLock(restorer));
  WEFT_ASSIGN_OR_RETURN(const bool cloned, IsBeingCloned(restorer));
  if (!held || cloned) {
    WEFT_ASSIGN_OR_RETURN(const bool ours, IsOwnTarget(restorer, order, order.resumed));
    if (!ours) {
      WEFT_ASSIGN_OR_RETURN(const std::optional<std::string> maker, MakerOf(restorer));
      return UnderWay(restorer, absl::StrCat("operation ", maker.value_or("not known")));
    }
  }
  WEFT_RETURN_IF_ERROR(EndOthers(restorer, clock));
  if (!held) {
    WEFT_ASSIGN_OR_RETURN(held, TryLock(restorer));
  }
  return held ? absl::OkStatus() : UnderWay(restorer, "one that was faster");
}

absl::StatusOr<bool> IsOwnTarget(mysql::Session& restorer, const CopyOrder& order, bool unnoted) {
  WEFT_ASSIGN_OR_RETURN(const std::optional<std::string> maker, MakerOf(restorer));
  return maker.has_value() ? *maker == order.job : unnoted;
}

}  // namespace weft::provisioner
