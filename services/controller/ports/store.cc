#include "services/controller/ports/store.h"

#include <array>

namespace weft::controller {
namespace {

constexpr std::array<OperationState, 4> kStates = {
    OperationState::kRunning, OperationState::kSucceeded, OperationState::kFailed,
    OperationState::kCancelled};

}  // namespace

absl::string_view ToString(OperationState state) {
  switch (state) {
    case OperationState::kRunning:
      return "RUNNING";
    case OperationState::kSucceeded:
      return "SUCCEEDED";
    case OperationState::kFailed:
      return "FAILED";
    case OperationState::kCancelled:
      return "CANCELLED";
  }
  return "";
}

std::optional<OperationState> ParseOperationState(absl::string_view text) {
  for (const OperationState state : kStates) {
    if (ToString(state) == text) return state;
  }
  return std::nullopt;
}

}  // namespace weft::controller
