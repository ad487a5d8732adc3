// weft threat report-error, report-failure.
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/threats.grpc.pb.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

v1::ReportThreatRequest RequestOf(const Context& context) {
  v1::ReportThreatRequest request;
  request.set_server(ServerReference(context.arguments().Text("server")));
  request.set_reporter(context.arguments().Text("reporter", "weft"));
  request.set_error(context.arguments().Text("error"));
  request.set_request_id(context.request_id());
  return request;
}

absl::StatusOr<Answer> ReportError(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const v1::ReportThreatResponse response,
                        context.Call(&v1::Threats::Stub::ReportError, RequestOf(context)));
  return Answer{.json = ToJson(response), .text = "noted\n"};
}

absl::StatusOr<Answer> ReportFailure(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const v1::ReportThreatResponse response,
                        context.Call(&v1::Threats::Stub::ReportFailure, RequestOf(context)));
  if (!response.has_operation()) {
    return Answer{.json = ToJson(response),
                  .text = "noted; no failover began (see weft why and weft events)\n"};
  }
  return AnswerOperation(context, response,
                         absl::StrCat("failover of ", ShortName(response.operation().group())));
}

}  // namespace

Noun ThreatNoun() {
  const std::vector<Parameter> options = {
      {"error", "TEXT", "what was seen, at most 256 characters"},
      {"reporter", "NAME", "who saw it (default weft)"}};
  Noun noun = {"threat", "tell about servers that fail their clients", {}};
  noun.commands = {
      {.verb = "report-error",
       .summary = "tell that something went wrong with a server",
       .examples = {"weft threat report-error 127.0.0.1:21001 --error 'lost connection'"},
       .positionals = {ServerParameter()},
       .options = options,
       .run = ReportError},
      {.verb = "report-failure",
       .summary = "tell that a server is dead; it is looked at before anything is done",
       .examples = {"weft threat report-failure 127.0.0.1:21001"},
       .positionals = {ServerParameter()},
       .options = options,
       .traits = kWaits,
       .run = ReportFailure},
  };
  return noun;
}

}  // namespace weft::cli
