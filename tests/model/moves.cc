#include "tests/model/moves.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/model/group.h"
#include "tests/model/farm.h"
#include "tests/model/record.h"

namespace weft::model {
namespace {

// Collects what can happen next in one state.
class Expansion {
 public:
  Expansion(const State& state, const Bounds& bounds, Decisions* decisions, std::vector<Next>* next)
      : state_(state), bounds_(bounds), decisions_(decisions), next_(next) {}

  void All() {
    for (int i = 0; i < kServers; ++i) {
      Replication(i);
      LeaderOn(i);
      Heal(i);
      if (state_.faults < bounds_.faults) Fault(i);
    }
    Leader();
    if (state_.faults < bounds_.faults && state_.leader.there != 0) CrashLeader();
    if (state_.requests < bounds_.requests) Request();
  }

 private:
  template <typename Change>
  void Add(Move move, Change change) {
    Next& one = next_->emplace_back(Next{move, state_, ""});
    change(&one.state, &one.broken);
    Normalize(&one.state);
  }
  // As Add, if `change` could be made.
  template <typename Change>
  void Try(Move move, Change change) {
    Next& one = next_->emplace_back(Next{move, state_, ""});
    if (!change(&one.state, &one.broken)) {
      next_->pop_back();
      return;
    }
    Normalize(&one.state);
  }

  void Replication(int i);
  void LeaderOn(int i);
  void Leader();
  void Look();
  void Record();
  void Heal(int i);
  void Fault(int i);
  void CrashLeader();
  void Request();
  bool IsIdle() const;

  const State& state_;
  const Bounds& bounds_;
  Decisions* const decisions_;
  std::vector<Next>* const next_;
};

void Expansion::Replication(int i) {
  const Server& there = state_.servers[i];
  const auto server = static_cast<uint8_t>(i);
  if (there.process == kUp && there.read_only == 0 && state_.count() < bounds_.transactions) {
    Add({Kind::kWrite, server}, [&](State* s, std::string* broken) { Commit(s, i, broken); });
  }
  Try({Kind::kConnect, server}, [&](State* s, std::string*) { return Connect(s, i); });
  Try({Kind::kDisconnect, server}, [&](State* s, std::string*) { return Disconnect(s, i); });
  Try({Kind::kReceive, server}, [&](State* s, std::string*) { return Receive(s, i); });
  Try({Kind::kApply, server}, [&](State* s, std::string*) { return Apply(s, i); });
  for (int to = 0; to < kServers; ++to) {
    Try({Kind::kAcknowledge, server, static_cast<uint8_t>(to)},
        [&](State* s, std::string* broken) { return TakeAcknowledgement(s, i, to, broken); });
  }
  const bool silent = there.connected != 0 && (!Linked(state_, i, there.source) ||
                                               state_.servers[there.source].process != kUp);
  if (silent && there.heard == 0) {
    Add({Kind::kFallSilent, server}, [&](State* s, std::string*) { s->servers[i].heard = 1; });
  }
  const uint8_t lost = there.process != kUp || !MonitorsReach(state_, i);
  if (lost != there.lost) {
    Add({Kind::kNotice, server}, [&](State* s, std::string*) { s->servers[i].lost = lost; });
  }
  if (there.late.kind != kNoStep && there.process == kUp) {
    Try({Kind::kRunLate, server}, [&](State* s, std::string* broken) {
      ServerStep late = std::exchange(s->servers[i].late, ServerStep{});
      return RunStatement(s, i, &late, broken) != Ran::kBlocked;
    });
  }
}

void Shift(std::array<ServerStep, kMostSteps>* steps) {
  std::rotate(steps->begin(), steps->begin() + 1, steps->end());
  steps->back() = {};
}

void Expansion::LeaderOn(int i) {
  const ServerStep& step = state_.leader.steps[i][0];
  if (state_.leader.there == 0 || step.kind == kNoStep) return;
  const Server& there = state_.servers[i];
  const auto server = static_cast<uint8_t>(i);
  const bool reaches = LeaderReaches(state_, i);
  if (reaches && Answers(there)) {
    const size_t before = next_->size();
    Try({Kind::kStep, server}, [&](State* s, std::string* broken) {
      s->servers[i].late = {};  // its session is killed first
      Ran ran = Ran::kGoesOn;
      bool moved = false;
      do {
        ran = RunStatement(s, i, &s->leader.steps[i][0], broken);
        moved |= ran != Ran::kBlocked;
      } while (bounds_.whole_steps && ran == Ran::kGoesOn);
      if (moved && ran == Ran::kBlocked) return true;
      if (ran == Ran::kDone) Shift(&s->leader.steps[i]);
      return ran != Ran::kBlocked;
    });
    if (next_->size() > before) return;
    Add({Kind::kTimeOut, server}, [&](State* s, std::string*) { s->leader.steps[i] = {}; });
    return;
  }
  Add({Kind::kFail, server, 0}, [&](State* s, std::string*) { s->leader.steps[i] = {}; });
  if (there.process == kDown || there.rejects != 0 || there.late.kind != kNoStep) return;
  Add({Kind::kFail, server, 1}, [&](State* s, std::string*) {
    s->servers[i].late = s->leader.steps[i][0];
    s->leader.steps[i] = {};
  });
}

bool Expansion::IsIdle() const {
  const auto& steps = state_.leader.steps;
  return state_.leader.there != 0 && state_.leader.record.kind == kNoRecord &&
         std::all_of(steps.begin(), steps.end(),
                     [](const auto& queue) { return queue[0].kind == kNoStep; });
}

void Expansion::Leader() {
  if (IsIdle()) Look();
  if (state_.leader.record.kind != kNoRecord) Record();
  if (state_.leader.there == 0) {
    Add({Kind::kLead}, [&](State* s, std::string*) { s->leader.there = 1; });
  }
  Memory older = state_.leader.memory;
  for (int i = 0; i < kServers; ++i) {
    const auto& acks = state_.servers[i].acks;
    const bool on_its_way = std::any_of(acks.begin(), acks.end(), [](Set set) { return set != 0; });
    if (older.silent[i] == 1 && !on_its_way) older.silent[i] = 2;
  }
  if (older.silent != state_.leader.memory.silent) {
    Add({Kind::kTimePasses}, [&](State* s, std::string*) { s->leader.memory = older; });
  }
  Memory late = state_.leader.memory;
  if (late.fenced == 1) late.fenced = 2;
  if (late.switching == 1) late.switching = 2;
  if (late.fenced != state_.leader.memory.fenced ||
      late.switching != state_.leader.memory.switching) {
    Add({Kind::kBudgetEnds}, [&](State* s, std::string*) { s->leader.memory = late; });
  }
}

void Expansion::Look() {
  const model::Look look = LookAt(state_);
  const std::vector<Decision>& found = decisions_->Of(state_, look, /*fresh=*/true);
  for (size_t n = 0; n < found.size(); ++n) {
    Add({Kind::kLook, kNobody, static_cast<uint8_t>(n)}, [&](State* s, std::string* broken) {
      for (int i = 0; i < kServers; ++i) {
        if (look[i].contact == 0) s->servers[i].late = {};  // sessions of others are killed
      }
      s->leader.memory = found[n].memory;
      TakeOn(found[n], look, s, broken);
    });
  }
}

void Expansion::Record() {
  Add({Kind::kRecord}, [&](State* s, std::string* broken) { ApplyRecord(s, broken); });
  Next& alone = next_->back();
  if (!alone.broken.empty() || state_.leader.record.kind == kRefused) return;
  const State after = alone.state;
  const std::vector<Decision>& found = decisions_->Of(after, state_.leader.look, /*fresh=*/false);
  for (size_t n = 0; n < found.size(); ++n) {
    if (found[n].text == "settled" || found[n].text == "waits") continue;
    Add({Kind::kRecord, kNobody, static_cast<uint8_t>(n + 1)}, [&](State* s, std::string* broken) {
      *s = after;
      TakeOn(found[n], state_.leader.look, s, broken);
    });
  }
}

void Expansion::Heal(int i) {
  const auto server = static_cast<uint8_t>(i);
  const Server& there = state_.servers[i];
  if (there.process == kDown) {
    Add({Kind::kRestart, server}, [&](State* s, std::string*) { Restart(s, i); });
  }
  if (there.process == kHung) {
    Add({Kind::kWake, server}, [&](State* s, std::string*) { s->servers[i].process = kUp; });
  }
  if (there.rejects != 0) {
    Add({Kind::kEmpty, server}, [&](State* s, std::string*) { s->servers[i].rejects = 0; });
  }
  if (Has(state_.isolated, i)) {
    Add({Kind::kHeal, server}, [&](State* s, std::string*) { s->isolated &= ~Bit(i); });
  }
  if (Has(state_.weft_cut, i)) {
    Add({Kind::kHealWeft, server}, [&](State* s, std::string*) { s->weft_cut &= ~Bit(i); });
  }
  if (Has(state_.leader_cut, i)) {
    Add({Kind::kHealLeader, server}, [&](State* s, std::string*) { s->leader_cut &= ~Bit(i); });
  }
  if (Has(state_.pair_cut, i)) {
    Add({Kind::kHealPair, server}, [&](State* s, std::string*) { s->pair_cut &= ~Bit(i); });
  }
}

void Expansion::Fault(int i) {
  const auto server = static_cast<uint8_t>(i);
  const Server& there = state_.servers[i];
  const auto hit = [&](Kind kind, auto change) {
    if ((bounds_.kinds >> static_cast<int>(kind) & 1) == 0) return;
    Add({kind, server}, [&](State* s, std::string*) {
      ++s->faults;
      change(s);
    });
  };
  if (there.process != kDown) hit(Kind::kCrash, [&](State* s) { Crash(s, i); });
  if (there.process == kUp) hit(Kind::kHang, [&](State* s) { s->servers[i].process = kHung; });
  if (there.process == kUp && there.rejects == 0) {
    hit(Kind::kFill, [&](State* s) { s->servers[i].rejects = 1; });
  }
  if (!Has(state_.isolated, i)) hit(Kind::kIsolate, [&](State* s) { s->isolated |= Bit(i); });
  if (!Has(state_.weft_cut, i)) hit(Kind::kCutFromWeft, [&](State* s) { s->weft_cut |= Bit(i); });
  if (!Has(state_.leader_cut, i)) {
    hit(Kind::kCutFromLeader, [&](State* s) { s->leader_cut |= Bit(i); });
  }
  if (!Has(state_.pair_cut, i)) hit(Kind::kCutPair, [&](State* s) { s->pair_cut |= Bit(i); });
  if (there.connected != 0) {
    hit(Kind::kBreak, [&](State* s) {
      s->servers[i].connected = 0;
      s->servers[i].acks[there.source] = 0;
    });
  }
  if (there.process == kUp && i != state_.record.primary && state_.count() < bounds_.transactions) {
    hit(Kind::kErrant, [&](State* s) { WriteErrant(s, i); });
  }
}

void Expansion::CrashLeader() {
  if ((bounds_.kinds >> static_cast<int>(Kind::kCrashLeader) & 1) == 0) return;
  for (int i = -1; i < kServers; ++i) {
    if (i >= 0) {
      const ServerStep& step = state_.leader.steps[i][0];
      const Server& there = state_.servers[i];
      if (step.kind == kNoStep || there.process == kDown || there.late.kind != kNoStep) continue;
    }
    Add({Kind::kCrashLeader, i < 0 ? kNobody : static_cast<uint8_t>(i)},
        [&](State* s, std::string*) {
          ++s->faults;
          if (i >= 0) s->servers[i].late = s->leader.steps[i][0];
          s->leader = model::Leader{};
        });
  }
}

void Expansion::Request() {
  if (state_.record.goal != static_cast<uint8_t>(Goal::kKeep)) return;
  const auto ask = [&](Kind kind, uint8_t server, Goal goal) {
    Add({kind, server}, [&](State* s, std::string*) {
      ++s->requests;
      s->record.goal = static_cast<uint8_t>(goal);
      s->record.target = server;
    });
  };
  ask(Kind::kPromote, kNobody, Goal::kPromote);
  for (uint8_t i = 0; i < kServers; ++i) {
    if (i != state_.record.primary) ask(Kind::kPromote, i, Goal::kPromote);
  }
  ask(Kind::kDemote, kNobody, Goal::kDemote);
}

const char* const kWords[] = {"write on ",
                              "connect ",
                              "disconnect ",
                              "receive at ",
                              "apply at ",
                              "acknowledge by ",
                              "silence at ",
                              "monitors notice ",
                              "late: ",
                              "look",
                              "",
                              "no answer: ",
                              "timed out: ",
                              "record: ",
                              "another leads",
                              "time passes",
                              "budget ends",
                              "crash ",
                              "hang ",
                              "isolate ",
                              "cut weft from ",
                              "cut leader from ",
                              "cut the others of ",
                              "fill ",
                              "break receiver of ",
                              "errant write on ",
                              "crash leader",
                              "restart ",
                              "wake ",
                              "heal ",
                              "heal weft to ",
                              "heal leader to ",
                              "heal the others of ",
                              "empty ",
                              "promote ",
                              "demote"};

}  // namespace

void Expand(const State& state, const Bounds& bounds, Decisions* decisions,
            std::vector<Next>* next) {
  next->clear();
  Expansion(state, bounds, decisions, next).All();
}

std::string TextOf(const State& state, const Move& move, Decisions* decisions) {
  const std::string word = kWords[static_cast<int>(move.kind)];
  switch (move.kind) {
    case Kind::kLook:
      return absl::StrCat(word, ": ",
                          decisions->Of(state, LookAt(state), /*fresh=*/true)[move.other].text);
    case Kind::kRecord: {
      std::string text = absl::StrCat(word, TextOf(state.leader.record));
      if (move.other == 0) return text;
      State after = state;
      std::string broken;
      ApplyRecord(&after, &broken);
      Normalize(&after);
      const auto& found = decisions->Of(after, state.leader.look, /*fresh=*/false);
      return absl::StrCat(text, "; by the same look: ", found[move.other - 1].text);
    }
    case Kind::kStep:
    case Kind::kFail:
    case Kind::kTimeOut: {
      const ServerStep& step = state.leader.steps[move.server][0];
      return absl::StrCat(word, TextOf(step, move.server), " (", step.done + 1, ")",
                          move.other != 0 ? ", which is under way" : "");
    }
    case Kind::kRunLate:
      return absl::StrCat(word, TextOf(state.servers[move.server].late, move.server));
    case Kind::kAcknowledge:
      return absl::StrCat(word, NameOf(move.server), " to ", NameOf(move.other));
    case Kind::kCrashLeader:
      return move.server == kNobody
                 ? word
                 : absl::StrCat(word, ", under way: ",
                                TextOf(state.leader.steps[move.server][0], move.server));
    case Kind::kPromote:
      return absl::StrCat(word, move.server == kNobody ? "best" : NameOf(move.server));
    default:
      return move.server == kNobody ? word : absl::StrCat(word, NameOf(move.server));
  }
}

}  // namespace weft::model
