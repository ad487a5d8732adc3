#include "services/cli/nouns/server_copies.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/copies.grpc.pb.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Copies;

// What most servers that are checked shall become: a member of a lossless group.
constexpr char kUsualRole[] = "member";

v1::CopyMethod MethodOf(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "plugin") return v1::COPY_METHOD_PLUGIN;
  if (lower == "physical") return v1::COPY_METHOD_PHYSICAL;
  if (lower == "logical") return v1::COPY_METHOD_LOGICAL;
  return v1::COPY_METHOD_UNSPECIFIED;
}

std::string MethodText(v1::CopyMethod method) {
  switch (method) {
    case v1::COPY_METHOD_PLUGIN:
      return "the CLONE plugin";
    case v1::COPY_METHOD_PHYSICAL:
      return "its files";
    case v1::COPY_METHOD_LOGICAL:
      return "rows";
    default:
      return "?";
  }
}

absl::StatusOr<Answer> Clone(Context& context) {
  const Arguments& arguments = context.arguments();
  const std::string target = arguments.Text("target");
  v1::CloneServerRequest request;
  request.set_group(GroupName(arguments.Text("group")));
  request.set_target(target);
  request.set_source(ServerReference(arguments.Text("source")));
  request.set_method(MethodOf(arguments.Text("method")));
  if (arguments.Has("throttle")) {
    // Nobody asks for a copy that stands still: 0 is "no bound" here.
    const auto bound = static_cast<int64_t>(arguments.Number("throttle"));
    request.set_bytes_per_second(bound > 0 ? bound : -1);
  }
  request.set_surrender(arguments.Has("surrender"));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(v1::CloneServerResponse response,
                        context.CallProvisioner(&Copies::Stub::CloneServer, request));
  const v1::CopyPlan plan = response.plan();
  const std::string how = plan.source_address().empty()
                              ? ""
                              : absl::StrCat(" of ", Printable(plan.source_address()), " by ",
                                             MethodText(plan.method()));
  if (context.dry_run()) {
    return Answer{.json = ToJson(response),
                  .text = absl::StrCat(Printable(target), " can become a copy", how, " (",
                                       Printable(plan.reason()), ")\n")};
  }
  return AnswerOperation(context, std::move(response),
                         absl::StrCat(Printable(target), " is a copy", how));
}

std::string DeviationsText(const v1::CheckRecipeResponse& response) {
  std::string text;
  for (const v1::Deviation& deviation : response.deviations()) {
    absl::StrAppend(&text, deviation.required() ? "must " : "should ", "be ",
                    Printable(deviation.setting()), "=", Printable(deviation.expected()), ", is ",
                    Printable(deviation.found()), ": ", Printable(deviation.why()), "\n");
    if (!deviation.sql().empty()) absl::StrAppend(&text, "  SQL:    ", deviation.sql(), "\n");
    if (!deviation.config().empty()) {
      absl::StrAppend(&text, "  my.cnf: ", deviation.config(), "\n");
    }
  }
  if (text.empty()) text = "it is as the recipe has it\n";
  return text;
}

absl::StatusOr<v1::CheckRecipeResponse> AskRecipe(Context& context, const std::string& address,
                                                  const std::string& role) {
  v1::CheckRecipeRequest request;
  request.set_address(address);
  request.set_role(role);
  return context.CallProvisioner(&Copies::Stub::CheckRecipe, request);
}

// `json` with more members at its end.
void AddMembers(const std::vector<std::pair<std::string, std::string>>& members,
                std::string* json) {
  json->pop_back();
  absl::StrAppend(json, ",", absl::string_view(JsonObject(members)).substr(1));
}

}  // namespace

absl::StatusOr<Answer> CheckAgainstRecipe(Context& context, const std::string& address) {
  WEFT_ASSIGN_OR_RETURN(const v1::CheckRecipeResponse response,
                        AskRecipe(context, address, context.arguments().Text("role")));
  Answer answer = {.json = ToJson(response), .text = DeviationsText(response)};
  for (const v1::Deviation& deviation : response.deviations()) {
    if (deviation.required()) answer.exit_code = kExitAttention;
  }
  return answer;
}

void AddRecipe(Context& context, const std::string& address, Answer* answer) {
  const auto response = AskRecipe(context, address, kUsualRole);
  AddMembers({{"role", JsonString(kUsualRole)},
              {"recipe", response.ok() ? ToJson(*response) : "null"},
              {"recipe_error", JsonString(response.status().message())}},
             &answer->json);
  absl::StrAppend(&answer->text, "\nheld against the recipe of role ", kUsualRole,
                  " (--role for another):\n",
                  response.ok() ? DeviationsText(*response)
                                : absl::StrCat("not done, as no provisioner could: ",
                                               Printable(response.status().message()), "\n"));
}

std::vector<Command> CopyCommands() {
  return {
      {.verb = "clone",
       .summary = "replace a server's data by those of a group's member",
       .details =
           "Data, accounts and GTIDs; then `weft group add` takes it in. The source is a spare, "
           "else a secondary, else the primary. By the CLONE plugin where both servers have it, by "
           "files on the provisioner's machine, else by rows. A target with data of its own is "
           "refused without --surrender. A copy that fails or is cancelled leaves the target "
           "empty.",
       .examples = {"weft server clone g1 db4.example.net:3306",
                    "weft server clone g1 127.0.0.1:21004 --method logical --throttle 50000000",
                    "weft server clone g1 127.0.0.1:21004 --surrender --dry-run"},
       .positionals = {GroupParameter(),
                       {"target", "HOST:PORT", "whose data are replaced; in no group"}},
       .options = {{"source", "SERVER", "the member to copy: address or uuid"},
                   {"method",
                    "METHOD",
                    "how; auto is the first of the three that can be",
                    Kind::kText,
                    {"auto", "plugin", "physical", "logical"}},
                   {"throttle", "BYTES", "the most to read in a second; 0: no bound",
                    Kind::kNumber},
                   {"surrender", "", "the data that the target has may be lost"}},
       .traits = kChanges | kForesees | kWaits,
       .run = Clone},
  };
}

}  // namespace weft::cli
