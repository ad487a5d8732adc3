// What people ask for while a scenario is played, as the controller's API writes it.
#include "absl/strings/str_cat.h"
#include "tests/simulation/play.h"

namespace weft::simulation {

bool Play::Ask(const Fault& fault, int target) {
  switch (fault.kind) {
    case FaultKind::kPromote:
      Request(Goal::kPromote, fault.target);
      return true;
    case FaultKind::kDemote:
      Request(Goal::kDemote, kPrimary);
      return true;
    case FaultKind::kSpare:
      ChangeStatus(target, ServerStatus::kSecondary, ServerStatus::kSpare);
      return true;
    case FaultKind::kSecondary:
      ChangeStatus(target, ServerStatus::kSpare, ServerStatus::kSecondary);
      return true;
    case FaultKind::kPrefer:
      ChangeRule(target, PromotionRule::kPrefer);
      return true;
    case FaultKind::kNeutral:
      ChangeRule(target, PromotionRule::kNeutral);
      return true;
    case FaultKind::kPreferNot:
      ChangeRule(target, PromotionRule::kPreferNot);
      return true;
    case FaultKind::kMustNot:
      ChangeRule(target, PromotionRule::kMustNot);
      return true;
    default:
      return false;
  }
}

void Play::Request(Goal goal, int target) {
  const Group group = *admin_.Load("g");
  Intent intent;
  intent.goal = goal;
  if (target != kPrimary) intent.target = world_.servers()[target].uuid;
  intent.operation = absl::StrCat("request-", ++requests_);
  intent.write_stop_budget = absl::Milliseconds(1500);
  controller::Operation operation;
  operation.id = intent.operation;
  operation.kind = goal == Goal::kPromote ? "promote" : "demote";
  operation.group = "g";
  admin_.SetTerm(admin_.ReadLease()->term);
  admin_.SetIntent("g", group.revision, intent, operation).IgnoreError();
  for (const auto& one : controllers_) one->Wake();
}

void Play::ChangeGroup(bool active, Durability durability) {
  Group group = *admin_.Load("g");
  group.active = active;
  group.durability = durability;
  admin_.SetTerm(admin_.ReadLease()->term);
  admin_.UpdateGroup(group).IgnoreError();
}

void Play::ChangeAcknowledgements(uint32_t count) {
  for (const auto& one : controllers_) {
    if (one->leading()) one->ChangeAcknowledgements(count);
  }
}

void Play::ChangeSettings(const std::function<void(GroupSettings*)>& change) {
  Group group = *admin_.Load("g");
  change(&group.settings);
  admin_.SetTerm(admin_.ReadLease()->term);
  admin_.UpdateGroup(group).IgnoreError();
}

void Play::ChangeStatus(int server, ServerStatus from, ServerStatus to) {
  const Group group = *admin_.Load("g");
  Server record = *group.Find(world_.servers()[server].uuid);
  if (record.status != from) return;
  record.status = to;
  record.mode = DefaultMode(to);
  admin_.SetTerm(admin_.ReadLease()->term);
  admin_.UpdateServer("g", group.revision, record.uuid, record).IgnoreError();
}

void Play::ChangeRule(int server, PromotionRule rule) {
  const Group group = *admin_.Load("g");
  Server record = *group.Find(world_.servers()[server].uuid);
  record.promotion_rule = rule;
  admin_.SetTerm(admin_.ReadLease()->term);
  if (!admin_.UpdateServer("g", group.revision, record.uuid, record).ok()) return;
  world_.checkers().OnRule(record.uuid, rule, world_.now());
}

}  // namespace weft::simulation
