// weft server ...
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"
#include "services/cli/nouns/server_copies.h"

namespace weft::cli {
namespace {

using v1::Servers;

absl::StatusOr<Answer> List(Context& context) {
  const Arguments& arguments = context.arguments();
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<v1::Server> servers,
      ListServers(context, arguments.Text("group"), ServerStatusOf(arguments.Text("status")),
                  ServerModeOf(arguments.Text("mode"))));
  v1::ListServersResponse all;
  all.mutable_servers()->Assign(servers.begin(), servers.end());
  return Answer{.json = ToJson(all, {"next_page_token"}),
                .text = ServersTable(servers, true, ViewOf(context))};
}

absl::StatusOr<Answer> Show(Context& context) {
  v1::GetServerRequest request;
  request.set_name(ServerReference(context.arguments().Text("server")));
  WEFT_ASSIGN_OR_RETURN(const v1::Server server, context.Call(&Servers::Stub::GetServer, request));
  return Answer{.json = ToJson(server), .text = ServerText(server, ViewOf(context))};
}

absl::StatusOr<Answer> Set(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::UpdateServerRequest request;
  for (const char* field : {"status", "mode", "weight", "zone"}) {
    if (arguments.Has(field)) request.mutable_update_mask()->add_paths(field);
  }
  if (arguments.Has("promotion-rule")) request.mutable_update_mask()->add_paths("promotion_rule");
  if (request.update_mask().paths().empty()) {
    return NothingAsked("--status, --mode, --weight, --promotion-rule or --zone");
  }
  v1::Server& server = *request.mutable_server();
  WEFT_ASSIGN_OR_RETURN(*server.mutable_name(), ResolveServer(context, arguments.Text("server")));
  server.set_status(ServerStatusOf(arguments.Text("status")));
  server.set_mode(ServerModeOf(arguments.Text("mode")));
  server.set_weight(arguments.Number("weight"));
  server.set_promotion_rule(PromotionRuleOf(arguments.Text("promotion-rule")));
  server.set_zone(arguments.Text("zone"));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Server changed,
                        context.Call(&Servers::Stub::UpdateServer, request));
  return Answer{.json = ToJson(changed), .text = ServerText(changed, ViewOf(context))};
}

absl::StatusOr<Answer> Check(Context& context) {
  const AddressAndGroup given = TakeAddressAndGroup(context.arguments());
  if (context.arguments().Has("role")) return CheckAgainstRecipe(context, given.address);
  v1::CheckServerRequest request;
  request.set_address(given.address);
  if (!given.group.empty()) request.set_group(GroupName(given.group));
  WEFT_ASSIGN_OR_RETURN(const v1::CheckServerResponse response,
                        context.Call(&Servers::Stub::CheckServer, request));
  Answer answer = {.json = ToJson(response), .text = ProblemsText(response, ViewOf(context))};
  for (const v1::ServerProblem& problem : response.problems()) {
    if (problem.fatal()) answer.exit_code = kExitAttention;
  }
  AddRecipe(context, given.address, &answer);
  return answer;
}

// What a rewind would undo.
std::string Undoes(const v1::RejoinServerResponse& response) {
  if (!response.has_rewound()) return "";
  const v1::Rewound& rewound = response.rewound();
  std::map<std::string, uint64_t> tables(rewound.rows().begin(), rewound.rows().end());
  std::string text = absl::StrCat("\nundone: ", Printable(rewound.transactions()),
                                  "\nsaved:  ", Printable(rewound.path()));
  for (const auto& [table, rows] : tables) {
    absl::StrAppend(&text, "\n  ", Printable(table), ": ", rows, rows == 1 ? " row" : " rows");
  }
  return text;
}

absl::StatusOr<Answer> Rejoin(Context& context) {
  v1::RejoinServerRequest request;
  const std::string given = context.arguments().Text("server");
  request.set_server(ServerReference(given));
  request.set_rebuild(context.arguments().Has("rebuild"));
  request.set_rewind(context.arguments().Has("rewind"));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::RejoinServerResponse response,
                        context.Call(&Servers::Stub::RejoinServer, request));
  const std::string done = context.dry_run()
                               ? absl::StrCat(" can come back into its group", Undoes(response))
                           : request.rewind()  ? " was rewound and is back in its group"
                           : request.rebuild() ? " was rebuilt and is back in its group"
                                               : " is back in its group";
  return AnswerOperation(context, response, absl::StrCat(given, done));
}

absl::StatusOr<Answer> LookupUuid(Context& context) {
  v1::LookupServerUuidRequest request;
  request.set_address(context.arguments().Text("address"));
  WEFT_ASSIGN_OR_RETURN(const v1::LookupServerUuidResponse response,
                        context.Call(&Servers::Stub::LookupServerUuid, request));
  return Answer{.json = ToJson(response), .text = absl::StrCat(Printable(response.uuid()), "\n")};
}

Parameter AddressParameter() {
  return {"address", "HOST:PORT", "where the server listens; IPv6 in brackets"};
}

// What reads and writes the record.
std::vector<Command> RecordCommands() {
  return {
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list the servers of all groups or of one",
       .examples = {"weft server list g1 --status faulty"},
       .positionals = {GroupParameter(true)},
       .options = {StatusFilter(), ModeFilter()},
       .traits = kReads,
       .run = List},
      {.verb = "show",
       .aliases = {"describe"},
       .summary = "show a server and what it said last",
       .examples = {"weft server show 127.0.0.1:21001 --watch=1"},
       .positionals = {ServerParameter()},
       .traits = kReads,
       .run = Show},
      {.verb = "set",
       .summary = "change a server's status, mode, weight, promotion rule or zone",
       .details = "Status: SPARE and SECONDARY into each other, FAULTY to SPARE. A primary is made "
                  "by `weft group promote`, a faulty server brought back by `weft server rejoin`. "
                  "Promotion rule: PREFER before NEUTRAL before PREFER_NOT; MUST_NOT is never "
                  "promoted, neither by itself nor by name. A primary that gets MUST_NOT stays the "
                  "primary until another is promoted.",
       .examples = {"weft server set db3.example.net:3306 --status spare",
                    "weft server set 127.0.0.1:21002 --weight 0.3 --mode offline",
                    "weft server set 127.0.0.1:21003 --promotion-rule must_not",
                    "weft server set 127.0.0.1:21003 --zone north"},
       .positionals = {ServerParameter()},
       .options = {{"status",
                    "STATUS",
                    "SPARE, SECONDARY or FAULTY",
                    Kind::kText,
                    {"SPARE", "SECONDARY", "FAULTY", "PRIMARY"}},
                   {"mode",
                    "MODE",
                    "which transactions clients may send to it",
                    Kind::kText,
                    {"OFFLINE", "READ_ONLY", "WRITE_ONLY", "READ_WRITE"}},
                   {"weight", "W", "0 to 1: its share of the reads", Kind::kNumber},
                   PromotionRuleParameter(),
                   ZoneParameter()},
       .traits = kChanges | kForesees,
       .run = Set},
  };
}

// What looks at the server itself, or works on it.
std::vector<Command> WorkCommands() {
  return {
      {.verb = "check",
       .summary = "say what stands in the way of adding a server, and the SQL that mends it",
       .details = "Exit code 8 when it cannot be added. The two arguments may be swapped. Then a "
                  "provisioner holds its settings against the recipe of a member: each deviation "
                  "with why, the SQL and the line of my.cnf. With --role it does that alone, for "
                  "that role; exit code 8 when one must be mended.",
       .examples = {"weft server check db3.example.net:3306 g1",
                    "weft server check db3.example.net:3306 --role member"},
       .positionals = {AddressParameter(), GroupParameter(true)},
       .options = {{"role",
                    "ROLE",
                    "what it shall serve as",
                    Kind::kText,
                    {"member", "async-member", "standalone"}}},
       .run = Check},
      {.verb = "rejoin",
       .summary = "bring a server that was set aside back into its group",
       .details =
           "Without --rewind or --rebuild it is re-attached only if it has no transaction of "
           "its own. With both it is rewound, or rebuilt where that cannot be done. What only "
           "it has is saved as SQL first.",
       .examples = {"weft server rejoin 127.0.0.1:21001",
                    "weft server rejoin 127.0.0.1:21001 --rewind --dry-run",
                    "weft server rejoin 127.0.0.1:21001 --rebuild"},
       .positionals = {ServerParameter()},
       .options = {{"rewind", "", "undo the changes of rows that only it has"},
                   {"rebuild", "", "replace its data by a clone of a healthy member"}},
       .traits = kChanges | kForesees | kWaits,
       .run = Rejoin},
      {.verb = "lookup-uuid",
       .summary = "ask a server for its uuid",
       .examples = {"weft server lookup-uuid 127.0.0.1:21001"},
       .positionals = {AddressParameter()},
       .run = LookupUuid},
  };
}

}  // namespace

Noun ServerNoun() {
  Noun noun = {"server", "servers: status, mode, weight, promotion rule, zone, checks, rejoining",
               RecordCommands()};
  for (Command& command : WorkCommands()) noun.commands.push_back(std::move(command));
  for (Command& command : CopyCommands()) noun.commands.push_back(std::move(command));
  return noun;
}

}  // namespace weft::cli
