#pragma once
// How often each command was called and failed, since the start: what statistics.procedure tells.
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "common/fabric/command_table.h"

namespace weft::gateway {

// Thread-safe.
class CallCounts {
 public:
  struct Count {
    std::string method;
    int64_t calls = 0;
    int64_t failures = 0;
  };

  CallCounts() : counts_(fabric::Commands().size()) {}

  // REQUIRES: `command` is one of fabric::Commands().
  void Called(const fabric::Command& command) { Of(command).calls.fetch_add(1); }
  void Failed(const fabric::Command& command) { Of(command).failures.fetch_add(1); }

  // Those that were called, in no order.
  std::vector<Count> All() const {
    std::vector<Count> all;
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i].calls == 0) continue;
      all.push_back({fabric::Commands()[i].method(), counts_[i].calls, counts_[i].failures});
    }
    return all;
  }

 private:
  struct Counted {
    std::atomic<int64_t> calls = 0;
    std::atomic<int64_t> failures = 0;
  };

  Counted& Of(const fabric::Command& command) {
    return counts_[&command - fabric::Commands().data()];
  }

  std::vector<Counted> counts_;
};

}  // namespace weft::gateway
