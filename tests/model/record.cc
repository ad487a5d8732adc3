#include "tests/model/record.h"

#include "absl/strings/str_cat.h"
#include "common/model/group.h"
#include "tests/model/farm.h"

namespace weft::model {
namespace {

constexpr auto kKeep = static_cast<uint8_t>(Goal::kKeep);
constexpr auto kPromote = static_cast<uint8_t>(Goal::kPromote);

// Rule 7: it answers, but is full; a replica that the leader reaches receives from it; or the
// monitors do not miss it.
void CheckDeath(const State& state, const Look& look, std::string* broken) {
  const uint8_t primary = state.record.primary;
  const Server& there = state.servers[primary];
  if (look[primary].contact != 2) {
    *broken = "rule 7: a failover of a primary that is alive";
  } else if (there.lost == 0) {
    *broken = "rule 7: a failover of a primary that the monitors reach";
  }
  for (int i = 0; i < kServers; ++i) {
    if (i == primary || look[i].contact != 0 || look[i].receiver != 2) continue;
    const bool streams =
        look[i].source == primary && there.process == kUp && Linked(state, i, primary);
    if (streams) *broken = "rule 7: a failover of a primary that streams";
  }
}

// Rules 5 and 6: of who is to lead.
void CheckWinner(const State& state, const Look& look, uint8_t winner, std::string* broken) {
  const Record& record = state.record;
  if (record.rule[winner] == static_cast<uint8_t>(PromotionRule::kMustNot)) {
    *broken = "rule 5: a MUST_NOT server is to lead";
  }
  Set errant = state.errant;
  if (record.primary != kNobody) errant &= ~state.servers[record.primary].executed;
  if (((look[winner].executed | look[winner].received) & errant) != 0) {
    *broken = "rule 6: an errant server is to lead";
  }
}

void DoCommit(const RecordStep& step, State* state, std::string* broken) {
  Record& record = state->record;
  const uint8_t loser = record.primary;
  if (step.server != kNobody) {
    const Server& winner = state->servers[step.server];
    if (!Contains(winner.executed, state->promised)) {
      *broken = absl::StrCat("rule 1: ", NameOf(step.server), " leads and lacks acknowledged ",
                             TextOf(static_cast<Set>(state->promised & ~winner.executed)));
    } else if (!Contains(winner.executed, record.watermark)) {
      *broken = absl::StrCat("rule 3: ", NameOf(step.server), " leads below the watermark");
    }
  }
  if (loser != kNobody) {
    state->errant &= ~state->servers[loser].executed;
    if (loser != step.server) {
      record.status[loser] =
          static_cast<uint8_t>(step.flag != 0 ? ServerStatus::kFaulty : ServerStatus::kSecondary);
    }
  }
  if (step.server != kNobody) {
    record.status[step.server] = static_cast<uint8_t>(ServerStatus::kPrimary);
    record.aside[step.server] = record.errant[step.server] = 0;
  }
  ++record.epoch;
  record.primary = step.server;
  record.acknowledgers = step.servers;
  record.watermark |= step.set;
  record.at_start = step.set;
  if (record.goal == kPromote) record.target = step.server;
  state->commits_wait = step.servers != 0;
  state->leader.memory.current = 0;
}

void EndIntent(Record* record) {
  record->goal = kKeep;
  record->target = kNobody;
  record->failover = record->reopen = record->given_up = 0;
}

}  // namespace

void TakeOn(const Decision& decision, const Look& look, State* state, std::string* broken) {
  Leader& leader = state->leader;
  leader.steps = decision.steps;
  leader.record = decision.record;
  leader.look = look;
  if (leader.record.kind == kBeginFailover) CheckDeath(*state, look, broken);
  if (leader.record.kind == kCommit && leader.record.server != kNobody) {
    CheckWinner(*state, look, leader.record.server, broken);
  }
}

void ApplyRecord(State* state, std::string* broken) {
  const RecordStep step = state->leader.record;
  state->leader.record = {};
  Record& record = state->record;
  switch (step.kind) {
    case kCommit:
      DoCommit(step, state, broken);
      return;
    case kSetAcknowledgers:
      record.acknowledgers = step.servers;
      record.watermark |= step.set;
      return;
    case kSetStatus:
      record.status[step.server] = step.flag;
      record.aside[step.server] = step.aside;
      record.errant[step.server] = step.set;
      return;
    case kBeginFailover:
      if (record.goal != kKeep) return;
      record.goal = kPromote;
      record.failover = 1;
      return;
    case kBeginSwitchover:
      if (record.goal == kKeep) return;
      record.target = step.server;
      record.reopen = 1;
      return;
    case kGiveUp:
      if (record.goal != kKeep) record.given_up = 1;
      return;
    default:
      EndIntent(&record);
  }
}

std::string TextOf(const RecordStep& step) {
  std::string servers;
  for (int i = 0; i < kServers; ++i) {
    if (Has(step.servers, i)) absl::StrAppend(&servers, NameOf(i));
  }
  switch (step.kind) {
    case kCommit:
      return absl::StrCat("commit ", NameOf(step.server), ", acknowledgers [", servers, "]");
    case kSetAcknowledgers:
      return absl::StrCat("acknowledgers [", servers, "]");
    case kSetStatus:
      return absl::StrCat("status of ", NameOf(step.server), " ",
                          ToString(static_cast<ServerStatus>(step.flag)),
                          step.aside != 0 ? ", set aside" : "");
    case kBeginFailover:
      return "begin failover";
    case kBeginSwitchover:
      return absl::StrCat("begin switchover to ", NameOf(step.server));
    case kGiveUp:
      return "give up";
    case kFinish:
      return "finish";
    default:
      return "the intent ends as refused";
  }
}

}  // namespace weft::model
