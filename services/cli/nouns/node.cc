// weft node status, weft manage setup, status, backup, restore, teardown.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/json.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Node;

Answer AnswerNode(const Context& context, const v1::NodeStatus& node) {
  return Answer{.json = ToJson(node),
                .text = NodeText(node, ViewOf(context)),
                .exit_code = node.store_reachable() ? kExitOk : kExitUnavailable};
}

absl::StatusOr<Answer> Status(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus node,
                        context.Call(&Node::Stub::GetNodeStatus, v1::GetNodeStatusRequest()));
  return AnswerNode(context, node);
}

absl::StatusOr<Answer> SetUp(Context& context) {
  v1::SetUpStoreRequest request;
  request.set_validate_only(context.arguments().Has("check"));
  for (const absl::string_view member :
       absl::StrSplit(context.arguments().Text("store"), ',', absl::SkipEmpty())) {
    request.add_members(std::string(member));
  }
  WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus node, context.Call(&Node::Stub::SetUpStore, request));
  Answer answer = AnswerNode(context, node);
  for (const v1::StoreDeviation& one : node.deviations()) {
    if (one.blocks()) answer.exit_code = kExitAttention;
  }
  return answer;
}

absl::StatusOr<Answer> BackUp(Context& context) {
  const std::string path = context.arguments().Text("file");
  WEFT_ASSIGN_OR_RETURN(const v1::BackUpStoreResponse backup,
                        context.Call(&Node::Stub::BackUpStore, v1::BackUpStoreRequest()));
  const absl::Status written = WriteFileAtomically(path, backup.backup(), 0600);
  if (!written.ok()) {
    return Refusal(absl::StatusCode::kUnavailable, "FILE_NOT_WRITTEN", written.message(),
                   "a file that can be written", path, "give another path, or make room");
  }
  return Answer{
      .json = JsonObject({{"file", JsonString(path)},
                          {"bytes", absl::StrCat(backup.backup().size())},
                          {"groups", absl::StrCat(backup.groups())},
                          {"machines", absl::StrCat(backup.machines())}}),
      .text = absl::StrCat(Printable(path), ": ", backup.groups(), " groups, ", backup.machines(),
                           " machines, ", backup.backup().size(), " bytes; without passwords\n")};
}

absl::StatusOr<Answer> Restore(Context& context) {
  const std::string path = context.arguments().Text("file");
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) {
    return Refusal(absl::StatusCode::kInvalidArgument, "FILE_NOT_READ", text.status().message(),
                   "a backup", path, "name a file that `weft manage backup` wrote");
  }
  v1::RestoreStoreRequest request;
  request.set_backup(*std::move(text));
  request.set_surrender(context.arguments().Has("surrender"));
  WEFT_RETURN_IF_ERROR(context.Confirm(absl::StrCat(
      "Put the backup in place of ",
      request.surrender() ? "ALL THAT THE STATE STORE HOLDS NOW? " : "an empty state store? ",
      "Until its servers have confirmed it, nothing is done to a group.")));
  WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus node,
                        context.Call(&Node::Stub::RestoreStore, request));
  return AnswerNode(context, node);
}

absl::StatusOr<Answer> TearDown(Context& context) {
  WEFT_RETURN_IF_ERROR(context.Confirm(
      "Destroy all that Weft knows: groups, servers, operations, events? Managed servers are not "
      "touched."));
  v1::TearDownStoreRequest request;
  request.set_confirm("destroy all state");
  request.set_abandon_machines(context.arguments().Has("abandon-machines"));
  WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus node,
                        context.Call(&Node::Stub::TearDownStore, request));
  return AnswerNode(context, node);
}

Command StatusCommand(const std::string& example) {
  return {.verb = "status",
          .summary = "show the controller, its leader and the state store",
          .details = "Exit code 4 when the state store is down; the controller still answers.",
          .examples = {example},
          .traits = kReads,
          .run = Status};
}

}  // namespace

Noun NodeNoun() { return {"node", "this Weft installation", {StatusCommand("weft node status")}}; }

Noun ManageNoun() {
  Noun noun = {"manage", "the state store: set up, look, tear down", {}};
  noun.commands = {
      {.verb = "setup",
       .summary = "check the state store, and create or migrate its schema; safe to repeat",
       .details = "Every server of the store is looked at first: version, GTIDs, rights, "
                  "durability, and of a cluster its mode and members. What is not as it should be "
                  "is shown with the SQL that mends it; nothing is made where that matters.",
       .examples = {"weft manage setup", "weft manage setup --store a:3306,b:3306,c:3306",
                    "weft manage setup --check"},
       .options = {{"store", "HOST:PORT,...",
                    "the store's members; refused if the controller was started with others"},
                   {"check", "", "only look; exit code 8: it could not be set up like this"}},
       .run = SetUp},
      StatusCommand("weft manage status -o json"),
      FailoverSwitchCommand(),
      {.verb = "backup",
       .summary = "write all of the state store into a file, but for passwords and events",
       .details = "Of one instant, with a checksum, readable by its owner alone.",
       .examples = {"weft manage backup /var/backups/weft-2026-11-22"},
       .positionals = {{"file", "FILE", "where to write it"}},
       .traits = kReads,
       .run = BackUp},
      {.verb = "restore",
       .summary = "put a backup in place of the state store's content (asks)",
       .details = "Every epoch rises, and nothing is done to a group, nor its primary told, before "
                  "all its servers have been looked at and confirm the record (weft why). "
                  "Passwords are those that the store has now.",
       .examples = {"weft manage restore /var/backups/weft-2026-11-22",
                    "weft manage restore FILE --surrender --yes"},
       .positionals = {{"file", "FILE", "as `weft manage backup` wrote it"}},
       .options = {{"surrender", "", "give up the groups that the store has now"}},
       .traits = kDestroys,
       .run = Restore},
      {.verb = "teardown",
       .summary = "drop the state store's schema and all in it (asks)",
       .details = "Refused while machines are listed that Weft made: they would run on unseen.",
       .examples = {"weft manage teardown --yes", "weft manage teardown --yes --abandon-machines"},
       .options = {{"abandon-machines", "", "also while machines are listed; they run on"}},
       .traits = kDestroys,
       .run = TearDown},
  };
  return noun;
}

}  // namespace weft::cli
