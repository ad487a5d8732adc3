#include "services/monitor/beat_log.h"

#include <algorithm>
#include <iterator>

namespace weft::monitor {
namespace {

// Of a primary: two minutes at the usual period.
constexpr size_t kMostBeats = 256;
// Without a new one for so long beyond the time between the last two, nothing can be told: also one
// that shows the last may be behind.
constexpr absl::Duration kLate = absl::Seconds(1);
// A primary that was is forgotten then.
constexpr absl::Duration kForgotten = absl::Minutes(10);

}  // namespace

uint64_t BeatLog::Next() {
  const auto now = static_cast<uint64_t>(absl::ToUnixMicros(clock_->Now()));
  MutexLock lock(&mutex_);
  last_ = std::max(last_ + 1, now);
  return last_;
}

void BeatLog::Committed(const HostPort& primary, uint64_t beat, absl::Duration sent) {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  std::erase_if(tails_,
                [&](const auto& tail) { return now - tail.second.beats.back().sent > kForgotten; });
  Tail& tail = tails_[primary];
  if (!tail.beats.empty()) tail.gap = sent - tail.beats.back().sent;
  tail.beats.push_back({beat, sent});
  if (tail.beats.size() <= kMostBeats) return;
  tail.beats.pop_front();
  tail.cut = true;
}

const BeatLog::Tail* BeatLog::TailOf(const HostPort& primary, absl::Duration now) const {
  const auto found = tails_.find(primary);
  if (found == tails_.end()) return nullptr;
  const Tail& tail = found->second;
  return now - tail.beats.back().sent > tail.gap + kLate ? nullptr : &tail;
}

bool BeatLog::Writes(const HostPort& primary) const {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  return TailOf(primary, now) != nullptr;
}

std::optional<absl::Duration> BeatLog::LagBehind(const HostPort& primary, uint64_t shown) const {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  const Tail* const tail = TailOf(primary, now);
  if (tail == nullptr) return std::nullopt;
  const auto missing =
      std::upper_bound(tail->beats.begin(), tail->beats.end(), shown,
                       [](uint64_t number, const Beat& beat) { return number < beat.number; });
  if (missing == tail->beats.end()) return absl::ZeroDuration();
  if (missing == tail->beats.begin() && tail->cut) return std::nullopt;
  return now - missing->sent;
}

}  // namespace weft::monitor
