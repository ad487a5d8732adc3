#include "services/provisioner/scaling/plan.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

constexpr int kMostServers = 100;

std::string Members(size_t number) {
  return absl::StrCat(number, number == 1 ? " member" : " members");
}

absl::Status ProviderNeeded(absl::string_view why) {
  return Refusal(absl::StatusCode::kInvalidArgument, "PROVIDER_NEEDED", why,
                 "a provider that makes machines", "none",
                 "name one: --provider (weft provider list)");
}

absl::Status CheckHasPrimary(const ScalingGroup& group) {
  std::string found = "no primary";
  for (const ScalingMember& member : group.members) {
    if (member.server.status != ServerStatus::kPrimary) continue;
    if (member.healthy) return absl::OkStatus();
    found = absl::StrCat(member.server.address.ToString(), ", which does not answer");
  }
  return Refusal(absl::StatusCode::kFailedPrecondition, "NO_PRIMARY",
                 absl::StrCat("group ", group.id, " has no primary that answers"),
                 "a primary for members to follow", found,
                 absl::StrCat("see: weft why ", group.id, "; or weft group promote ", group.id));
}

// Who goes first has the least.
int RankOf(const ScalingMember& member) {
  switch (member.server.status) {
    case ServerStatus::kFaulty:
      return 0;
    case ServerStatus::kConfiguring:
      return 1;
    case ServerStatus::kSpare:
      return 2;
    case ServerStatus::kSecondary:
      return member.healthy ? 4 : 3;
    case ServerStatus::kPrimary:
      break;
  }
  return 5;
}

std::string WhyThis(const ScalingMember& member) {
  switch (RankOf(member)) {
    case 0:
      return "it is FAULTY";
    case 1:
      return "it is CONFIGURING";
    case 2:
      return "a spare serves nobody";
    case 3:
      return "it does not follow the primary";
    default:
      return absl::StrCat("no other secondary serves fewer reads (weight ", member.server.weight,
                          ")");
  }
}

ScalingStep RemovalOf(const ScalingMember& member, const ScalingTerms& terms, std::string why) {
  ScalingStep step;
  step.kind = ScalingStep::Kind::kRemove;
  step.provider = member.provider;
  step.server = member.server.uuid;
  step.address = member.server.address;
  step.machine = member.machine;
  step.reason = std::move(why);
  if (!member.maybe.empty()) {
    absl::StrAppend(&step.reason, "; no machine is destroyed: several have its address (",
                    absl::StrJoin(member.maybe, ", "), ")");
  }
  if (member.machine.empty()) return step;
  step.destroys_machine = !terms.keep_machines && member.server.errant.empty();
  if (!member.server.errant.empty()) {
    absl::StrAppend(&step.reason, "; its machine stays: it has transactions of its own");
  }
  return step;
}

// Secondaries whose acknowledgement a commit can count on.
size_t CountAcknowledging(const std::vector<const ScalingMember*>& members) {
  return std::count_if(members.begin(), members.end(), [](const ScalingMember* member) {
    return member->server.status == ServerStatus::kSecondary && member->healthy;
  });
}

// Acknowledgements that a commit waits for.
size_t NeededBy(const ScalingGroup& group) {
  if (group.durability != Durability::kLossless || group.acknowledgers.empty()) return 0;
  return std::max<uint32_t>(group.acknowledgements, 1);
}

std::vector<const ScalingMember*> AllOf(const ScalingGroup& group) {
  std::vector<const ScalingMember*> all;
  for (const ScalingMember& member : group.members) all.push_back(&member);
  return all;
}

// A copy of the primary, and the account of a new replica, wait for the commits before them.
absl::Status CheckCommitsPass(const ScalingGroup& group) {
  const size_t needed = NeededBy(group);
  const size_t there = CountAcknowledging(AllOf(group));
  if (there >= needed || group.continues_alone) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "COMMITS_WAIT",
                 absl::StrCat("commits of group ", group.id,
                              " wait for acknowledgements that nobody gives, and a new member "
                              "would wait for them"),
                 absl::StrCat(needed, " secondaries that acknowledge"), absl::StrCat(there),
                 absl::StrCat("start one of them again; or let writes go on without, until a new "
                              "member acknowledges: weft group set ",
                              group.id, " on_last_acknowledger_lost=continue"));
}

absl::Status CheckAcknowledged(const ScalingGroup& group,
                               const std::vector<const ScalingMember*>& all,
                               const std::vector<const ScalingMember*>& left) {
  const size_t needed = NeededBy(group);
  const size_t rest = CountAcknowledging(left);
  if (rest >= needed || rest == CountAcknowledging(all)) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "TOO_FEW_ACKNOWLEDGERS",
                 absl::StrCat("group ", group.id, " is lossless: its writes would stop"),
                 absl::StrCat(needed, " secondaries that acknowledge"),
                 absl::StrCat(rest, " would be left"),
                 absl::StrCat("keep more servers, or give the promise up: weft group set ",
                              group.id, " --durability async"));
}

absl::StatusOr<ScalingPlan> PlanDown(const ScalingGroup& group, size_t servers,
                                     const ScalingTerms& terms) {
  const std::vector<const ScalingMember*> all = AllOf(group);
  std::vector<const ScalingMember*> ordered = all;
  std::sort(ordered.begin(), ordered.end(), [](const ScalingMember* a, const ScalingMember* b) {
    const auto key = [](const ScalingMember* one) {
      return std::make_tuple(RankOf(*one), one->server.weight, one->machine.empty(),
                             one->server.uuid);
    };
    return key(a) < key(b);
  });
  const size_t leaving = all.size() - servers;
  WEFT_RETURN_IF_ERROR(CheckAcknowledged(
      group, all, std::vector<const ScalingMember*>(ordered.begin() + leaving, ordered.end())));
  ScalingPlan plan;
  for (size_t i = 0; i < leaving; ++i) {
    plan.steps.push_back(RemovalOf(*ordered[i], terms, WhyThis(*ordered[i])));
  }
  plan.reason = absl::StrCat("the group has ", Members(all.size()), ", wished for are ", servers);
  return plan;
}

}  // namespace

absl::StatusOr<ScalingPlan> PlanScale(const ScalingGroup& group, int servers,
                                      const ScalingTerms& terms) {
  if (servers < 1 || servers > kMostServers) {
    return Refusal(
        absl::StatusCode::kInvalidArgument, "BAD_SERVERS",
        absl::StrCat("a group cannot have ", servers, " members"),
        absl::StrCat("1 to ", kMostServers, ", the primary among them"), absl::StrCat(servers),
        servers == 0 ? absl::StrCat("to end it: weft group destroy ", group.id, " --force")
                     : "wish for another number");
  }
  WEFT_RETURN_IF_ERROR(CheckHasPrimary(group));
  const size_t wished = servers;
  const size_t has = group.members.size();
  if (has > wished) return PlanDown(group, wished, terms);
  const std::string& provider = terms.provider.empty() ? terms.only_provider : terms.provider;
  ScalingPlan plan;
  if (has == wished) {
    plan.reason = absl::StrCat("the group has ", Members(has), " already");
  } else {
    plan.reason = absl::StrCat("the group has ", Members(has), ", wished for are ", wished);
    if (provider.empty()) return ProviderNeeded(plan.reason);
    WEFT_RETURN_IF_ERROR(CheckCommitsPass(group));
  }
  for (size_t number = has + 1; number <= wished; ++number) {
    ScalingStep step;
    step.provider = provider;
    step.weight = terms.weight.value_or(1);
    step.zone = terms.zone;
    step.reason = absl::StrCat("member ", number, " of ", wished);
    plan.steps.push_back(std::move(step));
  }
  const auto faulty = std::count_if(
      group.members.begin(), group.members.end(),
      [](const ScalingMember& member) { return member.server.status == ServerStatus::kFaulty; });
  if (faulty > 0) {
    absl::StrAppend(&plan.reason, "; ", faulty, " of them FAULTY: weft group heal ", group.id,
                    " replaces these");
  }
  return plan;
}

absl::StatusOr<ScalingPlan> PlanHeal(const ScalingGroup& group, const ScalingTerms& terms) {
  WEFT_RETURN_IF_ERROR(CheckHasPrimary(group));
  ScalingPlan plan;
  for (const ScalingMember& member : group.members) {
    if (member.server.status != ServerStatus::kFaulty) continue;
    const std::string address = member.server.address.ToString();
    ScalingStep addition;
    addition.provider = terms.provider.empty() ? member.provider : terms.provider;
    if (addition.provider.empty()) addition.provider = terms.only_provider;
    if (addition.provider.empty()) {
      return ProviderNeeded(absl::StrCat(address, " is FAULTY, and on no machine that Weft made"));
    }
    addition.weight = terms.weight.value_or(member.server.weight);
    addition.zone = terms.zone.empty() ? member.server.zone : terms.zone;
    addition.promotion_rule = member.server.promotion_rule;
    addition.reason = absl::StrCat("in place of ", address);
    plan.steps.push_back(std::move(addition));
    plan.steps.push_back(RemovalOf(member, terms, WhyThis(member)));
  }
  if (!plan.steps.empty()) WEFT_RETURN_IF_ERROR(CheckCommitsPass(group));
  plan.reason = plan.steps.empty() ? "nothing is FAULTY"
                                   : absl::StrCat(Members(plan.steps.size() / 2), " FAULTY");
  return plan;
}

}  // namespace weft::provisioner
