#include "common/base/duration_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace weft {
namespace {

// "1 min 5 s"; without the second part where that is none.
std::string InTwo(int64_t count, int64_t small_in_great, absl::string_view great,
                  absl::string_view small) {
  std::string text = absl::StrCat(count / small_in_great, " ", great);
  const int64_t rest = count % small_in_great;
  if (rest > 0) absl::StrAppend(&text, " ", rest, " ", small);
  return text;
}

int64_t Rounded(absl::Duration duration, absl::Duration unit) {
  return (duration + unit / 2) / unit;
}

}  // namespace

std::string DurationText(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return absl::StrCat("-", DurationText(-duration));
  if (duration == absl::ZeroDuration()) return "0 s";
  if (duration == absl::InfiniteDuration()) return "for ever";
  if (duration < absl::Milliseconds(1)) return "less than 1 ms";
  if (const int64_t ms = Rounded(duration, absl::Milliseconds(1)); ms < 1000) {
    return absl::StrCat(ms, " ms");
  }
  if (const int64_t tenths = Rounded(duration, absl::Milliseconds(100)); tenths < 100) {
    return absl::StrFormat("%d.%d s", tenths / 10, tenths % 10);
  }
  const int64_t seconds = Rounded(duration, absl::Seconds(1));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return InTwo(seconds, 60, "min", "s");
  const int64_t minutes = Rounded(duration, absl::Minutes(1));
  constexpr int64_t kMinutesOfADay = 1440;
  if (minutes < kMinutesOfADay) return InTwo(minutes, 60, "h", "min");
  return InTwo(Rounded(duration, absl::Hours(1)), 24, "d", "h");
}

}  // namespace weft
