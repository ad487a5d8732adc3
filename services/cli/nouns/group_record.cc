// weft group create, list, show, set, settings, destroy.
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/group_settings.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/cli/json.h"
#include "services/cli/nouns/last_acknowledger.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Groups;

Parameter AcknowledgementsParameter() {
  return {"acknowledgements", "N", "replicas that a commit waits for under lossless (default 1)",
          Kind::kInteger};
}

absl::Status CheckAcknowledgements(const Arguments& arguments) {
  if (!arguments.Has("acknowledgements") || arguments.Integer("acknowledgements") > 0) {
    return absl::OkStatus();
  }
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "wrong value for --acknowledgements",
                 "1 or more", arguments.Text("acknowledgements"),
                 "for a group whose commits wait for nobody: --durability async");
}

Parameter DescriptionParameter() {
  return {"description", "TEXT", "what the group is for, for people"};
}

absl::StatusOr<Answer> Create(Context& context) {
  const Arguments& arguments = context.arguments();
  WEFT_RETURN_IF_ERROR(CheckAcknowledgements(arguments));
  v1::CreateGroupRequest request;
  request.set_group_id(ShortName(arguments.Text("group")));
  request.set_description(arguments.Text("description"));
  request.set_durability(DurabilityOf(arguments.Text("durability")));
  request.set_acknowledgements(static_cast<uint32_t>(arguments.Integer("acknowledgements")));
  WEFT_ASSIGN_OR_RETURN(const std::string when_lost, ChooseLastAcknowledger(context));
  request.set_on_last_acknowledger_lost(when_lost);
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, context.Call(&Groups::Stub::CreateGroup, request));
  const std::string id = Printable(request.group_id());
  return Answer{
      .json = ToJson(group),
      .text = absl::StrCat("group ", id, context.dry_run() ? " can be created\n" : " created\n",
                           LastAcknowledgerText(id, when_lost))};
}

absl::StatusOr<Answer> List(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<v1::Group> groups, ListGroups(context));
  v1::ListGroupsResponse all;
  all.mutable_groups()->Assign(groups.begin(), groups.end());
  return Answer{.json = ToJson(all, {"next_page_token"}),
                .text = GroupsTable(groups, ViewOf(context))};
}

absl::StatusOr<Answer> Show(Context& context) {
  v1::GetGroupRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  request.set_cached(context.arguments().Has("cached"));
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, context.Call(&Groups::Stub::GetGroup, request));
  return Answer{.json = ToJson(group), .text = GroupText(group, ViewOf(context))};
}

// Each NAME=VALUE goes into the message and its mask; what is wrong with one is said at once.
absl::Status TakeSettings(const Arguments& arguments, v1::UpdateGroupRequest& request) {
  for (const std::string& given : arguments.List("setting")) {
    const size_t equals = given.find('=');
    if (equals == std::string::npos) {
      return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "not a setting", "NAME=VALUE",
                     given, "weft group settings GROUP lists them with what they take");
    }
    const std::string name = given.substr(0, equals);
    WEFT_RETURN_IF_ERROR(
        rpc::SetField(name, given.substr(equals + 1), request.mutable_group()->mutable_settings()));
    request.mutable_update_mask()->add_paths(absl::StrCat("settings.", name));
  }
  return absl::OkStatus();
}

absl::StatusOr<Answer> Settings(Context& context) {
  v1::GetGroupRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  request.set_cached(true);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, context.Call(&Groups::Stub::GetGroup, request));
  return Answer{.json = ToJson(group.settings()),
                .text = GroupSettingsTable(group.settings(), ViewOf(context))};
}

absl::StatusOr<Answer> Set(Context& context) {
  const Arguments& arguments = context.arguments();
  WEFT_RETURN_IF_ERROR(CheckAcknowledgements(arguments));
  v1::UpdateGroupRequest request;
  v1::Group& group = *request.mutable_group();
  group.set_name(GroupName(arguments.Text("group")));
  group.set_description(arguments.Text("description"));
  group.set_durability(DurabilityOf(arguments.Text("durability")));
  group.set_acknowledgements(static_cast<uint32_t>(arguments.Integer("acknowledgements")));
  group.set_etag(arguments.Text("etag"));
  for (const char* field : {"description", "durability", "acknowledgements"}) {
    if (arguments.Has(field)) request.mutable_update_mask()->add_paths(field);
  }
  WEFT_RETURN_IF_ERROR(TakeSettings(arguments, request));
  if (request.update_mask().paths().empty()) {
    return NothingAsked("NAME=VALUE, --description, --durability or --acknowledgements");
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group changed, context.Call(&Groups::Stub::UpdateGroup, request));
  return Answer{.json = ToJson(changed), .text = GroupText(changed, ViewOf(context))};
}

absl::StatusOr<Answer> Destroy(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::DestroyGroupRequest request;
  request.set_name(GroupName(arguments.Text("group")));
  request.set_force(arguments.Has("force"));
  request.set_etag(arguments.Text("etag"));
  Mark(context, &request);
  const std::string id = Printable(ShortName(request.name()));
  if (request.force() && !context.dry_run()) {
    WEFT_RETURN_IF_ERROR(context.Confirm(
        absl::StrCat("Forget group ", id, " and its servers? They keep running as they are.")));
  }
  WEFT_ASSIGN_OR_RETURN(const v1::DestroyGroupResponse response,
                        context.Call(&Groups::Stub::DestroyGroup, request));
  return Answer{.json = ToJson(response),
                .text = absl::StrCat("group ", id,
                                     context.dry_run() ? " can be destroyed\n" : " destroyed\n")};
}

}  // namespace

std::vector<Command> GroupRecordCommands() {
  const Parameter etag = {"etag", "ETAG", "only if the group has not changed since it had this"};
  return {
      {.verb = "create",
       .summary = "create a group",
       .examples = {"weft group create g1 --description 'orders'",
                    "weft group create cache --durability async",
                    "weft group create web --on-last-acknowledger-lost continue"},
       .positionals = {{"group", "GROUP", "its name: 1 to 64 of letters, digits, '_', '-', '.'"}},
       .options = {DescriptionParameter(), DurabilityParameter(), AcknowledgementsParameter(),
                   LastAcknowledgerParameter()},
       .traits = kChanges | kForesees,
       .run = Create},
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list all groups",
       .examples = {"weft group list -o json"},
       .traits = kReads,
       .run = List},
      {.verb = "show",
       .aliases = {"describe"},
       .summary = "show a group and what is seen of its servers now",
       .examples = {"weft group show g1 --watch"},
       .positionals = {GroupParameter()},
       .options = {{"cached", "", "answer from the last look instead of looking now"}},
       .traits = kReads,
       .run = Show},
      {.verb = "set",
       .summary = "change a group's settings, description or durability",
       .details = "`weft group settings GROUP` lists the settings with what they take and mean.",
       .examples = {"weft group set g1 --durability lossless --acknowledgements 2",
                    "weft group set g1 cool_down=10m failover_enabled=false"},
       .positionals = {GroupParameter(),
                       {"setting",
                        "NAME=VALUE",
                        "a setting and its value",
                        Kind::kGroupSetting,
                        {},
                        /*optional=*/true,
                        /*repeated=*/true}},
       .options = {DescriptionParameter(), DurabilityParameter(), AcknowledgementsParameter(),
                   etag},
       .traits = kChanges | kForesees,
       .run = Set},
      {.verb = "settings",
       .summary = "list what can be set of a group, what it is set to and what it means",
       .examples = {"weft group settings g1", "weft group settings g1 -o json"},
       .positionals = {GroupParameter()},
       .traits = kReads,
       .run = Settings},
      {.verb = "destroy",
       .summary = "forget an empty group; with --force also its servers, which keep running",
       .examples = {"weft group destroy g1", "weft group destroy g1 --force --yes"},
       .positionals = {GroupParameter()},
       .options = {{"force", "", "remove its servers from it first (asks)"}, etag},
       .traits = kChanges | kForesees | kDestroys,
       .run = Destroy},
  };
}

}  // namespace weft::cli
