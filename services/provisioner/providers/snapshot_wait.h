#pragma once
// How a provider that makes snapshots by itself is waited for: one question, and one answer that
// was lost, decide nothing about a copy of hours.
#include "absl/status/status.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// Of one question how far it is: short, and within that of the whole.
Deadline PollDeadline(const Deadline& whole, Clock* clock);

// Whether a question that ended with this error is asked again: nobody answered it, and there is
// time left.
bool AsksAgain(const absl::Status& status, const Deadline& whole);

// Whether a snapshot whose making ended with this status will be none, so that what there is of it
// is to be removed: its end was asked for, its time is over, or the provider said that it failed.
// False also for OK, and where another goes on with it.
bool IsOver(const absl::Status& status, const CopyTerms& terms);

}  // namespace weft::provisioner
