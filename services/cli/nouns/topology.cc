// weft topology [GROUP].
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"
#include "services/cli/tree.h"

namespace weft::cli {
namespace {

absl::StatusOr<Answer> Topology(Context& context) {
  std::vector<std::string> names;
  if (context.arguments().Has("group")) {
    names.push_back(GroupName(context.arguments().Text("group")));
  } else {
    WEFT_ASSIGN_OR_RETURN(const std::vector<v1::Group> groups, ListGroups(context));
    for (const v1::Group& group : groups) names.push_back(group.name());
  }
  Answer answer;
  std::vector<std::string> groups;
  for (const std::string& name : names) {
    v1::GetGroupRequest request;
    request.set_name(name);
    request.set_cached(context.arguments().Has("cached"));
    WEFT_ASSIGN_OR_RETURN(const v1::Group group,
                          context.Call(&v1::Groups::Stub::GetGroup, request));
    groups.push_back(ToJson(group));
    absl::StrAppend(&answer.text, answer.text.empty() ? "" : "\n",
                    TopologyTree(group, ViewOf(context)));
  }
  if (names.empty()) answer.text = "no groups\n";
  answer.json = JsonObject({{"groups", JsonArray(groups)}});
  return answer;
}

}  // namespace

Noun TopologyNoun() {
  return {"topology",
          "the replication graph as a tree",
          {{.summary = "draw the replication graph of one group or of all as a tree",
            .examples = {"weft topology", "weft topology g1 --watch=1"},
            .positionals = {GroupParameter(true)},
            .options = {{"cached", "", "answer from the last look instead of looking now"}},
            .traits = kReads,
            .run = Topology}}};
}

}  // namespace weft::cli
