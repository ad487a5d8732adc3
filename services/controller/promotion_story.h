#pragma once
// The figures of one change of primary, gathered from the rounds that made it.
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/converge.h"

namespace weft::controller {

// The figures of an operation's result, as JSON of the API (Operation.result_json).
struct PromotionFigures {
  ServerUuid old_primary;
  ServerUuid new_primary;
  bool failover = false;
  std::string durability;  // effective, before: "lossless" or "async..."
  // The program that confirmed the old primary dead; empty: none did.
  std::string fenced_by;
  std::optional<absl::Duration> detection;
  std::optional<absl::Duration> promotion;
  std::optional<absl::Duration> write_stop;
  // Acknowledged transactions that the new primary does not have. Not exact: the old primary was
  // not read, and it may have lost more.
  uint64_t lost = 0;
  bool lost_is_exact = true;
  std::vector<ServerUuid> candidates;  // servers that were reached when the winner was committed

  std::string ToJson() const;
  // What is needed to complete the count later. nullopt for a result of another kind.
  static std::optional<PromotionFigures> FromJson(const std::string& json);
};

// Follows one group for as long as a controller leads. Pure: times are monotonic arguments. Not
// thread-safe.
class PromotionStory {
 public:
  // Something was said of the primary of record that may be its death: the earliest sign counts.
  // It is forgotten when the primary answers.
  void Suspect(absl::Duration now);
  // Takes each round in order, as it ended at `now`.
  void Take(const Round& round, absl::Duration now);

  // The figures so far of the change under way, or of the last one.
  const PromotionFigures& figures() const { return figures_; }

 private:
  void TakeLook(const Snapshot& look, absl::Duration now);
  void TakeStep(const Snapshot& look, const StepResult& result, absl::Duration now);
  void Begin(const Snapshot& look, absl::Duration now);

  // Of the primary of record, while no change is under way.
  ServerUuid primary_;
  GtidSet executed_;
  std::string durability_;
  bool lossless_ = false;
  std::optional<absl::Duration> suspected_;

  std::string operation_;  // of the change under way; empty: none
  absl::Duration began_;
  std::optional<absl::Duration> stopped_;  // writes, since
  PromotionFigures figures_;
};

}  // namespace weft::controller
