#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "common/model/gtid_set.h"

namespace weft::simulation {

using Millis = int64_t;

// A transaction is an index into the table of all that were ever begun in this world.
inline constexpr int kMaxTransactions = 1024;
using TransactionSet = std::bitset<kMaxTransactions>;

// Which server began each transaction, and its number there.
class TransactionTable {
 public:
  explicit TransactionTable(std::vector<std::string> uuids);

  bool full() const { return static_cast<int>(origins_.size()) == kMaxTransactions; }
  int count() const { return static_cast<int>(origins_.size()); }
  // REQUIRES: not full.
  int Begin(int origin);
  int OriginOf(int transaction) const { return origins_[transaction]; }

  GtidSet ToGtids(const TransactionSet& set) const;
  // REQUIRES: `gtids` holds transactions of this table alone.
  TransactionSet FromGtids(const GtidSet& gtids) const;

 private:
  const std::vector<std::string> uuids_;
  std::vector<int> origins_;                // by transaction
  std::vector<std::vector<int>> numbered_;  // transactions of each origin, in order
};

}  // namespace weft::simulation
