#include "services/controller/ports/record_steps.h"

#include <string>
#include <utility>
#include <variant>

#include "common/base/status_macros.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

void Take(Server* server, ServerStatus status) {
  if (server->status != status) server->mode = DefaultMode(status);
  server->status = status;
}

absl::Status Do(const Commit& step, const Group&, absl::Time now, Group* group) {
  Server* const winner = group->Find(step.primary);
  if (!step.primary.empty() && winner == nullptr) return NotInGroup(step.primary.text(), group->id);
  if (group->primary != step.primary) {
    // Forbidden after the look that chose it, which did not know.
    if (winner != nullptr && winner->promotion_rule == PromotionRule::kMustNot) {
      return PromotionForbidden(step.primary.text(), group->id);
    }
    if (Server* const old = group->Find(group->primary); old != nullptr) {
      old->status = step.old_primary_status;
      old->mode = DefaultMode(old->status);
    }
  }
  if (winner != nullptr) {
    winner->status = ServerStatus::kPrimary;
    winner->mode = ServerMode::kReadWrite;
    winner->set_aside.clear();
    winner->errant.clear();
  }
  group->restored = false;
  ++group->epoch;
  group->primary = step.primary;
  group->acknowledgers = {group->acknowledgers.version + 1, step.acknowledgers};
  group->watermark = group->watermark.Union(step.watermark);
  group->history.push_back({group->epoch, step.primary, step.watermark, now});
  if (group->intent.goal == Goal::kPromote) {
    group->intent.target = step.primary;
    if (group->intent.failover) group->last_failover = {group->epoch, now};
  }
  return absl::OkStatus();
}

absl::Status Do(const SetAcknowledgers& step, const Group&, absl::Time, Group* group) {
  group->acknowledgers = {group->acknowledgers.version + 1, step.servers};
  group->watermark = group->watermark.Union(step.watermark);
  return absl::OkStatus();
}

absl::Status Do(const SetStatus& step, const Group&, absl::Time, Group* group) {
  Server* const server = group->Find(step.server);
  if (server == nullptr) return NotInGroup(step.server.text(), group->id);
  Take(server, step.status);
  server->set_aside = step.set_aside;
  server->errant = step.errant;
  return absl::OkStatus();
}

absl::Status CheckIntent(const Group& seen, const Group& group) {
  if (group.intent.goal != Goal::kKeep && group.intent.operation == seen.intent.operation) {
    return absl::OkStatus();
  }
  return IntentMoved(group.id, seen.intent.operation, group.intent.operation);
}

absl::Status Do(const BeginSwitchover& step, const Group& seen, absl::Time, Group* group) {
  WEFT_RETURN_IF_ERROR(CheckIntent(seen, *group));
  group->intent.target = step.target;
  group->intent.reopen = true;
  return absl::OkStatus();
}

absl::Status Do(const GiveUp& step, const Group& seen, absl::Time, Group* group) {
  WEFT_RETURN_IF_ERROR(CheckIntent(seen, *group));
  group->intent.given_up = step.reason;
  group->intent.given_up_message = step.message;
  return absl::OkStatus();
}

template <typename Other>
absl::Status Do(const Other& step, const Group&, absl::Time, Group*) {
  return NotARecordStep(step);
}

}  // namespace

absl::Status ApplyRecordStep(const Group& seen, const Step& step, absl::Time now, Group* group) {
  if (group->epoch != seen.epoch) return EpochMoved(group->id, seen.epoch, group->epoch);
  if (group->acknowledgers.version != seen.acknowledgers.version) {
    return AcknowledgersMoved(group->id, seen.acknowledgers.version, group->acknowledgers.version);
  }
  absl::Status done = std::visit([&](const auto& one) { return Do(one, seen, now, group); }, step);
  if (done.ok()) ++group->revision;
  return done;
}

}  // namespace weft::controller
