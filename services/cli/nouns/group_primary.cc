// weft group promote, demote, activate, deactivate, adopt.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/json.h"
#include "services/cli/nouns/last_acknowledger.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Groups;

Parameter ExpectedPrimary() {
  return {"expected-primary", "SERVER", "only if this server is the primary now", Kind::kServer};
}

Parameter ExpectedEpoch() {
  return {"expected-epoch", "N", "only if the group's epoch is N now", Kind::kInteger};
}

// What --dry-run answers: the plan, and failure where it would be refused.
template <typename Response>
Answer PlanAnswer(Context& context, const std::string& group, const Response& response) {
  const bool refused = response.has_refusal() && !response.refusal().reason().empty();
  const std::string text =
      PlanText(response.plan(), refused ? &response.refusal() : nullptr, ViewOf(context));
  return Answer{.json = ToJson(response),
                .text = WithAddresses(text, KnownGroup(context, group)),
                .exit_code = refused ? kExitFailed : kExitOk};
}

absl::StatusOr<Answer> Promote(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::PromoteGroupRequest request;
  request.set_name(GroupName(arguments.Text("group")));
  request.set_server(ServerReference(arguments.Text("server")));
  if (arguments.Has("expected-primary")) {
    WEFT_ASSIGN_OR_RETURN(*request.mutable_expected_primary(),
                          ResolveServer(context, arguments.Text("expected-primary")));
  }
  request.set_expected_epoch(static_cast<uint64_t>(arguments.Integer("expected-epoch")));
  if (const auto budget = arguments.Duration("write-stop-budget"); budget.has_value()) {
    *request.mutable_write_stop_budget() = rpc::ToProto(*budget);
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::PromoteGroupResponse response,
                        context.Call(&Groups::Stub::PromoteGroup, request));
  if (context.dry_run()) return PlanAnswer(context, request.name(), response);
  absl::StatusOr<Answer> answer = AnswerOperation(
      context, response, absl::StrCat("group ", ShortName(request.name()), " has its primary"));
  if (answer.ok()) answer->text = WithAddresses(answer->text, KnownGroup(context, request.name()));
  return answer;
}

absl::StatusOr<Answer> Demote(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::DemoteGroupRequest request;
  request.set_name(GroupName(arguments.Text("group")));
  if (arguments.Has("expected-primary")) {
    WEFT_ASSIGN_OR_RETURN(*request.mutable_expected_primary(),
                          ResolveServer(context, arguments.Text("expected-primary")));
  }
  request.set_expected_epoch(static_cast<uint64_t>(arguments.Integer("expected-epoch")));
  Mark(context, &request);
  const std::string id = ShortName(request.name());
  if (!context.dry_run()) {
    WEFT_RETURN_IF_ERROR(context.Confirm(absl::StrCat(
        "Leave group ", Printable(id), " without a primary? Nothing accepts writes afterwards.")));
  }
  WEFT_ASSIGN_OR_RETURN(const v1::DemoteGroupResponse response,
                        context.Call(&Groups::Stub::DemoteGroup, request));
  if (context.dry_run()) return PlanAnswer(context, request.name(), response);
  return AnswerOperation(context, response, absl::StrCat("group ", id, " has no primary now"));
}

absl::StatusOr<Answer> Activate(Context& context) {
  v1::ActivateGroupRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, context.Call(&Groups::Stub::ActivateGroup, request));
  return Answer{.json = ToJson(group),
                .text = absl::StrCat("group ", Printable(ShortName(request.name())),
                                     context.dry_run()
                                         ? " can be activated\n"
                                         : " is active: failures are repaired by themselves\n")};
}

absl::StatusOr<Answer> Deactivate(Context& context) {
  v1::DeactivateGroupRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group,
                        context.Call(&Groups::Stub::DeactivateGroup, request));
  return Answer{
      .json = ToJson(group),
      .text = absl::StrCat(
          "group ", Printable(ShortName(request.name())),
          context.dry_run() ? " can be deactivated\n" : " is inactive: failures are left alone\n")};
}

// A group is adopted with the default, which is the safe one; what else was chosen is set at once.
absl::Status SetLastAcknowledger(Context& context, const std::string& chosen, v1::Group* group) {
  if (chosen != "continue" || context.dry_run()) return absl::OkStatus();
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name(group->name());
  request.mutable_group()->mutable_settings()->set_on_last_acknowledger_lost(chosen);
  request.mutable_update_mask()->add_paths("settings.on_last_acknowledger_lost");
  request.set_request_id(absl::StrCat(context.request_id(), "-settings"));
  const absl::StatusOr<v1::Group> changed = context.Call(&Groups::Stub::UpdateGroup, request);
  if (!changed.ok()) {
    return Annotate(changed.status(), absl::StrCat("group ", ShortName(group->name()),
                                                   " was adopted, but "
                                                   "on_last_acknowledger_lost stayed at wait"));
  }
  *group->mutable_settings() = changed->settings();
  return absl::OkStatus();
}

absl::StatusOr<Answer> Adopt(Context& context) {
  const Arguments& arguments = context.arguments();
  const AddressAndGroup given = TakeAddressAndGroup(arguments);
  v1::AdoptGroupRequest request;
  request.set_address(given.address);
  // A name that nobody chose is made of the address: "db1.example.net-3306".
  const std::string by_address =
      absl::StrReplaceAll(request.address(), {{"]:", "-"}, {"[", ""}, {"]", ""}, {":", "-"}});
  request.set_group_id(given.group.empty() ? by_address : ShortName(given.group));
  request.set_description(arguments.Text("description"));
  request.set_durability(DurabilityOf(arguments.Text("durability")));
  WEFT_ASSIGN_OR_RETURN(const std::string when_lost, ChooseLastAcknowledger(context));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(v1::AdoptGroupResponse response,
                        context.Call(&Groups::Stub::AdoptGroup, request));
  WEFT_RETURN_IF_ERROR(SetLastAcknowledger(context, when_lost, response.mutable_group()));
  absl::StatusOr<Answer> answer =
      AnswerOperation(context, response,
                      absl::StrCat("group ", request.group_id(),
                                   context.dry_run() ? " can adopt the topology around "
                                                     : " adopted the topology around ",
                                   request.address()));
  if (answer.ok()) answer->text += LastAcknowledgerText(Printable(request.group_id()), when_lost);
  if (answer.ok() && context.waits() && response.group().servers_size() > 0) {
    answer->text += GroupText(response.group(), ViewOf(context));
  }
  return answer;
}

}  // namespace

std::vector<Command> GroupPrimaryCommands() {
  return {
      {.verb = "promote",
       .summary = "make the chosen or the best server the primary",
       .details = "A switchover when the old primary lives, a failover when it is dead. Nothing "
                  "is changed when it would lose an acknowledged write: the refusal names who is "
                  "in the way.",
       .examples = {"weft group promote g1 --dry-run", "weft group promote g1 db2.example.net:3306",
                    "weft group promote g1 --expected-epoch 7 --write-stop-budget 500ms"},
       .positionals = {GroupParameter(), ServerParameter(true)},
       .options = {ExpectedPrimary(),
                   ExpectedEpoch(),
                   {"write-stop-budget", "TIME",
                    "the longest that writes may stand still in a switchover (default 10s)",
                    Kind::kDuration}},
       .traits = kChanges | kForesees | kWaits,
       .run = Promote},
      {.verb = "demote",
       .summary = "leave a group without a primary (asks)",
       .examples = {"weft group demote g1 --yes"},
       .positionals = {GroupParameter()},
       .options = {ExpectedPrimary(), ExpectedEpoch()},
       .traits = kChanges | kForesees | kWaits | kDestroys,
       .run = Demote},
      {.verb = "activate",
       .summary = "detect and repair failures of a group without being asked",
       .examples = {"weft group activate g1"},
       .positionals = {GroupParameter()},
       .traits = kChanges | kForesees,
       .run = Activate},
      {.verb = "deactivate",
       .summary = "leave failures of a group alone",
       .examples = {"weft group deactivate g1"},
       .positionals = {GroupParameter()},
       .traits = kChanges | kForesees,
       .run = Deactivate},
      {.verb = "adopt",
       .summary = "take over a running topology as it is, without a write stop",
       .details = "The two arguments may be swapped.",
       .examples = {"weft group adopt db1.example.net:3306 orders"},
       .positionals = {{"address", "HOST:PORT", "any server of the topology"},
                       {"group",
                        "GROUP",
                        "the new group's name (default: made of the address)",
                        Kind::kText,
                        {},
                        true}},
       .options = {{"description", "TEXT", "what the group is for, for people"},
                   DurabilityParameter(),
                   LastAcknowledgerParameter()},
       .traits = kChanges | kForesees | kWaits,
       .run = Adopt},
  };
}

}  // namespace weft::cli
