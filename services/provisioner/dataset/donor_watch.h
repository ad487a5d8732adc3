#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "common/mysql/result_set.h"

namespace weft::provisioner {

// Decides when a clone waits in vain for its source: the plugin itself tries for five minutes to
// reach one that is gone. A network that is away for some seconds is no reason. Pure; not
// thread-safe.
class DonorWatch {
 public:
  enum class Answer { kAnswers, kRefuses, kSilent };

  // `stages`: rows of mysql::statements::kCloneProgress. Whether the source should be asked now:
  // its data are being copied, and none came for a while.
  bool Look(const mysql::ResultSet& stages, absl::Duration now);
  // What it said. True: it is given up.
  bool Heard(Answer answer, absl::Duration now);

  // Whether the last look found too many data missing for the server to be restarting by now: it
  // is a moment old.
  bool Midway() const;

 private:
  bool copying_ = false;
  uint64_t bytes_ = 0;
  uint64_t estimate_ = 0;
  std::optional<absl::Duration> moved_;  // when bytes last came
  std::optional<absl::Duration> asked_;
  std::optional<absl::Duration> away_;     // since when it does not answer
  std::optional<absl::Duration> refuses_;  // since when each answer is a refusal
};

}  // namespace weft::provisioner
