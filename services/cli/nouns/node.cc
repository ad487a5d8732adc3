// weft node status, weft manage setup, status, teardown.
#include "common/base/status_macros.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/cli/exit_code.h"
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
  WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus node,
                        context.Call(&Node::Stub::SetUpStore, v1::SetUpStoreRequest()));
  return AnswerNode(context, node);
}

absl::StatusOr<Answer> TearDown(Context& context) {
  WEFT_RETURN_IF_ERROR(context.Confirm(
      "Destroy all that Weft knows: groups, servers, operations, events? Managed servers are not "
      "touched."));
  v1::TearDownStoreRequest request;
  request.set_confirm("destroy all state");
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
       .summary = "create or migrate the schema of the state store; safe to repeat",
       .examples = {"weft manage setup"},
       .run = SetUp},
      StatusCommand("weft manage status -o json"),
      {.verb = "teardown",
       .summary = "drop the state store's schema and all in it (asks)",
       .examples = {"weft manage teardown --yes"},
       .traits = kDestroys,
       .run = TearDown},
  };
  return noun;
}

}  // namespace weft::cli
