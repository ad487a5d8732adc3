#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/threats.grpc.pb.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;

// Of the texts of a report; drivers send whole exceptions.
constexpr size_t kLongestText = 256;

// Whole characters of UTF-8 only, since the API takes nothing else.
std::string Cut(std::string text) {
  if (text.size() <= kLongestText) return text;
  size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

// Who may report need not be one who may look servers up, so the controller finds the server.
v1::ReportThreatRequest RequestOf(Session& session, const List& arguments) {
  const std::string id = TextOf(arguments[0]);
  session.subject.server = id;
  if (const auto known = session.here().lookups->FindServer(id); known.has_value()) {
    session.subject = {known->group, id, known->uuid, known->address};
  }
  v1::ReportThreatRequest request;
  request.set_server(id);
  request.set_reporter(Cut(TextOf(arguments[1])));
  request.set_error(Cut(TextOf(arguments[2])));
  // One call here is one report there, however often it is sent.
  request.set_request_id(RandomUuid());
  return request;
}

// What the original did where a report led to a failover.
Deed Reported(const char* action, bool failed_over) {
  Deed deed{{true}, {action}};
  if (failed_over) {
    deed.actions.insert(deed.actions.end(), {"_find_candidate_fail", "_check_candidate_fail",
                                             "_wait_slave_fail", "_change_to_candidate"});
  }
  return deed;
}

// A connector looks the topology up as soon as it has the answer.
absl::StatusOr<Deed> Finish(Session& session, const v1::ReportThreatResponse& response,
                            const char* action) {
  const bool failed_over = !response.operation().name().empty();
  absl::Status ended;
  if (failed_over) ended = session.Await(response.operation()).status();
  if (!session.subject.group.empty()) session.Settle(session.subject.group);
  WEFT_RETURN_IF_ERROR(ended);
  return Reported(action, failed_over);
}

absl::StatusOr<Deed> ReportError(Session& session, const List& arguments) {
  const v1::ReportThreatRequest request = RequestOf(session, arguments);
  WEFT_ASSIGN_OR_RETURN(const auto response,
                        session.Call(&v1::Threats::Stub::ReportError, request));
  return Finish(session, response, "_report_error");
}

absl::StatusOr<Deed> ReportFailure(Session& session, const List& arguments) {
  const v1::ReportThreatRequest request = RequestOf(session, arguments);
  WEFT_ASSIGN_OR_RETURN(const auto response,
                        session.Call(&v1::Threats::Stub::ReportFailure, request));
  return Finish(session, response, "_report_failure");
}

constexpr Handler kHandlers[] = {
    {"threat.report_error", Lane::kThreats, kServerError, nullptr, &ReportError},
    {"threat.report_failure", Lane::kThreats, kServerError, nullptr, &ReportFailure},
};

}  // namespace

absl::Span<const Handler> ThreatHandlers() { return kHandlers; }

}  // namespace weft::gateway
