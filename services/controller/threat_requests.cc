#include "services/controller/threat_requests.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::controller {
namespace {

constexpr size_t kMaxText = 256;

absl::Status CheckText(absl::string_view what, const std::string& text) {
  if (text.size() <= kMaxText) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "TOO_LONG",
                         absl::StrCat("the ", what, " of a report is too long"),
                         absl::StrCat("at most ", kMaxText, " characters"),
                         absl::StrCat(text.size()), "shorten it");
}

absl::Status Check(const ThreatRequests::Threat& threat) {
  WEFT_RETURN_IF_ERROR(CheckText("reporter", threat.reporter));
  WEFT_RETURN_IF_ERROR(CheckText("request id", threat.request_id));
  return CheckText("error", threat.error);
}

ThreatRequests::Options Roomy(ThreatRequests::Options options) {
  options.max_kept = std::max({options.max_kept, options.errors, options.reporters});
  return options;
}

rpc::Counter Reports(rpc::Metrics* metrics, const char* kind, const char* looked) {
  return metrics->GetCounter("threat_reports_total",
                             "Reports of clients about servers that fail them, and whether they "
                             "made Weft look at once.",
                             {{"kind", kind}, {"looked", looked}});
}

}  // namespace

ThreatRequests::ThreatRequests(const Options& options, const Ports& ports)
    : options_(Roomy(options)),
      ports_(ports),
      counters_({.noted = Reports(ports.metrics, "error", "no"),
                 .suspected = Reports(ports.metrics, "error", "yes"),
                 .claimed = Reports(ports.metrics, "failure", "yes")}) {}

void ThreatRequests::Record(const Server& server, const Threat& threat, absl::string_view what) {
  Event event;
  event.group = server.group;
  event.server = server.uuid.text();
  event.kind = "finding";
  event.text = absl::StrCat(threat.reporter.empty() ? "somebody" : threat.reporter, " reports ",
                            what, " of ", server.address.ToString(), ": ", threat.error);
  // A thousand clients of one dead server say the same thing.
  ports_.reconciler->journal().AppendChange(
      absl::StrCat("threat ", server.uuid.text()),
      absl::StrCat(what, absl::ToInt64Seconds(ports_.clock->MonotonicNow())), std::move(event));
}

bool ThreatRequests::IsOverThreshold(const ServerUuid& server, const std::string& reporter) {
  const absl::Duration now = ports_.clock->MonotonicNow();
  MutexLock lock(&mutex_);
  std::deque<Report>& reports = reports_[server];
  reports.push_back({now, reporter});
  while (now - reports.front().when > options_.interval || reports.size() > options_.max_kept) {
    reports.pop_front();
  }
  if (reports.size() < options_.errors) return false;
  std::set<std::string> reporters;
  for (const Report& report : reports) reporters.insert(report.reporter);
  return reporters.size() >= options_.reporters;
}

bool ThreatRequests::IsRepeated(const ServerUuid& server, const std::string& request_id) {
  if (request_id.empty()) return false;
  const absl::Duration now = ports_.clock->MonotonicNow();
  MutexLock lock(&mutex_);
  std::deque<Report>& taken = taken_[server];
  while (!taken.empty() &&
         (now - taken.front().when > options_.interval || taken.size() >= options_.max_kept)) {
    taken.pop_front();
  }
  for (const Report& one : taken) {
    if (one.reporter == request_id) return true;
  }
  taken.push_back({now, request_id});
  return false;
}

absl::Status ThreatRequests::ReportError(const Threat& threat) {
  WEFT_RETURN_IF_ERROR(Check(threat));
  WEFT_ASSIGN_OR_RETURN(const Server server, ports_.servers->Find(threat.server));
  if (IsRepeated(server.uuid, threat.request_id)) return absl::OkStatus();
  Record(server, threat, "an error");
  if (IsOverThreshold(server.uuid, threat.reporter)) {
    counters_.suspected.Increment();
    ports_.health->TakeClaim(server.uuid);
    ports_.reconciler->Wake(server.group);
  } else {
    counters_.noted.Increment();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Operation>> ThreatRequests::ReportFailure(const Threat& threat) {
  WEFT_RETURN_IF_ERROR(Check(threat));
  WEFT_ASSIGN_OR_RETURN(const Server server, ports_.servers->Find(threat.server));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (IsRepeated(server.uuid, threat.request_id)) {
    return LatestFailover(server.group, ports_.clock->Now() - options_.interval);
  }
  Record(server, threat, "the death");
  counters_.claimed.Increment();
  const absl::Time called = ports_.clock->Now();
  const auto standing = ports_.reconciler->StandingOf(server.group);
  const uint64_t before = standing.has_value() ? standing->begun : 0;
  ports_.health->TakeClaim(server.uuid);
  ports_.reconciler->Wake(server.group);
  // Until the verdict is carried out, or it is plain that nothing will be done: a connector reads
  // the topology again as soon as it has the answer.
  ports_.reconciler->WaitFor(
      server.group,
      [before](const GroupWorker::Standing& now) {
        return now.rounds > before &&
               (now.end == RoundEnd::kSettled || now.end == RoundEnd::kRefused);
      },
      options_.verdict_deadline);
  return LatestFailover(server.group, called - options_.recent);
}

absl::StatusOr<std::optional<Operation>> ThreatRequests::LatestFailover(const std::string& group,
                                                                        absl::Time since) {
  constexpr int kSearched = 10;
  WEFT_ASSIGN_OR_RETURN(const std::vector<Operation> operations,
                        ports_.store->ListOperations(group, kSearched, ""));
  for (const Operation& operation : operations) {
    if (operation.kind != "failover" || operation.created < since) continue;
    WEFT_ASSIGN_OR_RETURN(Operation now, ports_.reconciler->board().Get(operation.id));
    return std::optional<Operation>(std::move(now));
  }
  return std::optional<Operation>();
}

}  // namespace weft::controller
