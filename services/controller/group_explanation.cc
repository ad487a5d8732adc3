// Why a group is as it is.
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/controller/core/decide.h"
#include "services/controller/group_requests.h"

namespace weft::controller {
namespace {

Finding StoreUnreachable(const GroupView& view) {
  return Finding{
      .code = "STORE_UNREACHABLE",
      .severity = Severity::kCritical,
      .server = {},
      .message = absl::StrCat(
          view.store_error, "; NO PRIMARY IS CHANGED, and all this is as it was ",
          view.look.has_value()
              ? absl::StrCat("at ", absl::FormatTime("%H:%M:%S", view.looked, absl::UTCTimeZone()),
                             " UTC")
              : "when the store answered last"),
      .next_step = "start the state store (weft manage status); Weft goes on by itself",
      .muted = false};
}

}  // namespace

absl::StatusOr<GroupRequests::Explanation> GroupRequests::Explain(const std::string& group) {
  Explanation explanation;
  WEFT_ASSIGN_OR_RETURN(explanation.view, Get(group, /*cached=*/false));
  const GroupView& view = explanation.view;
  if (view.look.has_value()) {
    explanation.findings = Find(*view.look);
    explanation.next = Decide(*view.look);
  }
  if (view.store_error.empty()) return explanation;
  const Finding unreachable = StoreUnreachable(view);
  explanation.findings.insert(explanation.findings.begin(), unreachable);
  explanation.next = Plan();
  explanation.next.refusal = Refusal{.reason = unreachable.code,
                                     .message = "no primary is changed without the state store",
                                     .next_step = unreachable.next_step,
                                     .servers = {}};
  return explanation;
}

}  // namespace weft::controller
