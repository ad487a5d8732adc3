#include "services/provisioner/providers/snapshot_wait.h"

#include <algorithm>

#include "absl/time/time.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kQuestion = absl::Seconds(30);

}  // namespace

Deadline PollDeadline(const Deadline& whole, Clock* clock) {
  return Deadline::After(clock, std::min(kQuestion, whole.Remaining()));
}

bool AsksAgain(const absl::Status& status, const Deadline& whole) {
  const bool unanswered = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  return unanswered && !whole.Passed();
}

bool IsOver(const absl::Status& status, const CopyTerms& terms) {
  const bool ended = absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) ||
                     absl::IsFailedPrecondition(status);
  return ended && !terms.Lost();
}

}  // namespace weft::provisioner
