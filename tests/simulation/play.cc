#include "tests/simulation/play.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weft::simulation {
namespace {

constexpr Millis kSetUpTime = 1000;
constexpr Millis kQuiet = 400;
// A replica that applies a tenth of what it could needs half of it for what a scenario writes.
constexpr Millis kSettleTime = 60000;
constexpr int kSettledRounds = 5;

std::string WithoutTime(const Fault& fault) {
  const std::string text = ToString(fault);
  return text.substr(text.find(' ') + 1);
}

}  // namespace

Play::Play(const Scenario& scenario, bool keep_log)
    : scenario_(scenario),
      keep_log_(keep_log),
      world_(scenario.world),
      admin_(&world_),
      controller_faults_(scenario.world.controllers),
      pauses_(scenario.world.controllers),
      stalls_(scenario.world.servers),
      sticks_(scenario.world.servers) {
  world_.set_stale_clients(scenario.stale_clients);
  if (scenario.taken_over) ReplicateByHand();
  CreateGroup();
  world_.AddActor([this] { Strike(); });
  for (int i = 0; i < scenario.world.controllers; ++i) {
    controllers_.push_back(std::make_unique<SimController>(
        &world_, i, &store_down_, &store_flaky_,
        [this](int controller, const controller::Round& round) { OnRound(controller, round); }));
    SimController* const one = controllers_.back().get();
    world_.AddActor([one] { one->LeaseTurn(); });
    world_.AddActor([one] { one->RoundTurn(); });
  }
}

void Play::ReplicateByHand() {
  for (SimServer& server : world_.servers()) {
    server.starts_writable = true;
    if (server.index == 0) {
      server.read_only = false;
      continue;
    }
    server.configured = server.applier_on = true;
    server.source = 0;
    server.StartReceiver(world_.now());
  }
}

void Play::CreateGroup() {
  Group group;
  group.id = "g";
  group.active = true;
  group.durability = scenario_.lossless ? Durability::kLossless : Durability::kAsync;
  group.acknowledgements = scenario_.acknowledgements;
  if (scenario_.continues) {
    group.settings.on_last_acknowledger_lost = OnLastAcknowledgerLost::kContinue;
  }
  if (scenario_.replaces_sick) group.settings.primary_sick = PrimarySick::kFailover;
  if (scenario_.hooks) group.settings.before_failover = group.settings.before_switchover = "ask";
  if (scenario_.taken_over) {
    group.primary = world_.servers().front().uuid;
    group.epoch = 1;
    group.history = {{.number = 1, .primary = group.primary, .at_start = {}, .started = {}}};
  }
  admin_.CreateGroup(group).IgnoreError();
  for (const SimServer& one : world_.servers()) {
    Server server;
    server.uuid = one.uuid;
    server.address = one.address;
    server.group = "g";
    const bool spare = one.index >= scenario_.world.servers - scenario_.spares;
    server.status = spare                       ? ServerStatus::kSpare
                    : one.uuid == group.primary ? ServerStatus::kPrimary
                                                : ServerStatus::kSecondary;
    server.mode = DefaultMode(server.status);
    admin_.AddServer("g", admin_.Load("g")->revision, server).IgnoreError();
  }
  world_.Publish(*admin_.Load("g"));
}

Outcome Play::Finish() {
  RunUntil(100);
  if (!scenario_.taken_over) Request(Goal::kPromote, kPrimary);
  RunUntil(kSetUpTime);
  while ((next_fault_ < scenario_.faults.size() || !healings_.empty()) && world_.checkers().ok()) {
    RunUntil(world_.now() + 50);
  }
  RunUntil(world_.now() + kQuiet);
  world_.StopClients();
  bool settled = Settle(kSettleTime);
  if (settled && world_.record().primary.empty()) {
    // Who wants a primary now lets anybody lead.
    for (int i = 0; i < scenario_.world.servers; ++i) ChangeRule(i, PromotionRule::kNeutral);
    Request(Goal::kPromote, kPrimary);
    settled = Settle(kSettleTime);
  }
  Checkers& checkers = world_.checkers();
  if (!settled && checkers.ok()) {
    std::string last;
    for (const auto& one : controllers_) {
      if (one->leading()) last = one->last_plan();
    }
    checkers.Fail("never settles", absl::StrReplaceAll(last, {{"\n", "; "}}));
  }
  checkers.OnEnd(world_.record(), world_.servers());
  NoteEnd();
  outcome_.failure = checkers.failure();
  outcome_.acked = static_cast<int>(checkers.ledger().size());
  outcome_.epochs = world_.record().epoch;
  return std::move(outcome_);
}

void Play::NoteEnd() {
  if (!keep_log_) return;
  const Group& record = world_.record();
  std::string acknowledgers;
  for (const ServerUuid& server : record.acknowledgers.servers) {
    absl::StrAppend(&acknowledgers, acknowledgers.empty() ? "" : " ", server.text());
  }
  Note(absl::StrCat("settled: epoch ", record.epoch, ", primary ",
                    record.primary.empty() ? "none" : record.primary.text(), ", acknowledgers {",
                    acknowledgers, "}"));
  for (const Server& server : record.servers) {
    Note(absl::StrCat(server.uuid.text(), " ", ToString(server.status),
                      server.set_aside.empty() ? "" : ", aside: ", server.set_aside));
  }
}

void Play::Strike() {
  for (size_t i = 0; i < healings_.size();) {
    if (healings_[i].at > world_.now()) {
      ++i;
      continue;
    }
    const Healing healing = healings_[i];
    healings_.erase(healings_.begin() + static_cast<int64_t>(i));
    End(healing.fault, healing.target);
  }
  while (next_fault_ < scenario_.faults.size() &&
         scenario_.faults[next_fault_].at <= world_.now()) {
    Begin(scenario_.faults[next_fault_++]);
  }
  if (!healings_.empty()) world_.Disturb();
}

void Play::RunUntil(Millis time) {
  while (world_.now() < time && world_.checkers().ok()) world_.Tick();
}

bool Play::Settle(Millis within) {
  const Millis end = world_.now() + within;
  bool was_settled = false;
  for (const auto& one : controllers_) one->CountSettledAnew();
  while (world_.now() < end && world_.checkers().ok()) {
    RunUntil(world_.now() + 50);
    const auto leader = std::find_if(controllers_.begin(), controllers_.end(),
                                     [](const auto& one) { return one->leading(); });
    if (leader == controllers_.end()) continue;
    const int rounds = (*leader)->settled_rounds();
    if (rounds >= kSettledRounds) return true;
    if (was_settled && rounds == 0) {
      world_.checkers().Fail("settled plan not empty", (*leader)->last_plan());
    }
    // A second look that found nothing to do: nothing may come up any more by itself.
    was_settled = rounds >= 3;
  }
  return false;
}

int Play::Resolve(const Fault& fault) const {
  if (fault.target != kPrimary) return fault.target;
  for (int i = 0; i < scenario_.world.servers; ++i) {
    if (const_cast<World&>(world_).servers()[i].uuid == world_.record().primary) return i;
  }
  return 0;
}

void Play::CutServer(int server, bool controllers, bool monitors, bool servers, int by) {
  const auto cut = [&](int node) {
    if (node == server) return;
    world_.Cut(server, node, by);
    world_.Cut(node, server, by);
  };
  for (int i = 0; servers && i < scenario_.world.servers; ++i) cut(i);
  for (int i = 0; controllers && i < scenario_.world.controllers; ++i) {
    cut(world_.ControllerNode(i));
  }
  for (int i = 0; monitors && i < scenario_.world.monitors; ++i) cut(world_.MonitorNode(i));
}

void Play::Begin(const Fault& fault) {
  const int target = Resolve(fault);
  world_.Disturb();
  Note(WithoutTime(fault));
  if (Ask(fault, target)) return;
  if (!Hit(fault, target, 1)) HitWeft(fault, target, 1);
  if (fault.lasts > 0) healings_.push_back({world_.now() + fault.lasts, fault, target});
}

void Play::End(const Fault& fault, int target) {
  Note(absl::StrCat("end of ", WithoutTime(fault)));
  if (!Hit(fault, target, -1)) HitWeft(fault, target, -1);
}

bool Play::Hit(const Fault& fault, int target, int by) {
  const bool begins = by > 0;
  SimServer& server = world_.servers()[target];
  switch (fault.kind) {
    case FaultKind::kCrash:
      begins ? world_.Crash(target) : world_.Restart(target);
      return true;
    case FaultKind::kHang:
      begins ? world_.Hang(target) : world_.Wake(target);
      return true;
    case FaultKind::kIsolate:
      CutServer(target, /*controllers=*/true, /*monitors=*/true, /*servers=*/true, by);
      return true;
    case FaultKind::kCut:
      world_.Cut(target, fault.other, by);
      world_.Cut(fault.other, target, by);
      return true;
    case FaultKind::kCutControllers:
      CutServer(target, /*controllers=*/true, /*monitors=*/false, /*servers=*/false, by);
      return true;
    case FaultKind::kCutMonitors:
      CutServer(target, /*controllers=*/false, /*monitors=*/true, /*servers=*/false, by);
      return true;
    case FaultKind::kReject:
      server.rejects = begins;
      return true;
    case FaultKind::kStall:
      stalls_[target] += by;
      server.applier_stalled = stalls_[target] > 0;
      return true;
    case FaultKind::kStick:
      sticks_[target] += by;
      sticks_[target] > 0 ? world_.Stick(target) : world_.Free(target);
      return true;
    case FaultKind::kErrant:
      world_.WriteErrant(target);
      return true;
    case FaultKind::kPurge:
      world_.Purge(target);
      return true;
    default:
      return false;
  }
}

void Play::HitWeft(const Fault& fault, int target, int by) {
  const bool begins = by > 0;
  switch (fault.kind) {
    case FaultKind::kStoreDown:
      store_down_ = begins;
      break;
    case FaultKind::kStoreFlaky:
      store_flaky_ = begins;
      break;
    case FaultKind::kCrashController:
      controller_faults_[target] += by;
      if (begins) controllers_[target]->Crash();
      if (controller_faults_[target] == 0) controllers_[target]->Restart();
      break;
    case FaultKind::kPauseController:
      pauses_[target] += by;
      if (begins) world_.checkers().OnPause(world_.now(), fault.lasts);
      controllers_[target]->Pause(pauses_[target] > 0);
      break;
    case FaultKind::kCrashMonitor:
      for (int i = 0; i < scenario_.world.controllers; ++i) {
        world_.Cut(world_.MonitorNode(target), world_.ControllerNode(i), by);
      }
      break;
    case FaultKind::kDeactivate:
      ChangeGroup(!begins, world_.record().durability);
      break;
    case FaultKind::kSwitchOff:
      ChangeSettings([&](GroupSettings* settings) { settings->failover_enabled = !begins; });
      break;
    case FaultKind::kWindow:
      if (!begins) break;  // it ends by itself
      ChangeSettings([&](GroupSettings* settings) {
        settings->maintenance[""] = {world_.WallTime() + absl::Milliseconds(fault.lasts),
                                     "a window", "somebody"};
      });
      break;
    case FaultKind::kRaise:
      ChangeAcknowledgements(scenario_.acknowledgements + (begins ? 1 : 0));
      break;
    case FaultKind::kOtherLoss:
      ChangeSettings([&](GroupSettings* settings) {
        settings->on_last_acknowledger_lost = begins != scenario_.continues
                                                  ? OnLastAcknowledgerLost::kContinue
                                                  : OnLastAcknowledgerLost::kWait;
      });
      break;
    case FaultKind::kAsync:
      ChangeGroup(world_.record().active,
                  begins || !scenario_.lossless ? Durability::kAsync : Durability::kLossless);
      break;
    default:
      break;
  }
}

void Play::OnRound(int controller, const controller::Round& round) {
  ++outcome_.looks;
  if (!round.plan.steps.empty()) outcome_.last_act = world_.now();
  if (!keep_log_) return;
  const std::string plan(absl::StripTrailingAsciiWhitespace(ToString(round.plan)));
  // A refusal is said once, as long as it stays the same.
  if (std::exchange(last_plan_, plan) == plan && round.plan.refusal.has_value()) return;
  std::string who = scenario_.world.controllers > 1 ? absl::StrCat("c", controller + 1, " ") : "";
  Note(absl::StrCat(who, plan));
  for (const controller::StepResult& result : round.results) {
    if (result.status.ok()) continue;
    Note(absl::StrCat(who, "failed: ", ToString(result.step), ": ",
                      std::string(result.status.message())));
  }
}

void Play::Note(const std::string& line) {
  if (!keep_log_) return;
  std::string text = line;
  for (const SimServer& server : world_.servers()) {
    const std::string letter(1, static_cast<char>('a' + server.index));
    text = absl::StrReplaceAll(
        text, {{server.uuid.text(), letter}, {absl::StrCat(letter, ":3306"), letter}});
  }
  outcome_.log.push_back(absl::StrCat(world_.now(), "ms ", text));
}

Outcome Simulate(const Scenario& scenario, bool keep_log) {
  return Play(scenario, keep_log).Finish();
}

Scenario Shrink(const Scenario& scenario) {
  const auto rule = [](const Outcome& outcome) {
    return outcome.failure.substr(0, outcome.failure.find(':'));
  };
  const std::string wanted = rule(Simulate(scenario, /*keep_log=*/false));
  Scenario smallest = scenario;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t i = 0; i < smallest.faults.size(); ++i) {
      Scenario without = smallest;
      without.faults.erase(without.faults.begin() + static_cast<int64_t>(i));
      if (rule(Simulate(without, /*keep_log=*/false)) != wanted) continue;
      smallest = without;
      smaller = true;
      break;
    }
  }
  return smallest;
}

}  // namespace weft::simulation
