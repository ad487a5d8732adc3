#include "services/controller/converge.h"

#include <atomic>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/verdict.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

// What a step may take beyond the time it waits by itself.
constexpr absl::Duration kCatchUpGrace = absl::Seconds(1);
// A sick primary that has not handed over by then is replaced without it, where that may be.
constexpr absl::Duration kHandOverBudget = absl::Seconds(3);
// While a program is asked the record and the primary are looked at this often.
constexpr absl::Duration kMootPeriod = absl::Milliseconds(200);

absl::Duration DeadlineOf(const Step& step, absl::Duration usual) {
  const CatchUp* catch_up = std::get_if<CatchUp>(&step);
  return catch_up == nullptr ? usual : catch_up->budget + kCatchUpGrace;
}

// The write may have been done, or may yet be.
bool IsOutcomeUnknown(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsUnknown(status) || absl::IsCancelled(status);
}

std::vector<ServerUuid> ServersOf(const Group& group) {
  std::vector<ServerUuid> servers;
  for (const Server& server : group.servers) servers.push_back(server.uuid);
  return servers;
}

}  // namespace

Converger::Converger(std::string group, Options options, Ports ports)
    : group_(std::move(group)), options_(options), ports_(std::move(ports)) {}

absl::StatusOr<Snapshot> Converger::Look() { return Observe(/*may_reuse=*/false); }

absl::StatusOr<Snapshot> Converger::Observe(bool may_reuse) {
  WEFT_ASSIGN_OR_RETURN(Group group, ports_.store->Load(group_));
  const bool program_runs = ports_.hook_runs && ports_.hook_runs(group_, group.hooks);
  const absl::Duration now = ports_.clock->MonotonicNow();
  // What a look says of windows and other settings is of those that it was made under.
  const bool is_same = last_look_.has_value() && ServersOf(group) == ServersOf(last_look_->group) &&
                       group.settings == last_look_->group.settings;
  if (may_reuse && is_same && now - last_look_began_ <= options_.look_valid_for) {
    Snapshot snapshot = *last_look_;
    // What was proven of servers was proven under the primary of that epoch.
    if (group.epoch != snapshot.group.epoch) {  // guard: rule 3
      snapshot.marks.clear();
      snapshot.strangers.reset();
      snapshot.once_without_strangers = false;
      snapshot.write_stopped_for = absl::ZeroDuration();
    }
    snapshot.group = std::move(group);
    snapshot.program_runs = program_runs;
    return snapshot;
  }
  Snapshot snapshot;
  snapshot.seen = ports_.farm->Probe(group, options_.probe_deadline);
  snapshot.reports = ports_.reports(ServersOf(group));
  snapshot.heard_threshold = options_.heard_threshold;
  snapshot.narrow_after = options_.narrow_after;
  snapshot.sick_after = options_.sick_after;
  snapshot.program_runs = program_runs;
  snapshot.group = std::move(group);
  const absl::Duration looked = ports_.clock->MonotonicNow();
  if (looked - now > options_.probe_deadline) {  // guard: rule 10
    // This process was held up: people may have changed their minds meanwhile.
    WEFT_ASSIGN_OR_RETURN(const Group since, ports_.store->Load(group_));
    if (since.revision != snapshot.group.revision) {
      return RevisionMoved(group_, snapshot.group.revision, since.revision);
    }
  }
  Remember(looked, ports_.clock->Now(), options_.failover_cool_down, &memory_, &snapshot);
  last_look_ = snapshot;
  last_look_began_ = now;
  return snapshot;
}

Round Converger::Once() {
  Round round;
  round.status = ports_.may_act();
  if (!round.status.ok()) return round;  // guard: rule 10
  absl::StatusOr<Snapshot> snapshot = Observe(std::exchange(reuse_look_, false));
  if (!snapshot.ok()) {
    round.status = snapshot.status();
    return round;
  }
  round.snapshot = *std::move(snapshot);
  if (unsettled_.has_value()) {  // guard: rule 2
    round.status = SettleUnknown(round.snapshot->group);
    round.end = round.status.ok() ? RoundEnd::kActed : RoundEnd::kFailed;
    return round;
  }
  round.plan = Decide(*round.snapshot);
  if (round.plan.refusal.has_value()) {
    round.end = RoundEnd::kRefused;
    EndRefused(*round.snapshot, &round);
  } else if (!round.plan.steps.empty()) {
    Act(*round.snapshot, &round);
  } else {
    round.end = round.plan.settled() ? RoundEnd::kSettled : RoundEnd::kWaiting;
  }
  return round;
}

void Converger::ActByProgram(const Snapshot& snapshot, const RunHook& step, Round* round) {
  const absl::Duration began = ports_.clock->MonotonicNow();
  std::string moot;
  const auto is_moot = [&, checked = began]() mutable {
    if (moot.empty() && ports_.clock->MonotonicNow() - checked >= kMootPeriod) {
      moot = WhyMoot(snapshot.group.primary, step);
      checked = ports_.clock->MonotonicNow();
    }
    return !moot.empty();
  };
  absl::Status status = ports_.may_act();
  if (status.ok()) {  // proof: rule 10
    HookRecord hooks = snapshot.group.hooks;
    if (hooks.operation != step.operation) hooks.outcomes.clear();
    hooks.operation = step.operation;
    hooks.epoch = snapshot.group.epoch;
    hooks.outcomes[step.occasion] = ports_.run_hook
                                        ? ports_.run_hook(snapshot, step, is_moot)
                                        : absl::StrCat(kHookAborted, "this controller runs none");
    hooks.when = ports_.clock->Now();
    // What was answered to a leader that no longer leads is answered again to the next.
    status = moot.empty() ? ports_.may_act() : absl::AbortedError(moot);
    if (status.ok()) status = ports_.store->RecordHooks(snapshot.group.id, hooks);
  }
  round->results.push_back({step, status, ports_.clock->MonotonicNow() - began});
}

void Converger::Act(const Snapshot& snapshot, Round* round) {
  const RunHook* const program = std::get_if<RunHook>(&round->plan.steps.front());
  if (program != nullptr) {
    ActByProgram(snapshot, *program, round);
  } else if (IsRecordStep(round->plan.steps.front())) {
    for (const Step& step : round->plan.steps) {
      const absl::Duration began = ports_.clock->MonotonicNow();
      absl::Status status = ports_.may_act();
      if (status.ok()) status = ActOnRecord(snapshot, step, round);  // proof: rule 10
      round->results.push_back({step, status, ports_.clock->MonotonicNow() - began});
      if (!status.ok()) break;
    }
  } else {
    ActOnServers(snapshot, round);
  }
  round->end = RoundEnd::kActed;
  reuse_look_ = IsRecordStep(round->plan.steps.front());
  for (const StepResult& result : round->results) {
    if (result.status.ok()) continue;
    reuse_look_ = false;  // guard: rule 2
    round->end = RoundEnd::kFailed;
    round->status = Annotate(result.status, ToString(result.step));
    break;
  }
}

void Converger::ActOnServers(const Snapshot& snapshot, Round* round) {
  // Results stand in the order of the plan, and each is written by one job alone.
  std::vector<StepResult>& results = round->results;
  std::map<ServerUuid, std::vector<size_t>> by_server;
  for (const Step& step : round->plan.steps) {
    by_server[ServerOf(step)].push_back(results.size());
    results.push_back({step, absl::CancelledError("an earlier step on this server failed"), {}});
  }
  for (const Step& step : round->plan.steps) {
    const auto* const follow = std::get_if<Follow>(&step);
    if (follow != nullptr && follow->acknowledge) ForgetMarks(follow->server, &memory_);
  }
  std::atomic<bool> gave_way = false;
  std::vector<std::function<void()>> jobs;
  jobs.reserve(by_server.size());
  for (const auto& [server, indexes] : by_server) {
    jobs.push_back([this, &snapshot, &results, &gave_way, indexes = indexes] {
      for (const size_t index : indexes) {
        StepResult& result = results[index];
        const absl::Duration began = ports_.clock->MonotonicNow();
        result.status = gave_way ? absl::AbortedError("not begun") : ports_.may_act();
        if (result.status.ok()) {  // proof: rule 10
          result.status = ports_.farm->Apply(snapshot.group, result.step,
                                             DeadlineOf(result.step, options_.step_deadline));
        }
        result.took = ports_.clock->MonotonicNow() - began;
        if (!result.status.ok()) return;  // guard: rule 5
      }
    });
  }
  std::set<ServerUuid> servers;
  for (const auto& [server, indexes] : by_server) servers.insert(server);
  // Again and again: one may be about to begin.
  const auto watch = [&] {
    if (!gave_way) gave_way = FailoverIsDue(snapshot.group, servers);
    if (gave_way) ports_.farm->Interrupt(snapshot.group, servers);
  };
  const Intent& intent = snapshot.group.intent;
  const bool keeps = intent.goal == Goal::kKeep || IsCommitted(snapshot.group);
  ports_.run_all(std::move(jobs), keeps ? watch : std::function<void()>());
  if (!gave_way) return;
  for (StepResult& result : results) {
    result.status = Annotate(result.status, "the primary was lost meanwhile");
  }
}

std::optional<Snapshot> Converger::LookIfMissed(const ServerUuid& primary) {
  // The monitors' word first: it costs nothing.
  const auto reports = ports_.reports({primary});
  const auto report = reports.find(primary);
  if (report == reports.end() || !QuorumLost(report->second)) return std::nullopt;
  absl::StatusOr<Snapshot> look = Observe(/*may_reuse=*/false);
  if (!look.ok()) return std::nullopt;
  return *std::move(look);
}

std::string Converger::WhyMoot(const ServerUuid& primary, const RunHook& step) {
  if (ports_.cancelled && ports_.cancelled(step.operation)) return "somebody asked for its end";
  if (step.occasion != kBeforeSwitchover) return "";
  const std::optional<Snapshot> look = LookIfMissed(primary);
  if (!look.has_value()) return "";
  if (Judge(*look, /*ask_monitors=*/true).state != PrimaryState::kDead) return "";  // guard: rule 7
  return "the primary was lost meanwhile";
}

bool Converger::FailoverIsDue(const Group& group, const std::set<ServerUuid>& busy) {
  std::optional<Snapshot> look = LookIfMissed(group.primary);
  if (!look.has_value()) return false;
  const Plan plan = Decide(*look);
  const bool begins =
      !plan.steps.empty() && std::holds_alternative<BeginFailover>(plan.steps.front());
  // A change that was committed ends first.
  const bool ends = IsCommitted(look->group) && plan.refusal.has_value();
  if (!begins && !ends) return false;
  // In the midst of a step a server hears nothing from a primary that lives.
  for (const ServerUuid& server : busy) {
    if (server != group.primary) look->seen.erase(server);
  }
  const Verdict verdict = Judge(*look, /*ask_monitors=*/true);
  if (verdict.state != PrimaryState::kDead) return false;  // guard: rule 7
  return true;
}

absl::Status Converger::ActOnRecord(const Snapshot& snapshot, const Step& step, Round* round) {
  const Group& group = snapshot.group;
  const absl::Time now = ports_.clock->Now();
  if (const auto* const begin = std::get_if<BeginFailover>(&step)) {
    Intent intent;
    intent.goal = Goal::kPromote;
    intent.failover = true;
    intent.target = begin->target;
    if (!intent.target.empty()) intent.write_stop_budget = kHandOverBudget;
    intent.operation = ports_.new_operation_id();
    Operation operation;
    operation.id = intent.operation;
    operation.kind = begin->target.empty() ? "failover" : "switchover";
    operation.group = group.id;
    operation.server = group.primary.text();
    operation.phase = "begin";
    operation.created = operation.updated = now;
    WEFT_RETURN_IF_ERROR(ports_.store->SetIntent(group.id, group.revision, intent, operation));
    round->began = operation;
    return absl::OkStatus();
  }
  if (std::holds_alternative<Finish>(step)) {
    return EndIntent(group, OperationState::kSucceeded, "", "", round);
  }
  const absl::Status applied = ports_.store->Apply(group, step, now);
  if (IsOutcomeUnknown(applied)) unsettled_ = group;  // guard: rule 2
  WEFT_RETURN_IF_ERROR(applied);
  return absl::OkStatus();
}

absl::Status Converger::SettleUnknown(const Group& group) {
  const bool landed = group.epoch != unsettled_->epoch ||
                      group.acknowledgers.version != unsettled_->acknowledgers.version;
  if (!landed) {  // guard: rule 2
    // It may still be on its way. This write changes nothing but what the lost one compares.
    const SetAcknowledgers same{.servers = group.acknowledgers.servers,
                                .watermark = group.watermark};
    WEFT_RETURN_IF_ERROR(ports_.may_act());  // guard: rule 10
    const absl::Status settled = ports_.store->Apply(group, same, ports_.clock->Now());
    if (!settled.ok() && !absl::IsAborted(settled)) return settled;  // guard: rule 2
  }
  unsettled_.reset();
  return absl::OkStatus();
}

void Converger::EndRefused(const Snapshot& snapshot, Round* round) {
  if (snapshot.group.intent.goal == Goal::kKeep) return;
  const Refusal& refusal = *round->plan.refusal;
  const std::string message = refusal.next_step.empty()
                                  ? refusal.message
                                  : absl::StrCat(refusal.message, "; to do: ", refusal.next_step);
  round->status = ports_.may_act();
  if (round->status.ok()) {  // proof: rule 10
    const OperationState state =
        refusal.reason == kCancelled ? OperationState::kCancelled : OperationState::kFailed;
    round->status = EndIntent(snapshot.group, state, refusal.reason, message, round);
  }
  if (!round->status.ok()) round->end = RoundEnd::kFailed;
}

absl::Status Converger::EndIntent(const Group& group, OperationState state,
                                  const std::string& reason, const std::string& message,
                                  Round* round) {
  // What others wrote into it (its request, its figures) stays.
  absl::StatusOr<Operation> found = ports_.store->GetOperation(group.intent.operation);
  if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
  Operation operation = found.ok() ? *std::move(found) : Operation();
  operation.id = group.intent.operation;
  operation.group = group.id;
  operation.state = state;
  if (state == OperationState::kSucceeded) operation.progress = 1;
  operation.phase = "";
  operation.error_reason = reason;
  operation.error_message = message;
  operation.updated = ports_.clock->Now();
  WEFT_RETURN_IF_ERROR(ports_.store->EndIntent(group.id, operation));
  round->ended = operation;
  return absl::OkStatus();
}

}  // namespace weft::controller
