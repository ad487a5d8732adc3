// weft group acknowledge, maintenance; weft manage failover; weft audit.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "services/cli/json.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

constexpr int kPageSize = 500;

absl::Status UsageError(absl::string_view message, absl::string_view expected,
                        absl::string_view found, absl::string_view next_step) {
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", message, expected, found, next_step);
}

absl::StatusOr<Answer> Acknowledge(Context& context) {
  v1::AcknowledgeFailoverRequest request;
  request.set_name(GroupName(context.arguments().Text("group")));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group,
                        context.Call(&v1::Groups::Stub::AcknowledgeFailover, request));
  return Answer{
      .json = ToJson(group),
      .text = absl::StrCat("the last failover of group ", Printable(ShortName(request.name())),
                           context.dry_run() ? " can be acknowledged\n" : " is acknowledged\n")};
}

absl::StatusOr<Answer> Maintain(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::SetMaintenanceRequest request;
  request.set_name(GroupName(arguments.Text("group")));
  request.set_reason(arguments.Text("reason"));
  if (arguments.Has("server")) request.set_server(ServerReference(arguments.Text("server")));
  if (arguments.Has("for") == arguments.Has("end")) {
    return UsageError("a window is opened or ended", "--for TIME or --end",
                      arguments.Has("for") ? "both" : "neither",
                      "weft group maintenance g1 --for 30m --reason 'new disks'");
  }
  const auto span = arguments.Duration("for");
  if (span.has_value() && *span <= absl::ZeroDuration()) {
    return UsageError("a window lasts some time", "a time above zero", arguments.Text("for"),
                      "--end ends one");
  }
  if (span.has_value()) *request.mutable_duration() = rpc::ToProto(*span);
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group,
                        context.Call(&v1::Groups::Stub::SetMaintenance, request));
  return Answer{.json = ToJson(group), .text = GroupText(group, ViewOf(context))};
}

absl::StatusOr<Answer> SetFailover(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::SetFailoverRequest request;
  request.set_enabled(arguments.Text("state") == "on");
  request.set_reason(arguments.Text("reason"));
  request.set_request_id(context.request_id());
  WEFT_ASSIGN_OR_RETURN(const v1::FailoverSwitch failover,
                        context.Call(&v1::Node::Stub::SetFailover, request));
  return Answer{.json = ToJson(failover),
                .text = absl::StrCat("automatic failover is ",
                                     failover.enabled() ? "on" : "OFF in every group", "\n")};
}

absl::StatusOr<Answer> Audit(Context& context) {
  const Arguments& arguments = context.arguments();
  const int64_t asked = arguments.Integer("limit", 50);
  const int64_t limit = asked == 0 ? INT64_MAX : asked;
  v1::ListEventsResponse all;
  v1::ListEventsRequest request;
  if (arguments.Has("group")) request.set_group(GroupName(arguments.Text("group")));
  if (const auto since = arguments.Duration("since"); since.has_value()) {
    *request.mutable_since() = rpc::ToProto(context.Now() - *since);
  }
  do {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kPageSize, limit - all.events_size())));
    WEFT_ASSIGN_OR_RETURN(const v1::ListEventsResponse page,
                          context.Call(&v1::Operations::Stub::ListEvents, request));
    all.mutable_events()->MergeFrom(page.events());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && all.events_size() < limit);
  return Answer{.json = ToJson(all, {"next_page_token"}),
                .text = AuditTable({all.events().begin(), all.events().end()}, ViewOf(context))};
}

}  // namespace

std::vector<Command> GroupGuardCommands() {
  return {
      {.verb = "acknowledge",
       .summary = "say that the last failover is known: it keeps the next one waiting no more",
       .examples = {"weft group acknowledge g1"},
       .positionals = {GroupParameter()},
       .traits = kChanges | kForesees,
       .run = Acknowledge},
      {.verb = "maintenance",
       .summary = "open or end a window in which nothing is changed unasked",
       .details = "No automatic failover and no repair; what is found is shown and alarms nobody. "
                  "It ends by itself. People's orders pass.",
       .examples = {"weft group maintenance g1 --for 30m --reason 'new switch'",
                    "weft group maintenance g1 --for 2h --server db2.example.net:3306",
                    "weft group maintenance g1 --end"},
       .positionals = {GroupParameter()},
       .options = {{"for", "TIME", "how long it lasts; at most 7 days", Kind::kDuration},
                   {"end", "", "end it now"},
                   {"reason", "TEXT", "why, for people"},
                   {"server", "SERVER", "only of this server", Kind::kServer}},
       .traits = kChanges | kForesees,
       .run = Maintain},
  };
}

Command FailoverSwitchCommand() {
  return {.verb = "failover",
          .summary = "turn automatic failover of every group off, or on again",
          .details =
              "The kill switch: kept in the state store, obeyed by every controller at once. "
              "People's orders pass.",
          .examples = {"weft manage failover off --reason 'moving the racks'",
                       "weft manage failover on"},
          .positionals = {{"state", "STATE", "on or off", Kind::kText, {"on", "off"}}},
          .options = {{"reason", "TEXT", "why, for people; needed for off"}},
          .traits = kChanges,
          .run = SetFailover};
}

Noun AuditNoun() {
  return {"audit",
          "who did or decided what, why, and what came of it",
          {{.summary = "show decisions, refusals and requests with who, why and outcome",
            .details = "Newest first; also what was decided not to be done, with its evidence.",
            .examples = {"weft audit --since 1h", "weft audit --group g1 --limit 0 -o json"},
            .options = {{"group", "GROUP", "only of this group", Kind::kGroup},
                        {"since", "TIME", "only what is not older than this", Kind::kDuration},
                        LimitParameter("entries")},
            .traits = kReads,
            .run = Audit}}};
}

}  // namespace weft::cli
