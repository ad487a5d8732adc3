// weft operation ..., weft events.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Operations;

constexpr int kPageSize = 500;

// --limit; 0 was given: no limit.
int64_t LimitOf(const Arguments& arguments) {
  const int64_t limit = arguments.Integer("limit", 50);
  return limit == 0 ? INT64_MAX : limit;
}

// For people: servers by their addresses.
Answer AnswerOf(Context& context, const v1::Operation& operation) {
  return Answer{.json = ToJson(operation),
                .text = WithAddresses(OperationText(operation, ViewOf(context)),
                                      KnownGroup(context, operation.group()))};
}

std::vector<v1::Operation> Addressed(Context& context, const v1::ListOperationsResponse& all) {
  std::map<std::string, v1::Group> groups;
  std::vector<v1::Operation> operations(all.operations().begin(), all.operations().end());
  for (v1::Operation& operation : operations) {
    if (operation.server().empty()) continue;
    const auto [group, unknown] = groups.try_emplace(operation.group());
    if (unknown) group->second = KnownGroup(context, operation.group());
    operation.set_server(WithAddresses(operation.server(), group->second));
  }
  return operations;
}

absl::StatusOr<Answer> List(Context& context) {
  const int64_t limit = LimitOf(context.arguments());
  v1::ListOperationsResponse all;
  v1::ListOperationsRequest request;
  if (context.arguments().Has("group")) {
    request.set_group(GroupName(context.arguments().Text("group")));
  }
  do {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kPageSize, limit - all.operations_size())));
    WEFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse page,
                          context.Call(&Operations::Stub::ListOperations, request));
    all.mutable_operations()->MergeFrom(page.operations());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && all.operations_size() < limit);
  Answer answer = {.json = ToJson(all, {"next_page_token"})};
  if (context.options().output == OutputFormat::kTable) {
    answer.text = OperationsTable(Addressed(context, all), ViewOf(context));
  }
  return answer;
}

absl::StatusOr<Answer> Show(Context& context) {
  v1::GetOperationRequest request;
  request.set_name(OperationName(context.arguments().Text("operation")));
  WEFT_ASSIGN_OR_RETURN(const v1::Operation operation,
                        context.Call(&Operations::Stub::GetOperation, request));
  return AnswerOf(context, operation);
}

absl::StatusOr<Answer> Wait(Context& context) {
  v1::GetOperationRequest request;
  request.set_name(OperationName(context.arguments().Text("operation")));
  WEFT_ASSIGN_OR_RETURN(v1::Operation operation,
                        context.Call(&Operations::Stub::GetOperation, request));
  WEFT_ASSIGN_OR_RETURN(operation, Await(context, operation, OnInterrupt::kDetach));
  return AnswerOf(context, operation);
}

absl::StatusOr<Answer> Cancel(Context& context) {
  v1::CancelOperationRequest request;
  request.set_name(OperationName(context.arguments().Text("operation")));
  WEFT_ASSIGN_OR_RETURN(const v1::Operation operation,
                        context.Call(&Operations::Stub::CancelOperation, request));
  return AnswerOf(context, operation);
}

absl::StatusOr<Answer> Events(Context& context) {
  const int64_t limit = LimitOf(context.arguments());
  v1::ListEventsResponse all;
  v1::ListEventsRequest request;
  if (context.arguments().Has("group")) {
    request.set_group(GroupName(context.arguments().Text("group")));
  }
  do {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kPageSize, limit - all.events_size())));
    WEFT_ASSIGN_OR_RETURN(const v1::ListEventsResponse page,
                          context.Call(&Operations::Stub::ListEvents, request));
    all.mutable_events()->MergeFrom(page.events());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && all.events_size() < limit);
  return Answer{.json = ToJson(all, {"next_page_token"}),
                .text = EventsTable({all.events().begin(), all.events().end()}, ViewOf(context))};
}

}  // namespace

Noun OperationNoun() {
  const Parameter operation = {"operation", "OPERATION", "its uuid, or operations/UUID",
                               Kind::kOperation};
  Noun noun = {"operation", "long-running requests: look, wait, cancel", {}};
  noun.commands = {
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list operations, newest first",
       .examples = {"weft operation list g1 --limit 5"},
       .positionals = {GroupParameter(true)},
       .options = {LimitParameter("operations")},
       .traits = kReads,
       .run = List},
      {.verb = "show",
       .aliases = {"describe"},
       .summary = "show an operation",
       .examples = {"weft operation show 6d3c1b0e-5f3b-4a5e-9f43-0a7d0d6a1c11"},
       .positionals = {operation},
       .traits = kReads,
       .run = Show},
      {.verb = "wait",
       .summary = "wait until an operation has ended; fails as it failed",
       .examples = {"weft operation wait 6d3c1b0e-5f3b-4a5e-9f43-0a7d0d6a1c11 --timeout 5m"},
       .positionals = {operation},
       .run = Wait},
      {.verb = "cancel",
       .summary = "ask an operation to end; past its point of no return it finishes instead",
       .examples = {"weft operation cancel 6d3c1b0e-5f3b-4a5e-9f43-0a7d0d6a1c11"},
       .positionals = {operation},
       .run = Cancel},
  };
  return noun;
}

Noun EventsNoun() {
  return {"events",
          "what was decided and why",
          {{.summary = "show what was decided and why, newest first",
            .examples = {"weft events g1 --limit 20"},
            .positionals = {GroupParameter(true)},
            .options = {LimitParameter("events")},
            .traits = kReads,
            .run = Events}}};
}

}  // namespace weft::cli
