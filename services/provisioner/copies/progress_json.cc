#include "services/provisioner/copies/progress_json.h"

#include <optional>

#include "nlohmann/json.hpp"

namespace weft::provisioner {

std::string ProgressJson(const CopyProgress& progress, absl::Duration elapsed) {
  if (progress.bytes == 0) return "";
  nlohmann::ordered_json figures = {{"bytes_done", progress.bytes}};
  if (progress.estimate > 0) figures["bytes_total"] = progress.estimate;
  if (progress.rows > 0) figures["rows_done"] = progress.rows;
  if (const auto left = TimeLeft(progress, elapsed); left.has_value()) {
    figures["seconds_left"] = absl::ToInt64Seconds(*left) + 1;
  }
  return figures.dump();
}

}  // namespace weft::provisioner
