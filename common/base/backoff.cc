#include "common/base/backoff.h"

#include <algorithm>
#include <cmath>

namespace weft {

absl::Duration BackoffDelay(const BackoffOptions& options, int attempt, double random) {
  if (attempt <= 0) return absl::ZeroDuration();
  // Past 2^64 times the initial delay only the maximum can matter; clipping keeps pow() finite.
  const double growth = std::pow(options.multiplier, std::min(attempt - 1, 64));
  const absl::Duration delay = std::min(options.initial * growth, options.maximum);
  return delay * (1.0 - options.jitter * random);
}

}  // namespace weft
