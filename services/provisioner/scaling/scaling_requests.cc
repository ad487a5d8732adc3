#include "services/provisioner/scaling/scaling_requests.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "services/provisioner/ports/machine_address.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kLongestReach = absl::Hours(2);
constexpr absl::Duration kLongestCatchUp = absl::Hours(24);
constexpr absl::Duration kLongestDrain = absl::Hours(2);

absl::Status CheckTime(absl::string_view field, absl::Duration time, absl::Duration least,
                       absl::Duration most) {
  if (time >= least && time <= most) return absl::OkStatus();
  return BadArgument(field,
                     absl::StrCat(absl::FormatDuration(least), " to ", absl::FormatDuration(most)),
                     absl::FormatDuration(time));
}

absl::Status CheckAsked(const ScalingAsked& asked) {
  const ScalingWish& wish = asked.wish;
  const absl::Duration moment = absl::Milliseconds(1);
  WEFT_RETURN_IF_ERROR(CheckTime("reach_timeout", wish.reach_timeout, moment, kLongestReach));
  WEFT_RETURN_IF_ERROR(
      CheckTime("catch_up_timeout", wish.catch_up_timeout, moment, kLongestCatchUp));
  WEFT_RETURN_IF_ERROR(
      CheckTime("drain_timeout", wish.drain_timeout, absl::ZeroDuration(), kLongestDrain));
  const double weight = asked.terms.weight.value_or(1);
  if (!std::isfinite(weight) || weight < 0 || weight > 1) {
    return BadArgument("weight", "0 to 1", absl::StrCat(weight));
  }
  WEFT_RETURN_IF_ERROR(CheckMeta(wish.like.meta));
  return ValidateZone(asked.terms.zone);
}

bool HasAddress(const Machine& machine, const HostPort& address) {
  return std::any_of(machine.addresses.begin(), machine.addresses.end(),
                     [&](const MachineAddress& one) { return HostPortOf(one) == address; });
}

// The machine that carries a server: of its uuid, as some providers make them, or else the only one
// of its address. Private addresses of different places may be the same.
void FindMachine(const std::vector<MachineEntry>& machines, const Server& server,
                 ScalingMember* member) {
  std::vector<const Machine*> found;
  for (const MachineEntry& entry : machines) {
    if (entry.machine.uuid == server.uuid.text()) {
      found = {&entry.machine};
      break;
    }
    if (HasAddress(entry.machine, server.address)) found.push_back(&entry.machine);
  }
  if (found.size() > 1) {
    for (const Machine* const machine : found) member->maybe.push_back(machine->uuid);
  } else if (!found.empty()) {
    member->machine = found.front()->uuid;
    member->provider = found.front()->provider_id;
  }
}

// What was asked for is forgotten at its end, and older releases did not keep how many servers.
bool AskedForTheSame(const Job& job, const ScalingAsked& asked) {
  if (job.done()) return true;
  const absl::StatusOr<ScalingWish> wish = ParseScalingWish(job.request);
  if (!wish.ok()) return false;
  MachineOrder like = wish->like;
  like.user_data = asked.wish.like.user_data;  // is sealed, each time anew
  return (!wish->servers.has_value() || wish->servers == asked.servers) && like == asked.wish.like;
}

bool IsScaling(const Job& job) { return job.kind == kScaleGroup || job.kind == kHealGroup; }

}  // namespace

ScalingRequests::ScalingRequests(ScalingPorts ports, ConductorPace pace, JobRunner* runner)
    : ports_(std::move(ports)), pace_(pace), runner_(runner) {
  for (const char* kind : {kScaleGroup, kHealGroup}) {
    runner_->Handle(
        kind, [this](RunningJob& job) { return Work(job); }, JobRunner::Part::kConducts);
  }
}

absl::StatusOr<ScalingGroup> ScalingRequests::See(const std::string& group) {
  WEFT_ASSIGN_OR_RETURN(GroupView view, ports_.editor->Look(group));
  WEFT_ASSIGN_OR_RETURN(const std::vector<MachineEntry> machines,
                        ports_.inventory->ListMachines(""));
  ScalingGroup seen;
  seen.id = group;
  seen.durability = view.durability;
  seen.acknowledgements = view.acknowledgements;
  seen.acknowledgers = std::move(view.acknowledgers);
  seen.continues_alone = view.continues_alone;
  for (MemberView& one : view.members) {
    ScalingMember member;
    member.healthy = one.healthy;
    FindMachine(machines, one.server, &member);
    member.server = std::move(one.server);
    seen.members.push_back(std::move(member));
  }
  return seen;
}

absl::StatusOr<ScalingPlan> ScalingRequests::Plan(const ScalingAsked& asked) {
  ScalingTerms terms = asked.terms;
  if (!terms.provider.empty()) {
    WEFT_RETURN_IF_ERROR(ports_.inventory->GetProvider(terms.provider).status());
  } else {
    WEFT_ASSIGN_OR_RETURN(const std::vector<ProviderEntry> all, ports_.inventory->ListProviders());
    if (all.size() == 1) terms.only_provider = all.front().record.id;
  }
  WEFT_ASSIGN_OR_RETURN(const ScalingGroup group, See(asked.group));
  WEFT_ASSIGN_OR_RETURN(ScalingPlan plan, asked.servers.has_value()
                                              ? PlanScale(group, *asked.servers, terms)
                                              : PlanHeal(group, terms));
  std::set<std::string> providers;
  for (const ScalingStep& step : plan.steps) {
    if (step.kind == ScalingStep::Kind::kAdd) providers.insert(step.provider);
  }
  for (const std::string& provider : providers) {
    WEFT_RETURN_IF_ERROR(ports_.directory->Open(provider).status());
  }
  return plan;
}

absl::Status ScalingRequests::CheckAlone(const std::string& group, const std::string& job) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<Job> jobs, ports_.inventory->ListJobs());
  for (const Job& other : jobs) {
    if (!IsScaling(other) || other.group != group) continue;
    if (other.id == job) return absl::OkStatus();
    return Refusal(absl::StatusCode::kAborted, "SCALING_UNDER_WAY",
                   absl::StrCat("the size of group ", group, " is being changed already"),
                   "one such operation at a time",
                   absl::StrCat("operation ", other.id, " (", other.kind, ")"),
                   absl::StrCat("weft operation wait ", other.id));
  }
  return absl::OkStatus();
}

absl::StatusOr<ScalingRequests::Begun> ScalingRequests::Scale(const ScalingAsked& asked,
                                                              const Caller& caller) {
  const char* const kind = asked.servers.has_value() ? kScaleGroup : kHealGroup;
  Begun begun;
  JobRequest request;
  request.kind = kind;
  request.group = asked.group;
  request.request_id = caller.request_id;
  request.user = caller.user;
  // A repetition finds it at work or done: the group is no longer what was planned for.
  WEFT_ASSIGN_OR_RETURN(
      std::optional<Job> earlier,
      runner_->FindEarlier(request, [&](const Job& job) { return AskedForTheSame(job, asked); }));
  if (earlier.has_value()) {
    begun.job = *std::move(earlier);
    begun.plan.reason = "it was asked for before";
    return begun;
  }
  WEFT_RETURN_IF_ERROR(CheckAsked(asked));
  ScalingWish wish = asked.wish;
  WEFT_ASSIGN_OR_RETURN(wish.like.user_data,
                        ports_.directory->CloseSecret(asked.wish.like.user_data, "user_data"));
  WEFT_ASSIGN_OR_RETURN(begun.plan, Plan(asked));
  WEFT_RETURN_IF_ERROR(CheckAlone(asked.group, ""));
  if (caller.validate_only || begun.plan.steps.empty()) return begun;
  wish.steps = begun.plan.steps;
  wish.asked = ports_.clock->Now();
  wish.servers = asked.servers;
  request.request = ToJson(wish);
  WEFT_ASSIGN_OR_RETURN(begun.job, runner_->Run(request));
  return begun;
}

absl::StatusOr<std::string> ScalingRequests::Work(RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(ScalingWish wish, ParseScalingWish(job.request()));
  WEFT_ASSIGN_OR_RETURN(ScalingNotes notes, ParseScalingNotes(job.notes()));
  const std::optional<absl::Status> given_up = notes.given_up;
  ScalingWalk walk(ports_, pace_, &job, std::move(wish), std::move(notes));
  if (given_up.has_value()) return walk.GiveUp(*given_up);
  // Of two that were asked for at the same moment the one recorded first goes on.
  Conductor conductor(pace_, &job, ports_.inventory, ports_.editor, ports_.clock);
  const absl::Status alone = conductor.Retry([&] { return CheckAlone(job.group(), job.id()); });
  if (job.lost()) return alone;
  // One that is resumed may have machines to put back.
  if (!alone.ok()) return walk.GiveUp(alone);
  absl::StatusOr<std::string> result = walk.Go();
  if (result.ok() || job.lost()) return result;
  return walk.GiveUp(result.status());
}

}  // namespace weft::provisioner
