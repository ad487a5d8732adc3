#include "services/provisioner/dataset/copy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

constexpr std::array<std::pair<CopyMethod, absl::string_view>, 4> kNames = {
    {{CopyMethod::kAuto, "auto"},
     {CopyMethod::kPlugin, "plugin"},
     {CopyMethod::kPhysical, "physical"},
     {CopyMethod::kLogical, "logical"}}};

}  // namespace

absl::string_view ToString(CopyMethod method) {
  for (const auto& [value, name] : kNames) {
    if (value == method) return name;
  }
  return "auto";
}

std::optional<CopyMethod> ParseCopyMethod(absl::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (absl::EqualsIgnoreCase(name, text)) return value;
  }
  return std::nullopt;
}

absl::Status CopyWatch::MayGoOn() const {
  if (cancelled && cancelled()) return absl::CancelledError("the copy was cancelled");
  return absl::OkStatus();
}

absl::Status SourceLost(const HostPort& source, absl::string_view found) {
  return Refusal(absl::StatusCode::kUnavailable, "SOURCE_LOST",
                 absl::StrCat("the source ", source.ToString(), " went away while it was copied"),
                 "a source that answers", found, "clone again, from another source: --source");
}

std::string BytesText(uint64_t bytes) {
  constexpr std::array<absl::string_view, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::optional<absl::Duration> TimeLeft(const CopyProgress& progress, absl::Duration elapsed) {
  if (progress.bytes == 0 || progress.estimate <= progress.bytes || elapsed < absl::Seconds(1)) {
    return std::nullopt;
  }
  const auto done = static_cast<double>(progress.bytes);
  return elapsed * (static_cast<double>(progress.estimate - progress.bytes) / done);
}

std::string ProgressText(const CopyProgress& progress, absl::Duration elapsed) {
  std::string text = progress.phase;
  if (progress.bytes == 0) return text;
  absl::StrAppend(&text, ": ", BytesText(progress.bytes));
  if (progress.estimate > 0) absl::StrAppend(&text, " of ", BytesText(progress.estimate));
  if (progress.rows > 0) absl::StrAppend(&text, ", ", progress.rows, " rows");
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (seconds < 1) return text;
  const double speed = static_cast<double>(progress.bytes) / seconds;
  absl::StrAppend(&text, ", ", BytesText(static_cast<uint64_t>(speed)), "/s");
  if (const auto left = TimeLeft(progress, elapsed); left.has_value()) {
    absl::StrAppend(&text, ", ", absl::ToInt64Seconds(*left) + 1, "s left");
  }
  return text;
}

}  // namespace weft::provisioner
