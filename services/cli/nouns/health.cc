// weft health GROUP, weft group health GROUP.
#include <algorithm>
#include <string>
#include <vector>

#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

absl::StatusOr<Answer> ShowHealth(Context& context) {
  v1::GetGroupRequest look;
  look.set_name(GroupName(context.arguments().Text("group")));
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, context.Call(&v1::Groups::Stub::GetGroup, look));
  v1::GetHealthRequest request;
  request.set_group(look.name());
  WEFT_ASSIGN_OR_RETURN(const v1::GetHealthResponse health,
                        context.Call(&v1::Health::Stub::GetHealth, request));
  std::vector<std::string> servers;
  for (const v1::Server& server : group.servers()) servers.push_back(ToJson(server));
  std::vector<std::string> reports;
  for (const v1::ObserverReport& report : health.reports()) reports.push_back(ToJson(report));
  const bool healthy = std::all_of(group.servers().begin(), group.servers().end(), IsHealthy);
  return Answer{.json = JsonObject({{"group", JsonString(group.name())},
                                    {"healthy", healthy ? "true" : "false"},
                                    {"servers", JsonArray(servers)},
                                    {"reports", JsonArray(reports)}}),
                .text = HealthText(group, health, ViewOf(context)),
                .exit_code = healthy ? kExitOk : kExitAttention};
}

Command HealthCommand(const std::string& verb, const std::string& example) {
  return {.verb = verb,
          .summary = "show the replication health of a group's servers, and since when",
          .details =
              "First what the controller saw just now, then what each monitor says. Exit "
              "code 0: every server is well; 8: one is not.",
          .examples = {example},
          .positionals = {GroupParameter()},
          .traits = kReads,
          .run = ShowHealth};
}

}  // namespace

Command GroupHealthCommand() { return HealthCommand("health", "weft group health g1"); }

Noun HealthNoun() {
  return {"health",
          "replication health of a group's servers",
          {HealthCommand("", "weft health g1 --watch=1")}};
}

}  // namespace weft::cli
