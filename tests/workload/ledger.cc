#include "tests/workload/ledger.h"

#include <algorithm>

namespace weft::testing {

const Ledger::Move* Ledger::Acknowledged(uint64_t id, const std::string& server,
                                         absl::Duration now) {
  const bool first = acked_.empty();
  if (!first) longest_gap_ = std::max(longest_gap_, now - last_);
  const bool moved = server != server_;
  if (moved) move_ = Move{server_, server, first ? now : last_, now};
  acked_.insert(id);
  server_ = server;
  last_ = now;
  return moved ? &move_ : nullptr;
}

Ledger::Audit Ledger::Compare(const std::vector<uint64_t>& rows) const {
  std::vector<uint64_t> sorted = rows;
  std::sort(sorted.begin(), sorted.end());
  Audit audit;
  audit.acked = acked_.size();
  const std::set<uint64_t> present(sorted.begin(), sorted.end());
  audit.duplicated = sorted.size() - present.size();
  for (const uint64_t id : acked_) {
    if (present.count(id) != 0) continue;
    ++audit.lost;
    if (audit.lost_ids.size() < 10) audit.lost_ids.push_back(id);
  }
  for (const uint64_t id : present) audit.unasked += acked_.count(id) == 0 ? 1 : 0;
  return audit;
}

}  // namespace weft::testing
