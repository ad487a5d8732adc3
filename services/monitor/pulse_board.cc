#include "services/monitor/pulse_board.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace weft::monitor {

struct PulseBoard::Post {
  Post(const Options& options, WatchedServer written, Clock* clock)
      : server(std::move(written)), writer(options.prober, server.address, clock) {}

  const WatchedServer server;
  PulseWriter writer;
  std::atomic<uint64_t> epoch{0};
  std::atomic<bool> open{false};  // the gate, when it was last asked
  std::atomic<bool> ended{false};

  Mutex mutex;
  CondVar wake;
  bool stop ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;  // the last member: it uses the others

  void Stop() {
    MutexLock lock(&mutex);
    stop = true;
    wake.NotifyAll();
    writer.Abort();
  }
  // False when it is to end.
  bool Rest(absl::Duration time, Clock* clock) {
    const absl::Duration until = clock->MonotonicNow() + time;
    MutexLock lock(&mutex);
    while (!stop && clock->MonotonicNow() < until) {
      wake.WaitFor(&mutex, until - clock->MonotonicNow());
    }
    return !stop;
  }
};

PulseBoard::PulseBoard(Options options, Clock* clock, Gate gate)
    : options_(std::move(options)), clock_(clock), gate_(std::move(gate)) {}

PulseBoard::~PulseBoard() {
  Write({}, absl::ZeroDuration());
  MutexLock lock(&mutex_);
  for (auto& post : ending_) post->thread.join();
}

void PulseBoard::Write(const std::map<WatchedServer, uint64_t>& primaries, absl::Duration period) {
  MutexLock lock(&mutex_);
  period_ = period;
  JoinEnded();
  for (auto it = posts_.begin(); it != posts_.end();) {
    if (period > absl::ZeroDuration() && primaries.count(it->first) != 0) {
      ++it;
      continue;
    }
    it->second->Stop();
    ending_.push_back(std::move(it->second));
    it = posts_.erase(it);
  }
  if (period <= absl::ZeroDuration()) return;
  for (const auto& [server, epoch] : primaries) {
    std::unique_ptr<Post>& post = posts_[server];
    const bool is_new = post == nullptr;
    if (is_new) post = std::make_unique<Post>(options_, server, clock_);
    post->epoch = epoch;
    if (is_new) post->thread = std::thread([this, &started = *post] { Loop(started); });
  }
}

void PulseBoard::JoinEnded() {
  const auto first_ended =
      std::partition(ending_.begin(), ending_.end(), [](const auto& post) { return !post->ended; });
  for (auto it = first_ended; it != ending_.end(); ++it) (*it)->thread.join();
  ending_.erase(first_ended, ending_.end());
}

void PulseBoard::Loop(Post& post) {
  absl::Duration rest = options_.retry;
  while (post.Rest(rest, clock_)) {
    post.open = gate_(post.server);
    rest = options_.retry;
    if (!post.open) {
      post.writer.Freeze();
      continue;
    }
    post.writer.Write(post.epoch);
    if (post.writer.Now().failing.has_value()) continue;
    MutexLock lock(&mutex_);
    rest = std::max(period_, options_.retry);
  }
  post.ended = true;
}

std::map<WatchedServer, Pulse> PulseBoard::Now() const {
  std::map<WatchedServer, Pulse> pulses;
  MutexLock lock(&mutex_);
  for (const auto& [server, post] : posts_) {
    const Pulse pulse = post->writer.Now();
    if (post->open || pulse.failing.has_value()) pulses.emplace(server, pulse);
  }
  return pulses;
}

}  // namespace weft::monitor
