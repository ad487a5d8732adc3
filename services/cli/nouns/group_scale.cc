// weft group scale, heal: members made by a provider, and removed with their machines.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/scaling.grpc.pb.h"
#include "services/cli/nouns/machines.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Scaling;

// Of the machines; --zone is the members'.
constexpr char kZoneOption[] = "availability-zone";

absl::Status FillOrder(const Arguments& arguments, v1::ScalingOrder* order) {
  order->set_provider(ShortName(arguments.Text("provider")));
  WEFT_RETURN_IF_ERROR(FillMachineOrder(arguments, kZoneOption, order));
  order->set_weight(arguments.Number("weight"));
  order->set_weight_set(arguments.Has("weight"));
  order->set_zone(arguments.Text("zone"));
  order->set_keep_machines(arguments.Has("keep-machines"));
  if (const auto time = arguments.Duration("catch-up-timeout"); time.has_value()) {
    *order->mutable_catch_up_timeout() = rpc::ToProto(*time);
  }
  if (const auto time = arguments.Duration("drain-timeout"); time.has_value()) {
    *order->mutable_drain_timeout() = rpc::ToProto(*time);
  }
  return absl::OkStatus();
}

std::string MachineOf(const v1::ScalingStep& step) {
  if (step.kind() == v1::ScalingStep::ADD_SERVER) {
    return absl::StrCat("one of ", Printable(ShortName(step.provider())));
  }
  if (step.machine().empty()) return "";
  return absl::StrCat(ShortName(step.machine()), step.destroys_machine() ? ", destroyed" : "");
}

// Asks for a yes where the plan takes data away for good. `request` is sent to be foreseen.
template <typename Method, typename Request>
absl::Status ConfirmDestroyed(Context& context, Method method, Request request) {
  if (context.dry_run() || context.arguments().Has("yes")) return absl::OkStatus();
  request.set_validate_only(true);
  WEFT_ASSIGN_OR_RETURN(const auto foreseen, context.CallProvisioner(method, request));
  std::vector<std::string> machines;
  for (const v1::ScalingStep& step : foreseen.plan()) {
    if (!step.destroys_machine()) continue;
    machines.push_back(
        absl::StrCat(Printable(ShortName(step.machine())), " of ", Printable(step.address())));
  }
  if (machines.empty()) return absl::OkStatus();
  return context.Confirm(absl::StrCat("Destroy machine", machines.size() == 1 ? " " : "s ",
                                      absl::StrJoin(machines, ", "), " with all data?"));
}

template <typename Response>
absl::StatusOr<Answer> AnswerPlan(Context& context, Response response, const std::string& done) {
  if (!context.dry_run() && response.has_operation()) {
    return AnswerOperation(context, std::move(response), done);
  }
  std::string text;
  if (response.plan_size() > 0) {
    Table table({"DO", "SERVER", "MACHINE", "WHY"});
    for (const v1::ScalingStep& step : response.plan()) {
      const bool adds = step.kind() == v1::ScalingStep::ADD_SERVER;
      table.Add({adds ? "add" : "remove", Printable(step.address()), MachineOf(step),
                 Printable(step.reason())});
    }
    text = table.Render(context.style());
  }
  return Answer{.json = ToJson(response),
                .text = absl::StrCat(text, Printable(response.reason()), "\n")};
}

absl::StatusOr<Answer> Scale(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::ScaleGroupRequest request;
  request.set_group(GroupName(arguments.Text("group")));
  request.set_servers(static_cast<int32_t>(arguments.Integer("servers")));
  if (!arguments.Has("servers")) return NothingAsked("--servers N");
  WEFT_RETURN_IF_ERROR(FillOrder(arguments, request.mutable_order()));
  Mark(context, &request);
  WEFT_RETURN_IF_ERROR(ConfirmDestroyed(context, &Scaling::Stub::ScaleGroup, request));
  WEFT_ASSIGN_OR_RETURN(v1::ScaleGroupResponse response,
                        context.CallProvisioner(&Scaling::Stub::ScaleGroup, request));
  return AnswerPlan(context, std::move(response),
                    absl::StrCat(ShortName(request.group()), " has ", request.servers(),
                                 request.servers() == 1 ? " member" : " members"));
}

absl::StatusOr<Answer> Heal(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::HealGroupRequest request;
  request.set_group(GroupName(arguments.Text("group")));
  WEFT_RETURN_IF_ERROR(FillOrder(arguments, request.mutable_order()));
  Mark(context, &request);
  WEFT_RETURN_IF_ERROR(ConfirmDestroyed(context, &Scaling::Stub::HealGroup, request));
  WEFT_ASSIGN_OR_RETURN(v1::HealGroupResponse response,
                        context.CallProvisioner(&Scaling::Stub::HealGroup, request));
  return AnswerPlan(
      context, std::move(response),
      absl::StrCat("what was FAULTY in ", ShortName(request.group()), " is replaced"));
}

std::vector<Parameter> OrderOptions(std::string provider, std::string weight) {
  std::vector<Parameter> options = {
      {"provider", "PROVIDER", std::move(provider)},
      {"weight", "W", std::move(weight), Kind::kNumber},
      ZoneParameter(),
      {"keep-machines", "", "leave the machines of removed members as they are"},
      {"catch-up-timeout", "TIME",
       "how long a new member may take to have what the primary has (default 30m)",
       Kind::kDuration},
      {"drain-timeout", "TIME",
       "how long client sessions may stay on one that leaves (default 30s)", Kind::kDuration}};
  for (Parameter& option : MachineOrderOptions(kZoneOption)) options.push_back(std::move(option));
  return options;
}

}  // namespace

std::vector<Command> GroupScaleCommands() {
  std::vector<Parameter> scale =
      OrderOptions("that makes machines", "of new members, 0 to 1: share of the reads (default 1)");
  scale.insert(scale.begin(),
               {"servers", "N", "members to have, the primary among them", Kind::kInteger});
  return {
      {.verb = "scale",
       .summary = "bring a group to a number of members",
       .details =
           "Up: makes machines, clones the group to each, and lets them serve once they have "
           "caught up. Down: the FAULTY first, then spares, then who serves the fewest "
           "reads, never the primary; each is drained and removed, and its machine destroyed "
           "where Weft made it.",
       .examples = {"weft group scale g1 --servers 4 --provider here",
                    "weft group scale g1 --servers 4 --provider docker --image name=mysql:9.7 "
                    "--meta environment=MYSQL_RANDOM_ROOT_PASSWORD=1 --user-data-file accounts.sql",
                    "weft group scale g1 --servers 3 --dry-run",
                    "weft group scale g1 --servers 3 --yes"},
       .positionals = {GroupParameter()},
       .options = std::move(scale),
       .traits = kChanges | kForesees | kWaits | kDestroys,
       .run = Scale},
      {.verb = "heal",
       .summary = "replace the FAULTY members of a group",
       .details = "For each a machine is made, cloned to and added; once it serves, the FAULTY "
                  "member is removed, and its machine destroyed where Weft made it.",
       .examples = {"weft group heal g1", "weft group heal g1 --provider here --dry-run"},
       .positionals = {GroupParameter()},
       .options = OrderOptions(
           "that makes machines (default that of the FAULTY member's, or the only one)",
           "of new members (default that of the FAULTY one)"),
       .traits = kChanges | kForesees | kWaits | kDestroys,
       .run = Heal},
  };
}

}  // namespace weft::cli
