#include "tests/simulation/sim_controller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/raise_acknowledgements.h"

namespace weft::simulation {
namespace {

constexpr Millis kLeaseTtl = 800;
constexpr Millis kLeaseMargin = 200;
constexpr Millis kLeasePeriod = 200;
// A monitor calls a server that only times out lost after this long.
constexpr Millis kMonitorPatience = 400;

// Writes that have failed for as long make a server sick.
constexpr Millis kSickAfter = 600;

constexpr absl::Duration kExclusiveStep = absl::Milliseconds(500);

constexpr char kGroup[] = "g";

}  // namespace

SimStore::SimStore(World* world)
    : MemoryStore(world->database()),
      world_(world),
      reader_(world->database()),
      writer_(world->database()) {}

void SimStore::SetTerm(uint64_t term) {
  term_ = term;
  MemoryStore::SetTerm(term);
}

void SimStore::Turn() {
  for (size_t i = 0; i < on_its_way_.size();) {
    if (on_its_way_[i].due > world_->now()) {
      ++i;
      continue;
    }
    const Late late = on_its_way_[i];
    on_its_way_.erase(on_its_way_.begin() + static_cast<int64_t>(i));
    writer_.SetTerm(late.term);
    Shown(writer_.Apply(late.seen, late.step, absl::FromUnixMillis(world_->now()))).IgnoreError();
  }
}

absl::Status SimStore::Shown(absl::Status status) {
  // Also after an error: the answer may be lost and the write done.
  if (absl::StatusOr<Group> group = reader_.Load(kGroup); group.ok()) world_->Publish(*group);
  return status;
}

absl::Status SimStore::SetIntent(const std::string& group, uint64_t revision, const Intent& intent,
                                 const controller::Operation& operation) {
  return Shown(MemoryStore::SetIntent(group, revision, intent, operation));
}
absl::Status SimStore::EndIntent(const std::string& group, const controller::Operation& ended) {
  return Shown(MemoryStore::EndIntent(group, ended));
}
absl::Status SimStore::Apply(const Group& seen, const controller::Step& step, absl::Time now) {
  if (late_ != nullptr && *late_ && world_->chance().OneIn(4)) {
    on_its_way_.push_back({world_->now() + world_->chance().Between(5, 400), term_, seen, step});
    return absl::DeadlineExceededError("the state store does not answer in time");
  }
  return Shown(MemoryStore::Apply(seen, step, now));
}
absl::Status SimStore::UpdateServer(const std::string& group, uint64_t revision,
                                    const ServerUuid& uuid, const Server& server) {
  return Shown(MemoryStore::UpdateServer(group, revision, uuid, server));
}
absl::Status SimStore::UpdateGroup(const Group& group) {
  return Shown(MemoryStore::UpdateGroup(group));
}

SimController::SimController(World* world, int index, const bool* store_down,
                             const bool* store_flaky, Listener listener)
    : world_(world),
      index_(index),
      store_down_(store_down),
      store_flaky_(store_flaky),
      listener_(std::move(listener)),
      clock_(world),
      lost_since_(world->options().monitors, std::vector<Millis>(world->options().servers, -1)) {
  Begin();
}

void SimController::Begin() {
  ++incarnation_;
  crashed_ = restart_ = false;
  leading_ = false;
  acknowledgements_.reset();
  lease_ = controller::Lease();
  seen_since_ = world_->now();
  if (store_ != nullptr) old_stores_.push_back(std::move(store_));  // something may be on its way
  store_ = std::make_unique<SimStore>(world_);
  store_->set_late(store_flaky_);
  store_->SetFaults([this](absl::string_view, bool is_write) {
    if (crashed_ || *store_down_) return controller::StoreFault::kUnavailable;
    if (!*store_flaky_ || !world_->chance().OneIn(4)) return controller::StoreFault::kNone;
    return is_write && world_->chance().OneIn(2) ? controller::StoreFault::kAnswerLost
                                                 : controller::StoreFault::kUnavailable;
  });
  farm_ = std::make_unique<SimFarm>(world_, index_, [this] {
    // A paused process is in the middle of whatever it does.
    while (paused_ && !crashed_) world_->Tick();
    return !crashed_;
  });
}

void SimController::LeaseTurn() {
  Watch();
  store_->Turn();
  for (const auto& old : old_stores_) old->Turn();
  if (restart_ && crashed_ && !in_round_) Begin();
  if (crashed_ || paused_ || world_->now() < next_lease_) return;
  next_lease_ = world_->now() + kLeasePeriod;
  leading_ ? Lead() : Challenge();
}

void SimController::RoundTurn() {
  if (crashed_ || paused_ || !leading_) return;
  if (acknowledgements_.has_value()) {
    in_round_ = true;
    Make(*std::exchange(acknowledgements_, std::nullopt)).IgnoreError();  // then it was refused
    in_round_ = false;
    next_round_ = world_->now();
  }
  if (world_->now() < next_round_ || crashed_ || paused_ || !leading_) return;
  in_round_ = true;
  OneRound();
  in_round_ = false;
}

absl::Status SimController::Make(uint32_t acknowledgements) {
  const absl::StatusOr<Group> record = store_->Load(kGroup);
  if (!record.ok()) return record.status();
  const auto secondaries =
      std::count_if(record->servers.begin(), record->servers.end(),
                    [](const Server& server) { return server.status == ServerStatus::kSecondary; });
  if (acknowledgements > static_cast<size_t>(secondaries)) {
    return absl::FailedPreconditionError("commits would wait for ever");
  }
  if (controller::RaisesAcknowledgements(*record, acknowledgements)) {
    WEFT_RETURN_IF_ERROR(controller::RaiseAcknowledgements(
        *record, acknowledgements, kExclusiveStep, farm_.get(), store_.get(), &clock_));
  }
  return controller::WithRecord(store_.get(), kGroup, [&](const Group& now) {
    Group changed = now;
    changed.acknowledgements = acknowledgements;
    return store_->UpdateGroup(changed);
  });
}

void SimController::Lead() {
  const Millis sent = world_->now();
  const absl::StatusOr<controller::Lease> renewed = store_->RenewLease(lease_);
  if (renewed.ok()) {
    lease_ = *renewed;
    renewed_ = sent;
    return;
  }
  const bool lost = absl::IsFailedPrecondition(renewed.status()) ||
                    absl::IsAborted(renewed.status()) || sent - renewed_ > kLeaseTtl;
  if (!lost) return;
  leading_ = false;
  seen_since_ = sent;
}

void SimController::Challenge() {
  if (in_round_) return;  // of its last term; it fails at its next step
  const absl::StatusOr<controller::Lease> read = store_->ReadLease();
  if (!read.ok()) return;
  if (!(*read == lease_)) {
    lease_ = *read;
    seen_since_ = world_->now();
    return;
  }
  const bool free = lease_.term == 0;
  if (!free && world_->now() - seen_since_ < kLeaseTtl) return;
  const Millis sent = world_->now();
  const absl::StatusOr<controller::Lease> taken =
      store_->TakeLease(lease_, absl::StrCat("c", index_, "-", incarnation_));
  if (!taken.ok()) return;
  lease_ = *taken;
  renewed_ = sent;
  store_->SetTerm(lease_.term);
  farm_->SetTerm(lease_.term, [this] { return MayAct(); });
  controller::Converger::Ports ports;
  ports.farm = farm_.get();
  ports.store = store_.get();
  ports.clock = &clock_;
  ports.reports = [this](const std::vector<ServerUuid>& servers) { return Reports(servers); };
  ports.may_act = [this] {
    return MayAct() ? absl::OkStatus() : absl::AbortedError("the lease may be lost");
  };
  ports.run_hook = [this](const controller::Snapshot&, const controller::RunHook&,
                          const std::function<bool()>& is_moot) { return RunProgram(is_moot); };
  ports.run_all = [this](std::vector<std::function<void()>> jobs, const auto& /*watch*/) {
    while (!jobs.empty()) {
      const int next = world_->chance().Below(static_cast<int>(jobs.size()));
      jobs[next]();
      jobs.erase(jobs.begin() + next);
    }
  };
  ports.new_operation_id = [this] {
    return absl::StrCat("failover-", lease_.term, "-", world_->now());
  };
  controller::Converger::Options options;
  options.probe_deadline = absl::Milliseconds(200);
  options.step_deadline = absl::Milliseconds(500);
  options.failover_cool_down = absl::Milliseconds(500);
  options.heard_threshold = absl::Milliseconds(700);
  options.narrow_after = absl::Milliseconds(300);
  options.sick_after = absl::Milliseconds(kSickAfter);
  converger_ = std::make_unique<controller::Converger>(kGroup, options, std::move(ports));
  leading_ = true;
  settled_rounds_ = 0;
  next_round_ = world_->now();
}

bool SimController::MayAct() {
  while (paused_ && !crashed_) world_->Tick();
  return !crashed_ && leading_ && world_->now() < renewed_ + kLeaseTtl - kLeaseMargin;
}

void SimController::OneRound() {
  const controller::Round round = converger_->Once();
  if (crashed_) return;
  if (round.snapshot.has_value()) world_->checkers().OnLook(*round.snapshot);
  const bool idle = round.plan.steps.empty() && !round.plan.refusal.has_value();
  const bool settled = round.end == controller::RoundEnd::kSettled;
  settled_rounds_ = settled ? settled_rounds_ + 1 : 0;
  last_plan_ = ToString(round.plan);
  if (!idle) listener_(index_, round);
  Millis rest = 0;
  switch (round.end) {
    case controller::RoundEnd::kActed:
      break;
    case controller::RoundEnd::kFailed:
    case controller::RoundEnd::kWaiting:
      rest = 60;
      break;
    case controller::RoundEnd::kRefused:
      rest = 400;
      break;
    case controller::RoundEnd::kSettled:
      rest = 500;
      break;
  }
  next_round_ = world_->now() + rest;
}

void SimController::Watch() {
  const int node = world_->ControllerNode(index_);
  int lost = 0;
  for (size_t m = 0; m < lost_since_.size(); ++m) {
    const int monitor = world_->MonitorNode(static_cast<int>(m));
    for (const SimServer& server : world_->servers()) {
      Millis& since = lost_since_[m][server.index];
      const bool heard = server.responsive() && world_->Connects(monitor, server.index);
      if (heard) {
        since = -1;
      } else if (since < 0) {
        const bool refused = server.down && world_->Connects(monitor, server.index);
        since = refused ? world_->now() - kMonitorPatience : world_->now();
      }
      if (since >= 0 && since + kMonitorPatience <= world_->now() &&
          world_->Connects(monitor, node)) {
        ++lost;
      }
    }
  }
  if (lost != lost_count_) next_round_ = std::min(next_round_, world_->now());  // a report wakes it
  lost_count_ = lost;
}

bool SimController::HasLost(size_t monitor, const SimServer& server) const {
  const Millis since = lost_since_[monitor][server.index];
  return since >= 0 && since + kMonitorPatience <= world_->now();
}

// As HealthTable has it: it hears of no machine, not even that a port is closed.
bool SimController::IsBlind(size_t monitor) const {
  const int node = world_->MonitorNode(static_cast<int>(monitor));
  return std::all_of(world_->servers().begin(), world_->servers().end(),
                     [&](const SimServer& server) {
                       const bool refused = server.down && world_->Connects(node, server.index);
                       return HasLost(monitor, server) && !refused;
                     });
}

bool SimController::CommitsStandStill(const SimServer& server) const {
  const auto old = [&](const auto& commits) {
    return !commits.empty() && commits.front().since + kSickAfter <= world_->now();
  };
  return old(server.waiting) || (server.stuck && old(server.queued));
}

// It takes its time, in which it may be left alone, and answers what it likes.
std::string SimController::RunProgram(const std::function<bool()>& is_moot) {
  const Millis until = world_->now() + world_->chance().Between(0, 150);
  while (world_->now() < until && !is_moot()) world_->Tick();
  if (world_->chance().OneIn(4)) return absl::StrCat(kHookAborted, "exit code 1");
  return world_->chance().OneIn(3) ? "passed over: exit code 1" : kHookOk;
}

std::map<ServerUuid, controller::Report> SimController::Reports(
    const std::vector<ServerUuid>& servers) {
  std::map<ServerUuid, controller::Report> reports;
  for (size_t m = 0; m < lost_since_.size(); ++m) {
    const int monitor = world_->MonitorNode(static_cast<int>(m));
    if (!world_->Connects(monitor, world_->ControllerNode(index_))) continue;
    const std::string zone = m % 2 == 0 ? "even" : "odd";
    const bool blind = IsBlind(m);
    for (const SimServer& server : world_->servers()) {
      if (std::find(servers.begin(), servers.end(), server.uuid) == servers.end()) continue;
      controller::Report& report = reports[server.uuid];
      if (blind) {
        ++report.blind;
        continue;
      }
      ++report.observers;
      report.zones.insert(zone);
      if (!HasLost(m, server) && server.uuid == world_->record().primary) {
        ++report.writers;
        if (CommitsStandStill(server)) ++report.write_failing;
      }
      if (!HasLost(m, server)) continue;
      ++report.unreachable;
      report.lost_in.insert(zone);
    }
  }
  return reports;
}

}  // namespace weft::simulation
