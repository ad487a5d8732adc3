// weft account list, rotate.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

constexpr int kNewest = 90700;

// "9.7", "8.4.3", "5.6.24" -> 90700, 80403, 50624.
absl::StatusOr<int> VersionOf(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  int numbers[3] = {0, 0, 0};
  bool good = parts.size() >= 2 && parts.size() <= 3;
  for (size_t i = 0; good && i < parts.size(); ++i) {
    good = absl::SimpleAtoi(parts[i], &numbers[i]) && numbers[i] >= 0 && numbers[i] < 100;
  }
  if (good) return numbers[0] * 10000 + numbers[1] * 100 + numbers[2];
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "malformed version of MySQL",
                 "a version such as 9.7 or 5.6.24", absl::StrCat("\"", text, "\""));
}

absl::StatusOr<Answer> List(Context& context) {
  int version = kNewest;
  if (context.arguments().Has("mysql")) {
    WEFT_ASSIGN_OR_RETURN(version, VersionOf(context.arguments().Text("mysql")));
  }
  Table table({"DUTY", "USER", "PRIVILEGE", "ON", "FOR"});
  std::vector<std::string> accounts;
  for (const Duty duty : kDuties) {
    std::vector<std::string> privileges;
    for (const Privilege& privilege : PrivilegesOf(duty, version)) {
      const bool first = privileges.empty();
      table.Add({first ? DutyName(duty) : " ", first ? DefaultUserOf(duty) : " ", privilege.name,
                 privilege.scope, privilege.purpose});
      privileges.push_back(JsonObject({{"name", JsonString(privilege.name)},
                                       {"scope", JsonString(privilege.scope)},
                                       {"purpose", JsonString(privilege.purpose)}}));
    }
    accounts.push_back(JsonObject({{"duty", JsonString(DutyName(duty))},
                                   {"user", JsonString(DefaultUserOf(duty))},
                                   {"privileges", JsonArray(privileges)}}));
  }
  return Answer{.json = JsonObject({{"accounts", JsonArray(accounts)}}),
                .text = table.Render(context.style())};
}

absl::StatusOr<Answer> Rotate(Context& context) {
  v1::RotateAccountRequest request;
  request.set_duty(context.arguments().Text("duty"));
  request.set_request_id(context.request_id());
  WEFT_ASSIGN_OR_RETURN(const v1::RotateAccountResponse response,
                        context.Call(&v1::Node::Stub::RotateAccount, request));
  return Answer{
      .json = ToJson(response),
      .text = absl::StrCat("the password of the account for ", request.duty(), " is new on ",
                           Count(response.changed_size(), "server"), "\n")};
}

}  // namespace

Noun AccountNoun() {
  Noun noun = {"account", "the MySQL accounts of Weft, one per duty", {}};
  noun.commands = {
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list the duties and the least privileges that each needs",
       .examples = {"weft account list", "weft account list --mysql 5.6"},
       .options = {{"mysql", "VERSION", "for servers of this version (default 9.7)"}},
       .run = List},
      {.verb = "rotate",
       .summary = "change the password of a duty's account on every server, while running",
       .details =
           "Refused unless every server answers. After a failure in the middle ask again: it "
           "goes on with the same new password. Exit code 8 when a server was left behind.",
       .examples = {"weft account rotate replicate"},
       .positionals = {{"duty",
                        "DUTY",
                        "whose account",
                        Kind::kText,
                        {"manage", "replicate", "backup", "restore", "monitor"}}},
       .traits = kChanges,
       .run = Rotate},
  };
  return noun;
}

}  // namespace weft::cli
