// weft sandbox ...
#include "services/cli/sandbox/sandbox.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "services/cli/login.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"
#include "services/cli/nouns/sandbox_groups.h"

namespace weft::cli {
namespace {

absl::StatusOr<std::string> FolderOf(const Context& context) {
  std::string folder = context.arguments().Text("dir");
  if (folder.empty()) folder = SandboxFolder(context.options(), context.surroundings().variables);
  if (!folder.empty()) return folder;
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "no folder for the sandbox",
                 "--dir DIR, --sandbox DIR or WEFT_SANDBOX", "none of them",
                 "name one: --dir /tmp/farm");
}

std::string PidText(int pid) { return pid == 0 ? "" : absl::StrCat(pid); }

void AddServerRow(const std::string& group, const sandbox::Server& server, Table* servers) {
  servers->Add({group, server.address, server.uuid,
                server.pid == 0 ? Cell("stopped", Tone::kBad) : Cell(PidText(server.pid)),
                server.socket});
}

std::string LayoutText(const sandbox::Layout& layout, const Style& style) {
  Fields fields;
  fields.Add("sandbox", Cell(layout.dir, Tone::kStrong));
  fields.Add("controller", absl::StrJoin(layout.controllers, ", "));
  fields.Add("monitor", absl::StrJoin(layout.monitors, ", "));
  fields.Add("provisioner", absl::StrJoin(layout.provisioners, ", "));
  for (const sandbox::Gateway& gateway : layout.gateways) {
    fields.Add("gateway", absl::StrCat("XML-RPC ", gateway.xmlrpc, ", MySQL ", gateway.mysql,
                                       ", HTTP ", gateway.http));
  }
  for (const sandbox::StoreMember& member : layout.store.members) {
    fields.Add(member.name, absl::StrCat(member.address, member.pid == 0 ? " (not running)" : ""));
  }
  fields.Add("admin",
             absl::StrCat(layout.admin.user, ", password in ", layout.admin.password_file));
  fields.Add("app", absl::StrCat(layout.app.user, " on ", layout.app.database, ", password in ",
                                 layout.app.password_file));
  for (const auto& [name, url] : layout.metrics) fields.Add(absl::StrCat(name, " metrics"), url);
  Table servers({"GROUP", "SERVER", "UUID", "PID", "SOCKET"});
  servers.AlignRight(3);
  for (const sandbox::Group& group : layout.groups) {
    for (const sandbox::Server& server : group.servers) {
      AddServerRow(group.id, server, &servers);
    }
  }
  for (const sandbox::Server& server : layout.added) AddServerRow("-", server, &servers);
  return absl::StrCat(fields.Render(style), "\n", servers.empty() ? "" : servers.Render(style));
}

sandbox::Progress ProgressTo(Context& context) {
  return [&context](absl::string_view message) {
    context.console().Err(absl::StrCat(Printable(message), "\n"));
  };
}

// "--groups 2", or "--groups orders,users".
absl::Status SetGroups(const std::string& text, sandbox::UpOptions& options) {
  int number;
  if (absl::SimpleAtoi(text, &number)) {
    options.groups = number;
    return absl::OkStatus();
  }
  options.group_names = absl::StrSplit(text, ',');
  options.groups = static_cast<int>(options.group_names.size());
  for (const std::string& name : options.group_names) {
    if (name.empty()) {
      return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "wrong value for --groups",
                     "a number, or names with commas between them", text,
                     "give each group a name: --groups orders,billing");
    }
    // Before anything is started.
    WEFT_RETURN_IF_ERROR(ValidateGroupId(name));
  }
  return absl::OkStatus();
}

// --bare, or how many of each process.
absl::Status SetReplicas(const Arguments& arguments, sandbox::UpOptions& options) {
  options.processes = !arguments.Has("bare");
  for (const char* name : {"controllers", "monitors", "gateways", "provisioners"}) {
    if (options.processes || !arguments.Has(name)) continue;
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                   absl::StrCat("--bare runs nothing of Weft, and so no ", name),
                   absl::StrCat("--bare or --", name), "both", "leave one of them out");
  }
  options.controllers = static_cast<int>(arguments.Integer("controllers", options.controllers));
  options.monitors = static_cast<int>(arguments.Integer("monitors", options.monitors));
  options.gateways = static_cast<int>(arguments.Integer("gateways", options.gateways));
  options.provisioners = static_cast<int>(arguments.Integer("provisioners", options.provisioners));
  return absl::OkStatus();
}

absl::StatusOr<Answer> Up(Context& context) {
  const Arguments& arguments = context.arguments();
  sandbox::UpOptions options;
  WEFT_ASSIGN_OR_RETURN(options.dir, FolderOf(context));
  options.servers = static_cast<int>(arguments.Integer("servers", options.servers));
  options.mysql = arguments.Text("mysql", options.mysql);
  options.store_members =
      static_cast<int>(arguments.Integer("store-members", options.store_members));
  WEFT_RETURN_IF_ERROR(SetGroups(arguments.Text("groups", "1"), options));
  WEFT_RETURN_IF_ERROR(SetReplicas(arguments, options));
  if (context.options().timeout.has_value()) options.timeout = *context.options().timeout;
  const sandbox::Progress progress = ProgressTo(context);
  const sandbox::Cancelled cancelled = [&context] { return context.interrupt().raised(); };
  options.hooks.create_groups = [&context](const sandbox::Layout& layout) {
    return CreateSandboxGroups(layout, &context.interrupt());
  };
  WEFT_ASSIGN_OR_RETURN(const sandbox::Layout layout, sandbox::Up(options, progress, cancelled));
  return Answer{.json = sandbox::ToJson(layout),
                .text = absl::StrCat(LayoutText(layout, context.style()),
                                     "\nexport WEFT_SANDBOX=", layout.dir, "\n")};
}

absl::StatusOr<Answer> Status(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const std::string dir, FolderOf(context));
  WEFT_ASSIGN_OR_RETURN(const sandbox::Layout layout, sandbox::Load(dir));
  return Answer{.json = sandbox::ToJson(layout), .text = LayoutText(layout, context.style())};
}

using Action = absl::StatusOr<sandbox::Outcome> (*)(absl::string_view, absl::string_view);

// Stops, kills or starts one server; `done` is what is said of it then.
absl::StatusOr<Answer> Act(Context& context, Action action, absl::string_view done) {
  WEFT_ASSIGN_OR_RETURN(const std::string dir, FolderOf(context));
  WEFT_ASSIGN_OR_RETURN(const sandbox::Outcome outcome,
                        action(dir, context.arguments().Text("server")));
  return Answer{.json = JsonObject({{"what", JsonString(outcome.what)},
                                    {"changed", outcome.changed ? "true" : "false"},
                                    {"pid", absl::StrCat(outcome.pid)}}),
                .text = absl::StrCat(Printable(outcome.what), outcome.changed ? " " : " was ", done,
                                     outcome.changed ? "\n" : " already\n")};
}

// --from-user goes with --from-password-file, and both with --from.
absl::Status CheckSource(const Arguments& arguments) {
  const bool user = arguments.Has("from-user");
  const bool file = arguments.Has("from-password-file");
  for (const char* name : {"from-user", "from-password-file", "method", "throttle", "read-only"}) {
    if (!arguments.Has(name) || arguments.Has("from")) continue;
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                   absl::StrCat("--", name, " is about the server that is copied"),
                   "--from HOST:PORT", "none", "name it, or leave the rest out");
  }
  if (arguments.Has("from")) {
    WEFT_RETURN_IF_ERROR(HostPort::Parse(arguments.Text("from")).status());
  }
  if (user == file) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                 "an account is a user and the file with its password",
                 "--from-user and --from-password-file", "one of them", "give the other, too");
}

std::string CopyText(const std::string& from, const sandbox::CopyReport& copy) {
  std::string text = absl::StrCat("a copy of ", Printable(from), " by ",
                                  copy.method == "plugin" ? "the CLONE plugin" : "rows", " (",
                                  Printable(copy.reason), ")");
  return absl::StrCat(text,
                      absl::StrFormat(": %.1f MB in %.1f s", 1e-6 * copy.bytes, copy.seconds));
}

absl::StatusOr<Answer> AddServer(Context& context) {
  const Arguments& arguments = context.arguments();
  WEFT_RETURN_IF_ERROR(CheckSource(arguments));
  WEFT_ASSIGN_OR_RETURN(const std::string dir, FolderOf(context));
  sandbox::AddOptions options;
  options.mysql = arguments.Text("mysql", options.mysql);
  options.from = arguments.Text("from");
  options.from_user = arguments.Text("from-user");
  options.from_password_file = arguments.Text("from-password-file");
  options.method = arguments.Text("method", options.method);
  options.bytes_per_second = static_cast<uint64_t>(std::max(0.0, arguments.Number("throttle")));
  options.read_only = arguments.Has("read-only");
  if (context.options().timeout.has_value()) options.timeout = *context.options().timeout;
  WEFT_ASSIGN_OR_RETURN(const sandbox::Added added,
                        sandbox::AddServer(dir, options, ProgressTo(context),
                                           [&context] { return context.interrupt().raised(); }));
  std::string copy_json = "null";
  std::string text = absl::StrCat("server ", added.server.address, " (", added.server.uuid, ")");
  if (added.copy.has_value()) {
    const sandbox::CopyReport& copy = *added.copy;
    copy_json = JsonObject({{"from", JsonString(options.from)},
                            {"method", JsonString(copy.method)},
                            {"reason", JsonString(copy.reason)},
                            {"bytes", absl::StrCat(copy.bytes)},
                            {"rows", absl::StrCat(copy.rows)},
                            {"seconds", absl::StrCat(copy.seconds)}});
    absl::StrAppend(&text, ", ", CopyText(options.from, copy));
  }
  absl::StrAppend(&text, "\nmysql --socket=", added.server.socket, "\n");
  return Answer{
      .json = JsonObject({{"server", sandbox::ToJson(added.server)}, {"copy", copy_json}}),
      .text = text};
}

absl::StatusOr<Answer> Down(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const std::string dir, FolderOf(context));
  WEFT_ASSIGN_OR_RETURN(const sandbox::DownReport report, sandbox::Down(dir, ProgressTo(context)));
  return Answer{
      .json = JsonObject({{"processes_stopped", absl::StrCat(report.processes_stopped)},
                          {"folder_removed", report.folder_removed ? "true" : "false"}}),
      .text = absl::StrCat(
          report.processes_stopped, " processes stopped, ",
          report.folder_removed ? "folder removed\n" : "the folder stays: it holds other files\n")};
}

Command AddServerCommand(const Parameter& dir) {
  return {
      .verb = "add-server",
      .summary = "add a server in no group: an empty one, or a throw-away copy of another",
      .details =
          "A copy has the data, accounts and GTIDs of the server that --from names, which goes on "
          "as "
          "it was; it may be written to, and ends with the sandbox. By the CLONE plugin where both "
          "have it, else by rows. Servers of the sandbox need no login; at another one log in as "
          "somebody who may there what Weft's accounts backup, restore and manage may "
          "(docs/accounts.md), also from 127.0.0.1. Ctrl-C leaves nothing behind.",
      .examples = {"weft sandbox add-server --dir /tmp/sandbox",
                   "weft sandbox add-server --from 127.0.0.1:21003",
                   "weft sandbox add-server --from db7.example:3306 --from-user copier "
                   "--from-password-file copier.password"},
      .options = {dir,
                  {"from", "HOST:PORT", "the server to copy"},
                  {"from-user", "USER", "who logs in there (default: the sandbox's own accounts)"},
                  {"from-password-file", "FILE", "file with that user's password", Kind::kFile},
                  {"mysql", "WHICH", "of the new server: 9.7 (default), 5.6, or a mysqld's path"},
                  {"method",
                   "METHOD",
                   "how it is copied (default auto)",
                   Kind::kText,
                   {"auto", "plugin", "logical"}},
                  {"throttle", "BYTES", "the most to read in a second (default: no bound)",
                   Kind::kNumber},
                  {"read-only", "", "leave the copy read-only, to be added to a group"}},
      .run = AddServer};
}

std::vector<Command> ServerCommands(const Parameter& dir) {
  const Parameter server = {
      "server", "SERVER",
      "host:port, a uuid or its beginning, GROUP/N, N, store, store-2, controller, "
      "controller-2, monitor, provisioner or gateway"};
  return {
      {.verb = "stop-server",
       .summary = "shut a server or process of a sandbox down in order",
       .examples = {"weft sandbox stop-server g1/2 --dir /tmp/sandbox"},
       .positionals = {server},
       .options = {dir},
       .run = [](Context& c) { return Act(c, sandbox::StopServer, "stopped"); }},
      {.verb = "kill-server",
       .summary = "kill a server or process of a sandbox (SIGKILL); it stays down",
       .examples = {"weft sandbox kill-server 127.0.0.1:21003 --dir /tmp/sandbox"},
       .positionals = {server},
       .options = {dir},
       .run = [](Context& c) { return Act(c, sandbox::KillServer, "killed"); }},
      {.verb = "start-server",
       .summary = "start a stopped server or process of a sandbox",
       .examples = {"weft sandbox start-server controller --dir /tmp/sandbox"},
       .positionals = {server},
       .options = {dir},
       .run = [](Context& c) { return Act(c, sandbox::StartServer, "started"); }},
  };
}

}  // namespace

Noun SandboxNoun() {
  const Parameter dir = {"dir", "DIR", "the sandbox's folder (else --sandbox or WEFT_SANDBOX)",
                         Kind::kFolder};
  Noun noun = {"sandbox", "real MySQL servers and a whole Weft on this machine", {}};
  noun.commands = {
      {.verb = "up",
       .summary = "start a state store, MySQL servers and all processes of Weft in a folder",
       .details = "Groups are created and their servers added; none is promoted or activated. "
                  "Everything survives the shell that started it. Ctrl-C undoes all of it.",
       .examples = {"weft sandbox up --dir /tmp/sandbox --servers 3",
                    "weft sandbox up --dir /tmp/farm --controllers 2 --monitors 3",
                    "weft sandbox up --dir /tmp/old --mysql 5.6 --json"},
       .options = {dir,
                   {"servers", "N", "servers in each group (default 3)", Kind::kInteger},
                   {"groups", "G", "how many groups (default 1: g1), or names with commas between"},
                   {"mysql", "WHICH", "9.7 (default), 5.6, or the path of a mysqld"},
                   {"store-members", "N",
                    "members of the state store (default 1; 3 or 5 are a cluster that survives)",
                    Kind::kInteger},
                   {"controllers", "N", "controllers over one store (default 1; up to 5)",
                    Kind::kInteger},
                   {"monitors", "N", "monitors, reporting to every controller (default 1; up to 5)",
                    Kind::kInteger},
                   {"gateways", "N",
                    "gateways for connectors and load balancers (default 1; 0 to 5)",
                    Kind::kInteger},
                   {"provisioners", "N", "provisioners of machines and copies (default 1; 0 to 5)",
                    Kind::kInteger},
                   {"bare", "", "only MySQL servers and the state store, nothing of Weft"}},
       .run = Up},
      {.verb = "status",
       .summary = "show a sandbox's endpoints and what runs of it now",
       .examples = {"weft sandbox status --dir /tmp/sandbox --json"},
       .options = {dir},
       .traits = kReads,
       .run = Status},
  };
  noun.commands.push_back(AddServerCommand(dir));
  for (Command& command : ServerCommands(dir)) noun.commands.push_back(std::move(command));
  noun.commands.push_back({.verb = "down",
                           .summary = "stop everything of a sandbox and leave nothing behind",
                           .examples = {"weft sandbox down --dir /tmp/sandbox"},
                           .options = {dir},
                           .run = Down});
  return noun;
}

}  // namespace weft::cli
