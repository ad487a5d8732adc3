// weft group durability.
#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

absl::StatusOr<Answer> Durability(Context& context) {
  v1::ExplainDurabilityRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  WEFT_ASSIGN_OR_RETURN(const v1::ExplainDurabilityResponse proof,
                        context.Call(&v1::Groups::Stub::ExplainDurability, request));
  return Answer{.json = ToJson(proof),
                .text = DurabilityProofText(proof, ViewOf(context)),
                .exit_code = proof.proven() ? kExitOk : kExitAttention};
}

}  // namespace

Command GroupDurabilityCommand() {
  return {.verb = "durability",
          .summary = "prove that a failover now would lose no acknowledged commit",
          .details =
              "Who could have acknowledged a commit, who was reached, what each holds of what the "
              "primary has, and who is missing. Exit code 0: it is proven; 8: it is not.",
          .examples = {"weft group durability g1", "weft group durability g1 --watch=1",
                       "weft group durability g1 -o json"},
          .positionals = {GroupParameter()},
          .traits = kReads,
          .run = Durability};
}

}  // namespace weft::cli
