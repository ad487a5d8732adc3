#pragma once
// How long to wait before the next try: doubling, bounded, jittered. Pure: randomness is an
// argument.
#include "absl/time/time.h"

namespace weft {

struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(50);
  absl::Duration maximum = absl::Seconds(5);
  double multiplier = 2.0;  // >= 1
  // The share of the delay that is random, 0..1: a delay d becomes d * (1 - jitter * random).
  double jitter = 0.5;
};

// The delay before try number `attempt` + 1, after `attempt` failures (1 after the first one; 0 or
// less gives no delay). `random` is uniform in [0, 1). Never more than options.maximum, however
// large `attempt` is.
absl::Duration BackoffDelay(const BackoffOptions& options, int attempt, double random);

// The same with the count inside.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options) {}

  absl::Duration Next(double random) { return BackoffDelay(options_, ++attempts_, random); }
  void Reset() { attempts_ = 0; }
  int attempts() const { return attempts_; }

 private:
  BackoffOptions options_;
  int attempts_ = 0;
};

}  // namespace weft
