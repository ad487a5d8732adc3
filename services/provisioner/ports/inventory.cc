#include "services/provisioner/ports/inventory.h"

#include <array>
#include <utility>

namespace weft::provisioner {
namespace {

constexpr std::array<std::pair<Stage, absl::string_view>, 4> kStages = {{
    {Stage::kCreating, "CREATING"},
    {Stage::kReady, "READY"},
    {Stage::kDestroying, "DESTROYING"},
    {Stage::kOrphan, "ORPHAN"},
}};

constexpr std::array<std::pair<JobState, absl::string_view>, 4> kStates = {{
    {JobState::kRunning, "RUNNING"},
    {JobState::kSucceeded, "SUCCEEDED"},
    {JobState::kFailed, "FAILED"},
    {JobState::kCancelled, "CANCELLED"},
}};

template <typename Table, typename Value>
absl::string_view NameOf(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "";
}

template <typename Value, typename Table>
std::optional<Value> ValueOf(const Table& table, absl::string_view text) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace

absl::string_view ToString(Stage stage) { return NameOf(kStages, stage); }
std::optional<Stage> ParseStage(absl::string_view text) { return ValueOf<Stage>(kStages, text); }

absl::string_view ToString(JobState state) { return NameOf(kStates, state); }
std::optional<JobState> ParseJobState(absl::string_view text) {
  return ValueOf<JobState>(kStates, text);
}

}  // namespace weft::provisioner
