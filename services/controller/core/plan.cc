#include "services/controller/core/plan.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/duration_text.h"

namespace weft::controller {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string Names(const std::set<ServerUuid>& servers) {
  return absl::StrCat("{",
                      absl::StrJoin(servers, " ",
                                    [](std::string* out, const ServerUuid& server) {
                                      absl::StrAppend(out, server.text());
                                    }),
                      "}");
}

std::string Set(const GtidSet& set) { return absl::StrCat("[", set.ToString(), "]"); }

std::string Begun(const BeginFailover& step) {
  if (step.target.empty()) return absl::StrCat("begin failover: ", step.evidence);
  return absl::StrCat("begin handing over to ", step.target.text(), ": ", step.evidence);
}

std::string Told(const CloseAtStart& step) {
  return absl::StrCat("close ", step.server.text(), " at its next start");
}

}  // namespace

bool IsRecordStep(const Step& step) {
  return std::visit(
      Overloaded{
          [](const Fence&) { return false; },          [](const Unfence&) { return false; },
          [](const StopReceiver&) { return false; },   [](const StopReplica&) { return false; },
          [](const CatchUp&) { return false; },        [](const Follow&) { return false; },
          [](const Detach&) { return false; },         [](const OpenAccount&) { return false; },
          [](const LockAccount&) { return false; },    [](const ArmSource&) { return false; },
          [](const CloseAtStart&) { return false; },   [](const RotateLog&) { return false; },
          [](const Commit&) { return true; },          [](const SetAcknowledgers&) { return true; },
          [](const SetStatus&) { return true; },       [](const BeginFailover&) { return true; },
          [](const BeginSwitchover&) { return true; }, [](const GiveUp&) { return true; },
          [](const Finish&) { return true; },          [](const RunHook&) { return false; },
      },
      step);
}

ServerUuid ServerOf(const Step& step) {
  return std::visit(
      [](const auto& one) -> ServerUuid {
        using OneStep = std::decay_t<decltype(one)>;
        if constexpr (requires { one.server; }) {
          // SetStatus names a server but acts on the record.
          return std::is_same_v<OneStep, SetStatus> ? ServerUuid() : one.server;
        } else {
          return ServerUuid();
        }
      },
      step);
}

std::string ToString(const Step& step) {
  return std::visit(
      Overloaded{
          [](const Fence& s) {
            return absl::StrCat("fence ", s.server.text(), s.kill_sessions ? "" : ", sessions stay",
                                s.cut_off ? "" : ", replicas stay");
          },
          [](const Unfence& s) { return absl::StrCat("unfence ", s.server.text()); },
          [](const StopReceiver& s) { return absl::StrCat("stop receiver of ", s.server.text()); },
          [](const StopReplica& s) { return absl::StrCat("stop replica ", s.server.text()); },
          [](const CatchUp& s) {
            return absl::StrCat("catch up ", s.server.text(), " to ", Set(s.goal), " within ",
                                DurationText(s.budget));
          },
          [](const Follow& s) {
            return absl::StrCat("follow ", s.server.text(), " <- ", s.source.text(),
                                s.acknowledge ? ", acknowledging" : "",
                                s.own_account ? ", by its own account" : "");
          },
          [](const Detach& s) { return absl::StrCat("detach ", s.server.text()); },
          [](const OpenAccount& s) {
            return absl::StrCat("open account of ", s.replica.text(), " on ", s.server.text());
          },
          [](const LockAccount& s) {
            return absl::StrCat("lock account of ", s.replica.text(), " on ", s.server.text());
          },
          [](const ArmSource& s) {
            return s.wait_for == 0
                       ? absl::StrCat("disarm ", s.server.text())
                       : absl::StrCat("arm ", s.server.text(), ", commits wait for ", s.wait_for);
          },
          [](const CloseAtStart& s) { return Told(s); },
          [](const RotateLog& s) { return absl::StrCat("rotate log of ", s.server.text()); },
          [](const Commit& s) {
            return absl::StrCat("commit primary ", s.primary.empty() ? "none" : s.primary.text(),
                                ", acknowledgers ", Names(s.acknowledgers), ", watermark ",
                                Set(s.watermark), ", old primary ", ToString(s.old_primary_status));
          },
          [](const SetAcknowledgers& s) {
            return absl::StrCat("set acknowledgers ", Names(s.servers), ", watermark ",
                                Set(s.watermark));
          },
          [](const SetStatus& s) {
            return absl::StrCat("set status of ", s.server.text(), " to ", ToString(s.status),
                                s.set_aside.empty() ? "" : absl::StrCat(", aside: ", s.set_aside),
                                s.errant.empty() ? "" : absl::StrCat(", errant [", s.errant, "]"));
          },
          [](const BeginFailover& s) { return Begun(s); },
          [](const BeginSwitchover& s) {
            return absl::StrCat("begin switchover to ", s.target.text());
          },
          [](const GiveUp& s) { return absl::StrCat("give up: ", s.reason, ": ", s.message); },
          [](const Finish&) { return std::string("finish"); },
          [](const RunHook& s) {
            return absl::StrCat("run the program ", s.hook, " (", s.occasion, ")");
          },
      },
      step);
}

std::string ToString(const Plan& plan) {
  std::string text = plan.phase.empty() ? "" : absl::StrCat(plan.phase, "\n");
  for (const Step& step : plan.steps) absl::StrAppend(&text, "  ", ToString(step), "\n");
  if (plan.refusal.has_value()) {
    absl::StrAppend(&text, "refused ", plan.refusal->reason, ": ", plan.refusal->message, "\n");
    if (!plan.refusal->next_step.empty()) {
      absl::StrAppend(&text, "  to do: ", plan.refusal->next_step, "\n");
    }
  }
  if (!plan.waiting_for.empty()) absl::StrAppend(&text, "waiting: ", plan.waiting_for, "\n");
  return plan.settled() ? "settled\n" : text;
}

}  // namespace weft::controller
