#include "tests/model/well.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/model/group.h"
#include "tests/model/farm.h"
#include "tests/model/record.h"

namespace weft::model {
namespace {

constexpr int kMostRounds = 60;

void HealAll(State* state) {
  state->isolated = state->weft_cut = state->leader_cut = state->pair_cut = 0;
  for (int i = 0; i < kServers; ++i) {
    Server& there = state->servers[i];
    if (there.process == kDown) Restart(state, i);
    there.process = kUp;
    there.rejects = there.lost = 0;
  }
  state->leader.there = 1;
  state->faults = state->requests = 0;
}

// Everything that needs no leader, until nothing is left of it.
void LetSettle(State* state, std::string* broken) {
  for (bool moved = true; moved;) {
    moved = false;
    Normalize(state);
    for (int i = 0; i < kServers; ++i) {
      ServerStep late = state->servers[i].late;
      if (late.kind != kNoStep && RunStatement(state, i, &late, broken) != Ran::kBlocked) {
        state->servers[i].late = {};
        moved = true;
      }
      moved |= Connect(state, i);
      moved |= Receive(state, i);
      moved |= Apply(state, i);
      for (int to = 0; to < kServers; ++to) moved |= TakeAcknowledgement(state, i, to, broken);
    }
  }
}

void RunSteps(State* state, std::string* broken) {
  for (int i = 0; i < kServers; ++i) {
    for (ServerStep& step : state->leader.steps[i]) {
      Ran ran = Ran::kGoesOn;
      while (step.kind != kNoStep && ran != Ran::kDone) {
        ran = RunStatement(state, i, &step, broken);
        if (ran != Ran::kBlocked) continue;
        LetSettle(state, broken);
        ran = RunStatement(state, i, &step, broken);
        if (ran == Ran::kBlocked) break;  // it times out
      }
    }
    state->leader.steps[i] = {};
  }
}

std::string CheckOthers(const State& state) {
  const uint8_t primary = state.record.primary;
  Set errant = state.errant;
  if (primary != kNobody) errant &= ~state.servers[primary].executed;
  for (int i = 0; i < kServers; ++i) {
    if (i == primary) continue;
    const Server& there = state.servers[i];
    const std::string name = NameOf(i);
    if (there.read_only == 0) return absl::StrCat("rule 2: ", name, " stays writable");
    const bool aside = state.record.aside[i] != 0;
    if ((there.executed & errant) != 0 && !aside && primary != kNobody) {
      return absl::StrCat("rule 6: ", name, " is errant and not set aside");
    }
    if (aside && there.receiver != 0) {
      return absl::StrCat("rule 6: ", name, " is set aside and receives");
    }
    if (aside || primary == kNobody) continue;
    if (there.connected == 0 || there.source != primary || there.applier == 0) {
      return absl::StrCat("rule 9: ", name, " does not follow ", NameOf(primary));
    }
  }
  return "";
}

std::string CheckSettled(const State& state) {
  const Record& record = state.record;
  std::string wrong = CheckOthers(state);
  if (!wrong.empty() || record.primary == kNobody) return wrong;
  const Server& primary = state.servers[record.primary];
  const std::string name = NameOf(record.primary);
  if (primary.read_only != 0) return absl::StrCat("rule 8: ", name, " stays read-only");
  if (!Contains(primary.executed, state.promised)) {
    return absl::StrCat("rule 1: ", name, " lacks acknowledged ",
                        TextOf(static_cast<Set>(state.promised & ~primary.executed)));
  }
  bool acknowledged = false;
  bool any = false;
  for (int i = 0; i < kServers; ++i) {
    const Server& there = state.servers[i];
    if (i == record.primary || record.aside[i] != 0) continue;
    any |= record.status[i] != static_cast<uint8_t>(ServerStatus::kSpare);
    acknowledged |= there.connected != 0 && there.semi != 0 && Has(record.acknowledgers, i);
  }
  if (any && primary.armed == 0) return absl::StrCat("rule 5: ", name, " is not armed");
  if (any && !acknowledged) return absl::StrCat("rule 8: nobody acknowledges to ", name);
  return "";
}

// Back to what is well, or not, in the order in which a leader that nothing hinders would do it.
std::string Work(State state, Decisions* decisions, const std::unordered_set<uint64_t>& good,
                 std::vector<uint64_t>* met, State* end) {
  std::string broken;
  std::string last;
  int settled = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    LetSettle(&state, &broken);
    RunSteps(&state, &broken);
    if (state.leader.record.kind != kNoRecord) ApplyRecord(&state, &broken);
    LetSettle(&state, &broken);
    if (!broken.empty()) return broken;
    Names names;
    const uint64_t hash = Hash(Canonical(state, &names));
    if (good.contains(hash)) return "";
    met->push_back(hash);
    const Look look = LookAt(state);
    const Decision& decision = decisions->Of(state, look, /*fresh=*/true).front();
    last = decision.text;
    settled = decision.settled ? settled + 1 : 0;
    for (Server& server : state.servers) server.late = {};
    state.leader.memory = decision.memory;
    TakeOn(decision, look, &state, &broken);
    if (settled == 2) {
      *end = state;
      Normalize(end);
      return CheckSettled(state);
    }
  }
  return absl::StrCat("rule 8: never settles; at last: ", last);
}

}  // namespace

std::string WhyNotWell(State state, Decisions* decisions, std::unordered_set<uint64_t>* good) {
  HealAll(&state);
  std::vector<uint64_t> met;
  State end;
  std::string why = Work(state, decisions, *good, &met, &end);
  if (why.empty()) good->insert(met.begin(), met.end());
  return why;
}

State Settled(uint8_t rule, uint8_t status, Decisions* decisions) {
  State state;
  state.leader.there = 1;
  state.record.active = 1;
  state.record.goal = static_cast<uint8_t>(Goal::kPromote);
  state.record.target = 0;
  state.record.status.fill(static_cast<uint8_t>(ServerStatus::kSecondary));
  state.record.rule.fill(static_cast<uint8_t>(PromotionRule::kNeutral));
  state.record.status[2] = status;
  state.record.rule[2] = rule;
  std::vector<uint64_t> met;
  State end;
  const std::string why = Work(state, decisions, {}, &met, &end);
  if (!why.empty()) std::abort();
  end.record.epoch = 1;
  return end;
}

}  // namespace weft::model
