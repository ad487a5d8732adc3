#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace weft::testing {

// What a writer was told: which rows it got an OK for, and when. Not thread-safe.
class Ledger {
 public:
  // A change of the server that acknowledges, as the writer saw it.
  struct Move {
    std::string from;  // empty: the first one
    std::string to;
    absl::Duration last_before;  // monotonic time of the last OK of `from`
    absl::Duration first_after;  // monotonic time of the first OK of `to`
    absl::Duration gap() const { return first_after - last_before; }
  };

  // Takes one OK, in the order of time. Returns the move it completes, if any (nullptr: none).
  // Valid until the next call.
  const Move* Acknowledged(uint64_t id, const std::string& server, absl::Duration now);

  struct Audit {
    uint64_t acked = 0;
    uint64_t lost = 0;               // acknowledged, and not in the table
    uint64_t duplicated = 0;         // in the table more than once
    uint64_t unasked = 0;            // in the table without an OK: written, the answer was lost
    std::vector<uint64_t> lost_ids;  // the first ten
  };
  // Compares with the rows of the final primary, in any order.
  Audit Compare(const std::vector<uint64_t>& rows) const;

  uint64_t acked() const { return acked_.size(); }
  // The longest time between two OKs so far, whoever gave them.
  absl::Duration longest_gap() const { return longest_gap_; }

 private:
  std::set<uint64_t> acked_;
  std::string server_;
  absl::Duration last_;
  absl::Duration longest_gap_;
  Move move_;
};

}  // namespace weft::testing
