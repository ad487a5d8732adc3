#include "services/provisioner/scaling/walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "services/provisioner/ports/machine_address.h"
#include "services/provisioner/wishes.h"

namespace weft::provisioner {
namespace {

// The longest that the making of machines, or a clone, may take.
constexpr absl::Duration kLongest = absl::Hours(24);
// The longest that a controller's operation on one server may take.
constexpr absl::Duration kMembership = absl::Minutes(30);
// How long a secondary may take to be one of those whose acknowledgement counts.
constexpr absl::Duration kUntilAcknowledging = absl::Seconds(30);

absl::Status RemovedMeanwhile(const std::string& server, const std::string& group) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_REMOVED",
                 absl::StrCat("server ", server, " is in group ", group, " no more"),
                 "the member that was added", "none of its uuid",
                 "somebody removed it meanwhile: weft operation list");
}

}  // namespace

ScalingWalk::ScalingWalk(ScalingPorts ports, ConductorPace pace, RunningJob* job, ScalingWish wish,
                         ScalingNotes notes)
    : ports_(std::move(ports)),
      job_(job),
      wish_(std::move(wish)),
      notes_(std::move(notes)),
      conductor_(pace, job, ports_.inventory, ports_.editor, ports_.clock),
      machines_(wish_.steps.size()) {
  for (size_t step = 0; step < wish_.steps.size(); ++step) {
    if (At(step).kind != ScalingStep::Kind::kAdd) continue;
    ++additions_;
    auto made = std::find_if(made_.begin(), made_.end(),
                             [&](const Made& one) { return one.provider == At(step).provider; });
    if (made == made_.end()) made = made_.insert(made_.end(), {At(step).provider, {}});
    made->steps.push_back(step);
  }
  for (size_t i = 0; i < made_.size(); ++i) {
    for (size_t j = 0; j < made_[i].steps.size(); ++j) {
      machines_[made_[i].steps[j]] =
          MachineUuidOf(conductor_.RequestId(Id('m', i)), static_cast<int>(j) + 1);
    }
  }
}

std::string ScalingWalk::Id(char what, size_t step) const {
  return absl::StrCat(std::string(1, what), step + 1);
}

std::string ScalingWalk::Numbered(absl::string_view what) const {
  return absl::StrCat(what, " ", added_.size() + 1, " of ", additions_);
}

void ScalingWalk::Report(double share, absl::string_view phase) {
  const double all = static_cast<double>(wish_.steps.size() + (additions_ > 0 ? 1 : 0));
  job_->Report((done_ + share) / all, phase);
}

absl::Status ScalingWalk::Keep() {
  return conductor_.Retry([&] { return job_->Keep(ToJson(notes_)); });
}

absl::StatusOr<std::string> ScalingWalk::Go() {
  WEFT_RETURN_IF_ERROR(MakeMachines());
  for (size_t step = 0; step < wish_.steps.size(); ++step) {
    WEFT_RETURN_IF_ERROR(At(step).kind == ScalingStep::Kind::kAdd ? Add(step) : Remove(step));
    ++done_;
  }
  WEFT_RETURN_IF_ERROR(left_);
  return ScalingResult(added_, removed_, ports_.clock->Now() - wish_.asked);
}

absl::Status ScalingWalk::MakeMachines() {
  for (size_t i = 0; i < made_.size(); ++i) {
    Report(0, "create machines");
    MachineRequests::CreateOrder order;
    order.provider = made_[i].provider;
    order.count = static_cast<int>(made_[i].steps.size());
    order.like = wish_.like;
    WEFT_ASSIGN_OR_RETURN(order.like.user_data,
                          ports_.directory->OpenSecret(wish_.like.user_data, "user_data"));
    order.reach_timeout = wish_.reach_timeout;
    WEFT_ASSIGN_OR_RETURN(
        const Job making,
        conductor_.Child(Id('m', i), [&](const std::string& id) -> absl::StatusOr<Job> {
          WEFT_ASSIGN_OR_RETURN(
              MachineRequests::Begun begun,
              ports_.machines->Create(order, {.user = job_->user(), .request_id = id}));
          return std::move(begun.job);
        }));
    WEFT_RETURN_IF_ERROR(conductor_.Await(making.id, kLongest, [&](const Job& now) {
      const double providers = static_cast<double>(made_.size());
      Report((static_cast<double>(i) + now.progress) / providers,
             absl::StrCat("create machines: ", now.phase));
    }));
  }
  if (!made_.empty()) ++done_;
  return absl::OkStatus();
}

absl::StatusOr<HostPort> ScalingWalk::AddressOf(const std::string& machine) {
  HostPort found;
  absl::Status last = absl::UnavailableError("it has no address");
  const absl::Status reached = conductor_.Until(wish_.reach_timeout, [&]() -> absl::StatusOr<bool> {
    WEFT_ASSIGN_OR_RETURN(const MachineEntry entry, ports_.inventory->GetMachine(machine));
    for (const MachineAddress& address : entry.machine.addresses) {
      MachineAddress asked = address;
      found = HostPortOf(address);
      asked.port = found.port;
      last = ports_.reach(asked);
      if (last.ok()) return true;
    }
    return false;
  });
  if (reached.ok()) return found;
  if (!absl::IsDeadlineExceeded(reached)) return reached;
  return Refusal(absl::StatusCode::kDeadlineExceeded, "MACHINE_UNREACHABLE",
                 absl::StrCat("machine ", machine, " was made, but its server not reached"),
                 absl::StrCat("an answer within ", absl::FormatDuration(wish_.reach_timeout)),
                 last.message(), "look at the provider's network and at the image");
}

absl::Status ScalingWalk::Add(size_t step) {
  const std::string& machine = machines_[step];
  Report(0, Numbered("reach machine"));
  WEFT_ASSIGN_OR_RETURN(const HostPort address, AddressOf(machine));
  const std::string cloning = Numbered("clone");
  Report(0, cloning);
  WEFT_ASSIGN_OR_RETURN(const Job clone,
                        conductor_.Child(Id('c', step), [&](const std::string& id) {
                          return ports_.clone(job_->group(), address, {job_->user(), id});
                        }));
  WEFT_RETURN_IF_ERROR(conductor_.Await(clone.id, kLongest, [&](const Job& now) {
    Report(0.8 * now.progress, absl::StrCat(cloning, ": ", now.phase));
  }));
  Report(0.8, Numbered("join"));
  WEFT_ASSIGN_OR_RETURN(const GroupEditor::Begun joined, Join(step, address));
  WEFT_RETURN_IF_ERROR(conductor_.Await(joined.operation, kMembership, [](const Job&) {}));
  Report(0.9, Numbered("catch up"));
  WEFT_RETURN_IF_ERROR(CatchUp(joined.server));
  Report(0.95, Numbered("serve"));
  WEFT_RETURN_IF_ERROR(Serve(step, joined.server));
  added_.push_back({joined.server.text(), address.ToString(), machine});
  return absl::OkStatus();
}

absl::StatusOr<GroupEditor::Begun> ScalingWalk::Join(size_t step, const HostPort& address) {
  notes_.joining = static_cast<int>(step);
  WEFT_RETURN_IF_ERROR(Keep());
  absl::StatusOr<GroupEditor::Begun> begun = conductor_.Retry([&] {
    const GroupEditor::Place place = {.zone = At(step).zone,
                                      .promotion_rule = At(step).promotion_rule};
    return ports_.editor->Add(job_->group(), address, place, conductor_.By(Id('a', step)));
  });
  const bool is_unknown = absl::IsUnavailable(begun.status()) ||
                          absl::IsDeadlineExceeded(begun.status()) ||
                          absl::IsCancelled(begun.status());
  // Refused: it is no member, and nobody makes it one any more.
  if (!begun.ok() && !is_unknown) notes_.joining = -1;
  return begun;
}

// It has executed, at one look, what the primary had at the look before.
absl::Status ScalingWalk::CatchUp(const ServerUuid& server) {
  std::optional<GtidSet> before;
  std::string found = "it was not seen";
  const absl::Status status =
      conductor_.Until(wish_.catch_up_timeout, [&]() -> absl::StatusOr<bool> {
        WEFT_ASSIGN_OR_RETURN(const GroupView view, ports_.editor->Look(job_->group()));
        const MemberView* const member = view.Find(server);
        if (member == nullptr) return RemovedMeanwhile(server.text(), job_->group());
        if (!member->server.set_aside.empty()) {
          return Refusal(absl::StatusCode::kFailedPrecondition, "SET_ASIDE",
                         absl::StrCat(member->server.address.ToString(), " was set aside"),
                         "a member that follows", member->server.set_aside,
                         absl::StrCat("see: weft why ", job_->group()));
        }
        const MemberView* const primary = view.Primary();
        const bool is_there =
            member->healthy && before.has_value() && member->executed.Contains(*before);
        found = member->healthy ? "it lags" : member->unhealthy_because;
        if (primary == nullptr) {
          found = "the group has no primary that answers";
        } else {
          before = primary->executed;
        }
        return is_there;
      });
  if (!absl::IsDeadlineExceeded(status)) return status;
  return Refusal(absl::StatusCode::kDeadlineExceeded, "NOT_CAUGHT_UP",
                 absl::StrCat("server ", server.text(), " has not caught up with the primary"),
                 absl::StrCat("all that the primary has within ",
                              absl::FormatDuration(wish_.catch_up_timeout)),
                 found, absl::StrCat("see: weft why ", job_->group()));
}

absl::Status ScalingWalk::Serve(size_t step, const ServerUuid& server) {
  WEFT_RETURN_IF_ERROR(conductor_.Retry([&]() -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(const GroupView view, ports_.editor->Look(job_->group()));
    const MemberView* const member = view.Find(server);
    if (member == nullptr) return RemovedMeanwhile(server.text(), job_->group());
    GroupEditor::Change change;
    change.weight = At(step).weight;
    // Somebody may have made it more than that meanwhile.
    if (member->server.status == ServerStatus::kSpare) change.status = ServerStatus::kSecondary;
    return ports_.editor->Update(server, change, conductor_.By(Id('s', step)));
  }));
  // Before another leaves on whose acknowledgement commits may wait. Where it cannot acknowledge,
  // the controllers say so when it comes to that.
  const absl::Status status = conductor_.Until(kUntilAcknowledging, [&]() -> absl::StatusOr<bool> {
    WEFT_ASSIGN_OR_RETURN(const GroupView view, ports_.editor->Look(job_->group()));
    return view.durability == Durability::kAsync || view.acknowledgers.empty() ||
           view.acknowledgers.count(server) > 0;
  });
  return absl::IsDeadlineExceeded(status) ? absl::OkStatus() : status;
}

absl::Status ScalingWalk::Remove(size_t step) {
  const ScalingStep& leaving = At(step);
  const std::string address = leaving.address.ToString();
  Report(0, absl::StrCat("remove ", address));
  WEFT_ASSIGN_OR_RETURN(const GroupView view,
                        conductor_.Retry([&] { return ports_.editor->Look(job_->group()); }));
  const MemberView* const member = view.Find(leaving.server);
  if (member != nullptr) {
    const Server& server = member->server;
    if (server.status == ServerStatus::kPrimary) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_IS_PRIMARY",
                     absl::StrCat(address, " has become the primary meanwhile"),
                     "a member that is not the primary", "the primary",
                     "ask again: another is chosen then");
    }
    // Read when it was set aside, which may be after this was asked for.
    if (leaving.destroys_machine && !server.errant.empty() &&
        notes_.kept.insert(static_cast<int>(step)).second) {
      WEFT_RETURN_IF_ERROR(Keep());
    }
    const bool is_routed = server.mode != ServerMode::kOffline;
    if (is_routed || notes_.draining == static_cast<int>(step)) {
      WEFT_RETURN_IF_ERROR(Drain(step));
    }
    Report(0.5, absl::StrCat("remove ", address));
    const absl::StatusOr<GroupEditor::Begun> begun = conductor_.Retry([&] {
      return ports_.editor->Remove(job_->group(), leaving.server, conductor_.By(Id('r', step)));
    });
    if (begun.ok()) {
      WEFT_RETURN_IF_ERROR(conductor_.Await(begun->operation, kMembership, [](const Job&) {}));
    } else if (!absl::IsNotFound(begun.status())) {
      return begun.status();
    }
  }
  notes_.draining = -1;
  ScaledServer gone = {leaving.server.text(), address, leaving.machine};
  if (notes_.kept.count(static_cast<int>(step)) > 0) {
    WEFT_LOG(kWarning, "a machine stays: it has transactions of its own",
             {{"operation", job_->id()}, {"server", address}, {"machine", leaving.machine}});
  } else if (leaving.destroys_machine) {
    Report(0.8, absl::StrCat("destroy machine ", leaving.machine));
    const absl::Status destroyed = DestroyMachine(leaving.machine);
    if (job_->lost()) return destroyed;
    gone.machine_destroyed = destroyed.ok();
    if (!destroyed.ok()) left_ = destroyed;
  }
  removed_.push_back(std::move(gone));
  return absl::OkStatus();
}

absl::Status ScalingWalk::Drain(size_t step) {
  const ScalingStep& leaving = At(step);
  const std::string address = leaving.address.ToString();
  Report(0.1, absl::StrCat("drain ", address));
  notes_.draining = static_cast<int>(step);
  WEFT_RETURN_IF_ERROR(Keep());
  WEFT_RETURN_IF_ERROR(conductor_.Retry([&] {
    return ports_.editor->Update(leaving.server, {.mode = ServerMode::kOffline},
                                 conductor_.By(Id('o', step)));
  }));
  std::string left;
  const absl::Status drained = conductor_.Until(wish_.drain_timeout, [&]() -> absl::StatusOr<bool> {
    const absl::StatusOr<int> sessions = ports_.sessions(leaving.address);
    left = sessions.ok() ? absl::StrCat(*sessions, " sessions")
                         : absl::StrCat("sessions unknown: ", sessions.status().message());
    Report(0.1, absl::StrCat("drain ", address, ": ", left));
    // Where nothing listens nobody is served. One that lets nobody ask may be busy with clients.
    return sessions.ok() ? *sessions == 0 : mysql::IsRefused(sessions.status());
  });
  if (!absl::IsDeadlineExceeded(drained)) return drained;
  WEFT_LOG(kWarning, "sessions are left to the end of their server",
           {{"operation", job_->id()}, {"server", address}, {"left", left}});
  return absl::OkStatus();
}

}  // namespace weft::provisioner
