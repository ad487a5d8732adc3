#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "services/cli/context.h"
#include "services/cli/json.h"
#include "services/cli/views.h"
#include "services/cli/waiting.h"

namespace weft::cli {

// What the nouns share in making requests and answers.

// Resource names of what people type: "g1" and "groups/g1" are the same. Nothing is checked: the
// controller owns the rules.
std::string GroupName(absl::string_view text);
std::string OperationName(absl::string_view text);
// "servers/UUID" for a uuid in any letter case; an address stays as it is.
std::string ServerReference(absl::string_view text);

// The resource name of a server given in any way; asks the controller about an address.
absl::StatusOr<std::string> ResolveServer(Context& context, const std::string& text);

// The positional arguments "address" and "group", in whichever order they were given: only an
// address has a colon.
struct AddressAndGroup {
  std::string address;
  std::string group;  // Empty: not given.
};
AddressAndGroup TakeAddressAndGroup(const Arguments& arguments);

View ViewOf(const Context& context);

// The marks of a request that changes something.
template <typename Request>
void Mark(const Context& context, Request* request) {
  request->set_request_id(context.request_id());
  request->set_validate_only(context.dry_run());
}

// Parameters that several commands take.
Parameter GroupParameter(bool optional = false);
Parameter ServerParameter(bool optional = false);
Parameter StatusFilter();
Parameter ModeFilter();
Parameter LimitParameter(absl::string_view what);
Parameter DurabilityParameter();
Parameter PromotionRuleParameter();
Parameter ZoneParameter();

// REQUIRES: checked against their choices.
v1::ServerStatus ServerStatusOf(const std::string& text);
v1::ServerMode ServerModeOf(const std::string& text);
v1::Durability DurabilityOf(const std::string& text);
v1::PromotionRule PromotionRuleOf(const std::string& text);

// INVALID_ARGUMENT: the command was given nothing to do.
absl::Status NothingAsked(absl::string_view expected);

// The group ("groups/G") as it is known now, to call its servers by their addresses; empty when it
// cannot be had: that is no reason to fail.
v1::Group KnownGroup(Context& context, const std::string& name);

// All groups or servers, page by page.
absl::StatusOr<std::vector<v1::Group>> ListGroups(Context& context);
absl::StatusOr<std::vector<v1::Server>> ListServers(Context& context, const std::string& group,
                                                    v1::ServerStatus status, v1::ServerMode mode);

// The answer of a command that began an operation: `response` as JSON with the operation as it
// ended, and for people `done` with the operation's figures; its bare name with --no-wait.
template <typename Response>
absl::StatusOr<Answer> AnswerOperation(Context& context, Response response,
                                       const std::string& done);

std::string OperationLine(const Context& context, const v1::Operation& operation,
                          const std::string& done);

template <typename Response>
absl::StatusOr<Answer> AnswerOperation(Context& context, Response response,
                                       const std::string& done) {
  if (response.has_operation()) {
    absl::StatusOr<v1::Operation> ended = AwaitIfWanted(context, response.operation());
    if (!ended.ok()) return ended.status();
    *response.mutable_operation() = *std::move(ended);
  }
  return Answer{.json = ToJson(response),
                .text = OperationLine(context, response.operation(), done)};
}

}  // namespace weft::cli
