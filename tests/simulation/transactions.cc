#include "tests/simulation/transactions.h"

#include <algorithm>
#include <utility>

namespace weft::simulation {

TransactionTable::TransactionTable(std::vector<std::string> uuids)
    : uuids_(std::move(uuids)), numbered_(uuids_.size()) {}

int TransactionTable::Begin(int origin) {
  const int transaction = count();
  origins_.push_back(origin);
  numbered_[origin].push_back(transaction);
  return transaction;
}

GtidSet TransactionTable::ToGtids(const TransactionSet& set) const {
  GtidSet gtids;
  for (size_t origin = 0; origin < uuids_.size(); ++origin) {
    const std::vector<int>& numbered = numbered_[origin];
    for (size_t i = 0; i < numbered.size(); ++i) {
      if (!set[numbered[i]]) continue;
      const size_t first = i;
      while (i + 1 < numbered.size() && set[numbered[i + 1]]) ++i;
      gtids.AddInterval(uuids_[origin], "", first + 1, i + 1);
    }
  }
  return gtids;
}

TransactionSet TransactionTable::FromGtids(const GtidSet& gtids) const {
  TransactionSet set;
  for (const GtidSet::Source& source : gtids.sources()) {
    const auto origin = std::find(uuids_.begin(), uuids_.end(), source.uuid) - uuids_.begin();
    if (origin == static_cast<int64_t>(uuids_.size())) continue;
    const std::vector<int>& numbered = numbered_[origin];
    for (const GtidSet::Interval& interval : source.intervals) {
      for (uint64_t n = interval.first; n <= interval.last && n <= numbered.size(); ++n) {
        set.set(numbered[n - 1]);
      }
    }
  }
  return set;
}

}  // namespace weft::simulation
