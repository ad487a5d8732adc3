// weft group add, remove, lookup-servers.
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/cli/json.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Servers;

absl::StatusOr<Answer> Add(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::AddServerRequest request;
  request.set_group(GroupName(arguments.Text("group")));
  request.set_address(arguments.Text("address"));
  request.set_status(ServerStatusOf(arguments.Text("status")));
  request.set_weight(arguments.Number("weight"));
  request.set_weight_set(arguments.Has("weight"));
  request.set_promotion_rule(PromotionRuleOf(arguments.Text("promotion-rule")));
  request.set_zone(arguments.Text("zone"));
  request.set_update_only(arguments.Has("update-only"));
  request.set_rebuild(arguments.Has("rebuild"));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::AddServerResponse response,
                        context.Call(&Servers::Stub::AddServer, request));
  return AnswerOperation(
      context, response,
      absl::StrCat(request.address(), context.dry_run() ? " can be added to " : " added to ",
                   ShortName(request.group()), " as ",
                   v1::ServerStatus_Name(response.server().status())));
}

absl::StatusOr<Answer> Remove(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::RemoveServerRequest request;
  request.set_group(GroupName(arguments.Text("group")));
  WEFT_ASSIGN_OR_RETURN(*request.mutable_server(),
                        ResolveServer(context, arguments.Text("server")));
  request.set_surrender(arguments.Has("surrender"));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::RemoveServerResponse response,
                        context.Call(&Servers::Stub::RemoveServer, request));
  return AnswerOperation(
      context, response,
      absl::StrCat(arguments.Text("server"),
                   context.dry_run() ? " can be removed from " : " removed from ",
                   ShortName(request.group())));
}

absl::StatusOr<Answer> LookupServers(Context& context) {
  const Arguments& arguments = context.arguments();
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<v1::Server> servers,
      ListServers(context, arguments.Text("group"), ServerStatusOf(arguments.Text("status")),
                  ServerModeOf(arguments.Text("mode"))));
  v1::ListServersResponse all;
  all.mutable_servers()->Assign(servers.begin(), servers.end());
  return Answer{.json = ToJson(all, {"next_page_token"}),
                .text = ServersTable(servers, false, ViewOf(context))};
}

}  // namespace

std::vector<Command> GroupMemberCommands() {
  return {
      {.verb = "add",
       .summary = "check a server and add it to a group",
       .details = "The server is checked first (see `weft server check`); every problem is named "
                  "with the SQL that mends it. It then follows the group's primary, if there is "
                  "one.",
       .examples = {"weft group add g1 db3.example.net:3306",
                    "weft group add g1 '[2001:db8::7]:3306' --status spare --weight 0.5"},
       .positionals = {GroupParameter(),
                       {"address", "HOST:PORT", "where the server listens; IPv6 in brackets"}},
       .options = {{"status",
                    "STATUS",
                    "SECONDARY (the default) or SPARE",
                    Kind::kText,
                    {"SECONDARY", "SPARE"}},
                   {"weight", "W", "0 to 1: share of the reads (default 1)", Kind::kNumber},
                   PromotionRuleParameter(),
                   ZoneParameter(),
                   {"rebuild", "",
                    "where only its data stand in the way, replace them by a clone of a member"},
                   {"update-only", "", "only record it; do not make it follow the primary"}},
       .traits = kChanges | kForesees | kWaits,
       .run = Add},
      {.verb = "remove",
       .summary = "take a server out of a group; it stays read-only and replicates no more",
       .details = "One whose acknowledgement counts is removed once it is proven to give none any "
                  "more: it says so, or the primary keeps it out, and another one has all that the "
                  "primary has. Where nobody can prove that, --surrender removes it all the same: "
                  "acknowledged writes that only it and the old primary have may be lost. First "
                  "make sure that both are ended; else both the old primary and a new one may "
                  "accept writes.",
       .examples = {"weft group remove g1 db3.example.net:3306",
                    "weft group remove g1 db3.example.net:3306 --surrender"},
       .positionals = {GroupParameter(), ServerParameter()},
       .options = {{"surrender", "", "give up acknowledged writes that only it may have"}},
       .traits = kChanges | kForesees | kWaits,
       .run = Remove},
      {.verb = "lookup-servers",
       .summary = "list the servers of a group",
       .examples = {"weft group lookup-servers g1 --status secondary --mode read_only"},
       .positionals = {GroupParameter()},
       .options = {StatusFilter(), ModeFilter()},
       .traits = kReads,
       .run = LookupServers},
  };
}

}  // namespace weft::cli
