#include "services/controller/mysql/store_steps.h"

#include <utility>
#include <variant>

#include "common/model/server.h"
#include "services/controller/mysql/store_rows.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {
namespace {

struct Maker {
  const Group& seen;
  absl::Time now;

  StepCall Call(absl::string_view sql, mysql::Params rest, Wanted wanted = {}) const {
    wanted.group = seen.id;
    wanted.epoch = seen.epoch;
    wanted.acknowledgers = seen.acknowledgers.version;
    wanted.operation = seen.intent.operation;
    return {sql, Join({seen.id, seen.epoch, seen.acknowledgers.version}, std::move(rest)),
            std::move(wanted)};
  }

  // The watermark may be united here: whatever changes it also changes what is compared.
  absl::StatusOr<StepCall> operator()(const Commit& step) const {
    return Call(store_sql::kCommitPrimary,
                {step.primary.text(), UuidsAsJson(step.acknowledgers),
                 seen.watermark.Union(step.watermark).ToString(), step.watermark.ToString(),
                 ToString(step.old_primary_status), ToString(DefaultMode(step.old_primary_status)),
                 TimeText(StoredTime(now))},
                {.server = step.primary.text()});
  }

  absl::StatusOr<StepCall> operator()(const SetAcknowledgers& step) const {
    return Call(store_sql::kSetAcknowledgers,
                {UuidsAsJson(step.servers), seen.watermark.Union(step.watermark).ToString()});
  }

  absl::StatusOr<StepCall> operator()(const SetStatus& step) const {
    return Call(store_sql::kSetStatus,
                {step.server.text(), ToString(step.status), ToString(DefaultMode(step.status)),
                 StoredText(step.set_aside), StoredText(step.errant)},
                {.server = step.server.text()});
  }

  absl::StatusOr<StepCall> operator()(const BeginSwitchover& step) const {
    return Call(store_sql::kBeginSwitchover, {seen.intent.operation, step.target.text()});
  }

  absl::StatusOr<StepCall> operator()(const GiveUp& step) const {
    return Call(store_sql::kGiveUp,
                {seen.intent.operation, StoredText(step.reason), StoredText(step.message)});
  }

  template <typename Other>
  absl::StatusOr<StepCall> operator()(const Other& step) const {
    return NotARecordStep(step);
  }
};

}  // namespace

absl::StatusOr<StepCall> CallOf(const Group& seen, const Step& step, absl::Time now) {
  return std::visit(Maker{seen, now}, step);
}

}  // namespace weft::controller
