#pragma once

#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/base/mutex.h"

namespace weft::controller {

// Under which term this process acts on servers, and whether it still may (rule 10). Thread-safe;
// never blocks beyond what `still_leading` does.
class TermGate {
 public:
  // Term 0: this process does not lead.
  void Set(uint64_t term, std::function<bool()> still_leading);

  uint64_t term() const;

  // OK while `term` is the present one and its lease holds by the local clock; else ABORTED,
  // reason TERM_MOVED. Asked before each statement that changes something.
  absl::Status Check(uint64_t term) const;

 private:
  mutable Mutex mutex_;
  uint64_t term_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<bool()> still_leading_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
