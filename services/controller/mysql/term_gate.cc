#include "services/controller/mysql/term_gate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {

void TermGate::Set(uint64_t term, std::function<bool()> still_leading) {
  MutexLock lock(&mutex_);
  term_ = term;
  still_leading_ = std::move(still_leading);
}

uint64_t TermGate::term() const {
  MutexLock lock(&mutex_);
  return term_;
}

absl::Status TermGate::Check(uint64_t term) const {
  std::function<bool()> still_leading;
  uint64_t present = 0;
  {
    MutexLock lock(&mutex_);
    present = term_;
    still_leading = still_leading_;
  }
  if (term == 0 || present != term) {
    return ::weft::Refusal(absl::StatusCode::kAborted, "TERM_MOVED",
                           "this controller no longer acts under the term the step began in",
                           absl::StrCat("term ", term), absl::StrCat("term ", present));
  }
  if (still_leading && !still_leading()) {
    return ::weft::Refusal(absl::StatusCode::kAborted, "TERM_MOVED",
                           "this controller's lease has lapsed, so it may not act",
                           absl::StrCat("a valid lease of term ", term), "a lapsed one");
  }
  return absl::OkStatus();
}

}  // namespace weft::controller
