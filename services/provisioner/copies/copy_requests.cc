#include "services/provisioner/copies/copy_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/provisioner/copies/progress_json.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/event_zones.h"
#include "services/provisioner/dataset/folder_swap.h"
#include "services/provisioner/dataset/plugin_copy.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/source_choice.h"
#include "services/provisioner/dataset/source_settings.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

using nlohmann::json;

constexpr char kKind[] = "clone";
constexpr absl::Duration kAgain = absl::Milliseconds(500);

std::string WrittenDown(const CopyAsked& asked) {
  return json{{"target", asked.target},
              {"source", asked.source},
              {"method", std::string(ToString(asked.method))},
              {"bytes_per_second", asked.bytes_per_second},
              {"surrender", asked.surrender}}
      .dump();
}

// Kept before the target's first byte is touched: from then on its data are nobody's. By its uuid
// it is known under another name, too. The folders are those of servers of this machine: the target
// may stand still when the copy is resumed, and the source may have settings of the copy.
struct Touched {
  bool touched = false;
  std::string target_uuid;
  std::string folder;
  std::string source_folder;
};

std::string WrittenDown(const Touched& touched) {
  return json{{"touched", touched.touched},
              {"target_uuid", touched.target_uuid},
              {"folder", touched.folder},
              {"source_folder", touched.source_folder}}
      .dump();
}

Touched ReadNotes(const std::string& text) {
  const json notes = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!notes.is_object()) return {};
  return {notes.value("touched", false), notes.value("target_uuid", ""), notes.value("folder", ""),
          notes.value("source_folder", "")};
}

CopyAsked ReadBack(const RunningJob& job) {
  const json request = json::parse(job.request(), nullptr, /*allow_exceptions=*/false);
  CopyAsked asked;
  asked.group = job.group();
  if (!request.is_object()) return asked;
  asked.target = request.value("target", "");
  asked.source = request.value("source", "");
  asked.method = ParseCopyMethod(request.value("method", "")).value_or(CopyMethod::kAuto);
  asked.bytes_per_second = request.value("bytes_per_second", int64_t{0});
  asked.surrender = request.value("surrender", false) || ReadNotes(job.notes()).touched;
  return asked;
}

std::vector<SourceCandidate> CandidatesOf(std::vector<MemberView> members) {
  std::vector<SourceCandidate> candidates;
  candidates.reserve(members.size());
  for (MemberView& member : members) {
    candidates.push_back({std::move(member.server), member.healthy, member.unhealthy_because});
  }
  return candidates;
}

std::string ResultOf(const CopyPlan& plan, const CopyFigures& figures) {
  return json{{"bytes", figures.bytes},
              {"rows", figures.rows},
              {"seconds", absl::ToDoubleSeconds(figures.took)},
              {"method", std::string(ToString(plan.method))},
              {"source", plan.source.address.ToString()},
              {"target", plan.target.ToString()}}
      .dump();
}

// Of a copy that has ended: one that failed does not say any more onto what.
bool MayHaveBeenOnto(const std::string& target, const std::string& result) {
  const json figures = json::parse(result, nullptr, /*allow_exceptions=*/false);
  if (!figures.is_object() || !figures.contains("target")) return true;
  const auto asked = HostPort::Parse(target);
  const auto made = HostPort::Parse(figures.value("target", ""));
  return asked.ok() && made.ok() && *asked == *made;
}

}  // namespace

CopyRequests::CopyRequests(CopyOptions options, const FarmAccess* access, GroupDirectory* groups,
                           Inventory* inventory, JobRunner* runner, Clock* clock)
    : options_(std::move(options)),
      access_(access),
      groups_(groups),
      inventory_(inventory),
      runner_(runner),
      clock_(clock) {
  runner_->Handle(kKind, [this](RunningJob& job) { return Work(job); });
}

absl::StatusOr<CopyPlan> CopyRequests::Plan(const CopyAsked& asked) {
  WEFT_ASSIGN_OR_RETURN(std::vector<MemberView> members, groups_->MembersOf(asked.group));
  WEFT_ASSIGN_OR_RETURN(SourceChoice choice,
                        ChooseSource(CandidatesOf(std::move(members)), asked.source));
  WEFT_ASSIGN_OR_RETURN(const HostPort target, HostPort::Parse(asked.target));
  WEFT_ASSIGN_OR_RETURN(const ServerFacts to, GatherFacts(*access_, target, Duty::kRestore));
  WEFT_ASSIGN_OR_RETURN(const ServerFacts from,
                        GatherFacts(*access_, choice.server.address, Duty::kBackup));
  CopyWish wish;
  wish.method = asked.method;
  wish.surrender = asked.surrender;
  wish.plugin_missing = asked.plugin_missing;
  wish.source_is_primary = choice.server.status == ServerStatus::kPrimary;
  WEFT_ASSIGN_OR_RETURN(Membership member, groups_->FindMember({target}, to.uuid));
  wish.target_group = std::move(member.group);
  wish.target_is_store = options_.is_store && options_.is_store(target, to.uuid);
  WEFT_ASSIGN_OR_RETURN(const MethodChoice method, JudgeCopy(from, to, wish));
  if (method.method == CopyMethod::kLogical) {
    WEFT_RETURN_IF_ERROR(CheckEventZones(*access_, choice.server.address, target));
  }
  CopyPlan plan;
  plan.reason = absl::StrCat(choice.reason, "; ", method.reason);
  plan.source = std::move(choice.server);
  plan.target = target;
  plan.target_uuid = to.uuid;
  plan.target_folder = to.folder;
  plan.source_folder = from.folder;
  plan.method = method.method;
  plan.bytes = from.bytes;
  const uint64_t by_default = wish.source_is_primary ? options_.bytes_per_second_from_primary : 0;
  plan.bytes_per_second = asked.bytes_per_second == 0
                              ? by_default
                              : static_cast<uint64_t>(std::max<int64_t>(asked.bytes_per_second, 0));
  return plan;
}

absl::Status CopyRequests::CheckAlone(const HostPort& target, const ServerUuid& uuid,
                                      const std::string& job) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<Job> jobs, inventory_->ListJobs());
  for (const Job& other : jobs) {
    if (other.kind != kKind) continue;
    const json request = json::parse(other.request, nullptr, /*allow_exceptions=*/false);
    const auto onto = HostPort::Parse(request.is_object() ? request.value("target", "") : "");
    if (other.id == job) return absl::OkStatus();
    const bool same_server = !uuid.empty() && ReadNotes(other.notes).target_uuid == uuid.text();
    if (!same_server && (!onto.ok() || *onto != target)) continue;
    return Refusal(absl::StatusCode::kAborted, kCloneUnderWay,
                   absl::StrCat("a copy onto ", target.ToString(), " is under way"),
                   "no other copy", absl::StrCat("operation ", other.id),
                   absl::StrCat("weft operation wait ", other.id));
  }
  return absl::OkStatus();
}

absl::Status CopyRequests::AwaitAlone(const CopyAsked& asked, const ServerUuid& uuid,
                                      const RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(const HostPort target, HostPort::Parse(asked.target));
  while (true) {
    const absl::Status alone = CheckAlone(target, uuid, job.id());
    // While the store is away the claim cannot be renewed, which ends the waiting.
    if (!IsStoreAway(alone) || job.cancelled()) return alone;
    clock_->Sleep(kAgain);
  }
}

absl::StatusOr<CopyRequests::Begun> CopyRequests::Clone(const CopyAsked& asked) {
  Begun begun;
  JobRequest request;
  request.kind = kKind;
  request.group = asked.group;
  request.request_id = asked.request_id;
  request.user = asked.user;
  request.request = WrittenDown(asked);
  // A repetition finds the copy at work or done: its target is no longer what was checked.
  WEFT_ASSIGN_OR_RETURN(std::optional<Job> earlier,
                        runner_->FindEarlier(request, [&](const Job& job) {
                          return job.done() ? MayHaveBeenOnto(asked.target, job.result)
                                            : job.request == request.request;
                        }));
  if (earlier.has_value()) {
    begun.job = *std::move(earlier);
    return begun;
  }
  WEFT_ASSIGN_OR_RETURN(const HostPort target, HostPort::Parse(asked.target));
  // A copy that has got hold of the target ends the sessions of others there, also of a look: it is
  // known by its address before one, and under another name by a second one.
  WEFT_RETURN_IF_ERROR(CheckAlone(target, ServerUuid(), ""));
  absl::StatusOr<CopyPlan> plan = Plan(asked);
  if (absl::IsUnavailable(plan.status())) plan = Plan(asked);
  WEFT_ASSIGN_OR_RETURN(begun.plan, std::move(plan));
  WEFT_RETURN_IF_ERROR(CheckAlone(target, begun.plan.target_uuid, ""));
  if (asked.validate_only) return begun;
  WEFT_ASSIGN_OR_RETURN(begun.job, runner_->Run(request));
  return begun;
}

absl::StatusOr<CopyPlan> CopyRequests::PlanReady(CopyAsked asked) {
  WEFT_ASSIGN_OR_RETURN(CopyPlan plan, Plan(asked));
  if (plan.method != CopyMethod::kPlugin) return plan;
  CopyOrder order;
  order.source = plan.source.address;
  order.target = plan.target;
  const absl::Status installed = InstallClonePlugins(*access_, order);
  if (installed.ok()) return plan;
  const bool other =
      asked.method == CopyMethod::kAuto && ErrorReason(installed) == "METHOD_UNAVAILABLE";
  if (!other) return installed;
  asked.plugin_missing = std::string(installed.message());
  return Plan(asked);
}

absl::StatusOr<CopyPlan> CopyRequests::PlanAgain(const CopyAsked& asked, const RunningJob& job) {
  const Deadline deadline = Deadline::After(clock_, CopyOrder().patience);
  while (true) {
    absl::StatusOr<CopyPlan> plan = PlanReady(asked);
    if (plan.ok() || !absl::IsUnavailable(plan.status())) return plan;
    if (deadline.Passed() || job.cancelled()) return plan;
    clock_->Sleep(kAgain);
  }
}

// A target may have become somebody's since it was looked at first.
absl::Status CopyRequests::CheckNobodys(const HostPort& server, const ServerUuid& uuid) const {
  WEFT_ASSIGN_OR_RETURN(const Membership member, groups_->FindMember({server}, uuid));
  const bool is_store = options_.is_store && options_.is_store(server, uuid);
  if (member.group.empty() && !is_store) return absl::OkStatus();
  const std::string what = is_store ? "a state store" : absl::StrCat("in group ", member.group);
  return absl::FailedPreconditionError(absl::StrCat("it is ", what, " by now"));
}

// A copy that was begun and cannot be resumed.
absl::Status CopyRequests::GiveUp(const CopyAsked& asked, const RunningJob& job,
                                  const absl::Status& failure) {
  CopyOrder order;
  WEFT_ASSIGN_OR_RETURN(order.target, HostPort::Parse(asked.target));
  order.job = job.id();
  order.resumed = true;
  const auto facts = GatherFacts(*access_, order.target, Duty::kRestore);
  if (facts.ok()) {
    CopyWatch watch;
    watch.may_be_emptied = [&] { return CheckNobodys(order.target, facts->uuid); };
    return LeaveEmpty(
        *access_, order, /*held=*/false, failure, watch, [&job] { return job.lost(); }, clock_);
  }
  absl::Status status = Annotate(
      failure, absl::StrCat(asked.target, " was left as it is and may hold no whole copy"));
  AddErrorMetadata(status, "target", "unknown");
  return status;
}

absl::StatusOr<std::string> CopyRequests::Work(RunningJob& job) {
  job.Report(0, "look at both servers");
  const Touched before = ReadNotes(job.notes());
  const CopyAsked asked = ReadBack(job);
  const auto plan_anew = [&]() -> absl::StatusOr<CopyPlan> {
    // Of two that were asked for at the same moment the one recorded first goes on.
    WEFT_RETURN_IF_ERROR(AwaitAlone(asked, ServerUuid(), job));
    // One that cannot be asked keeps its note for the next copy, or restarts with its own settings.
    MendSource(*access_, before.source_folder).IgnoreError();
    WEFT_RETURN_IF_ERROR(MendFolder(before.folder, clock_));
    absl::StatusOr<CopyPlan> plan = before.touched ? PlanAgain(asked, job) : PlanReady(asked);
    // Now also under another name.
    if (plan.ok()) WEFT_RETURN_IF_ERROR(AwaitAlone(asked, plan->target_uuid, job));
    return plan;
  };
  absl::StatusOr<CopyPlan> planned = plan_anew();
  const bool is_anothers = ErrorReason(planned.status()) == kCloneUnderWay;
  if (!planned.ok() && before.touched && !is_anothers && !job.lost()) {
    return GiveUp(asked, job, planned.status());
  }
  WEFT_ASSIGN_OR_RETURN(const CopyPlan plan, std::move(planned));
  WEFT_RETURN_IF_ERROR(job.Keep(
      WrittenDown(Touched{true, plan.target_uuid.text(), plan.target_folder, plan.source_folder})));
  WEFT_RETURN_IF_ERROR(MendFolder(plan.target_folder, clock_));
  CopyOrder order;
  order.source = plan.source.address;
  order.target = plan.target;
  order.job = job.id();
  order.resumed = before.touched;
  order.bytes_per_second = plan.bytes_per_second;
  order.streams = options_.streams;
  const absl::Duration start = clock_->MonotonicNow();
  CopyWatch watch;
  watch.cancelled = [&job] { return job.cancelled(); };
  watch.may_be_emptied = [&] { return CheckNobodys(plan.target, plan.target_uuid); };
  watch.report = [&](const CopyProgress& progress) {
    const uint64_t of = std::max(progress.estimate, progress.bytes);
    const double share =
        of == 0 ? 0 : static_cast<double>(progress.bytes) / static_cast<double>(of);
    const absl::Duration elapsed = clock_->MonotonicNow() - start;
    // What comes after the bytes is of unknown length.
    job.Report(0.95 * share, ProgressText(progress, elapsed));
    job.ShowFigures(ProgressJson(progress, elapsed));
  };
  const auto run = [&] {
    return RunCopy(
        *access_, plan.method, order, watch, [&job] { return job.lost(); }, clock_);
  };
  absl::StatusOr<CopyFigures> figures = run();
  // The clone that this one goes on from may have come to its end, and restarted the target.
  const bool cut_off = before.touched && absl::IsUnavailable(figures.status());
  if (cut_off && !job.cancelled()) figures = run();
  WEFT_RETURN_IF_ERROR(figures.status());
  return ResultOf(plan, *figures);
}

}  // namespace weft::provisioner
