// weft why GROUP.
#include <algorithm>

#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

absl::StatusOr<Answer> Why(Context& context) {
  v1::ExplainGroupRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  WEFT_ASSIGN_OR_RETURN(const v1::ExplainGroupResponse response,
                        context.Call(&v1::Groups::Stub::ExplainGroup, request));
  const bool critical = std::any_of(
      response.findings().begin(), response.findings().end(),
      [](const v1::Finding& f) { return f.severity() == v1::Finding::CRITICAL && !f.muted(); });
  return Answer{.json = ToJson(response),
                .text = ExplanationText(response, ViewOf(context)),
                .exit_code = response.settled() && !critical ? kExitOk : kExitAttention};
}

}  // namespace

Noun WhyNoun() {
  return {"why",
          "why a group is as it is, and what would be done next",
          {{.summary = "say why a group is as it is, and what would be done next",
            .details = "Exit code 0: the group is settled and nothing critical was found; 8: it "
                       "is not.",
            .examples = {"weft why g1", "weft why g1 -o json"},
            .positionals = {GroupParameter()},
            .traits = kReads,
            .run = Why}}};
}

}  // namespace weft::cli
