#include "services/controller/threat_requests.h"

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
  return CheckText("error", threat.error);
}

}  // namespace

void ThreatRequests::Record(const Server& server, const Threat& threat, absl::string_view what) {
  Event event;
  event.group = server.group;
  event.server = server.uuid.text();
  event.kind = "finding";
  event.text = absl::StrCat(threat.reporter.empty() ? "somebody" : threat.reporter, " reports ",
                            what, " of ", server.address.ToString(), ": ", threat.error);
  // A thousand clients of one dead server say the same thing.
  reconciler_->journal().AppendChange(
      absl::StrCat("threat ", server.uuid.text()),
      absl::StrCat(what, absl::ToInt64Seconds(clock_->MonotonicNow())), std::move(event));
}

bool ThreatRequests::IsOverThreshold(const ServerUuid& server, const std::string& reporter) {
  const absl::Duration now = clock_->MonotonicNow();
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

absl::Status ThreatRequests::ReportError(const Threat& threat) {
  WEFT_RETURN_IF_ERROR(Check(threat));
  WEFT_ASSIGN_OR_RETURN(const Server server, servers_->Find(threat.server));
  Record(server, threat, "an error");
  if (IsOverThreshold(server.uuid, threat.reporter)) reconciler_->Wake(server.group);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Operation>> ThreatRequests::ReportFailure(const Threat& threat) {
  WEFT_RETURN_IF_ERROR(Check(threat));
  WEFT_ASSIGN_OR_RETURN(const Server server, servers_->Find(threat.server));
  WEFT_RETURN_IF_ERROR(reconciler_->CheckLeading());
  Record(server, threat, "the death");
  const absl::Time called = clock_->Now();
  const auto standing = reconciler_->StandingOf(server.group);
  const uint64_t before = standing.has_value() ? standing->begun : 0;
  reconciler_->Wake(server.group);
  // Until the verdict is carried out, or it is plain that nothing will be done: a connector reads
  // the topology again as soon as it has the answer.
  reconciler_->WaitFor(
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
                        store_->ListOperations(group, kSearched, ""));
  for (const Operation& operation : operations) {
    if (operation.kind != "failover" || operation.created < since) continue;
    WEFT_ASSIGN_OR_RETURN(Operation now, reconciler_->board().Get(operation.id));
    return std::optional<Operation>(std::move(now));
  }
  return std::optional<Operation>();
}

}  // namespace weft::controller
