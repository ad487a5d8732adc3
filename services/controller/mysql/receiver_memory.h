#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/mysql/result_set.h"

namespace weft::controller {

// How often a source with nothing to send lets its replica hear it, from the rows of
// sql::kHeartbeatStatus; infinite: not at all.
absl::Duration HeartbeatPeriodOf(const mysql::ResultSet& status);

// When a replica last heard from its source, judged by what moved between two looks: for versions
// that do not say it themselves (before 8.0), and against jumps of the replica's clock on those
// that do. Pure: time is an argument. Not thread-safe.
class ReceiverMemory {
 public:
  // What moves when something comes in from the source.
  struct Signs {
    bool receiving = false;  // the receiver is connected
    std::string source;      // address and uuid
    std::string position;    // in the source's binary log
    uint64_t heartbeats = 0;
    friend bool operator==(const Signs&, const Signs&) = default;
  };

  // At most this long ago something came in, as far as can be told: since the signs last moved, or
  // since the first look at this source (then it may be longer; never less is claimed). nullopt
  // while nothing was ever seen of this source. `now` is monotonic.
  std::optional<absl::Duration> Heard(const Signs& signs, absl::Duration now);

 private:
  std::optional<Signs> last_;
  std::optional<absl::Duration> moved_;
};

// The age of the last sign of life from the source, of the replica's own word (by its clock) and of
// what moved between looks: the younger, since a clock that was stepped forward must not make a
// source look dead. A negative word is none: the clock was stepped back, and says nothing until it
// has caught up.
std::optional<absl::Duration> LastSign(std::optional<absl::Duration> own_word,
                                       std::optional<absl::Duration> moved);

}  // namespace weft::controller
