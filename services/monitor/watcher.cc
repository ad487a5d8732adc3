#include "services/monitor/watcher.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "common/log/log.h"

namespace weft::monitor {

// One server, its thread, and what is thought of it.
struct Watcher::Post {
  Post(const Options& options, WatchedServer watched, Clock* clock)
      : server(std::move(watched)),
        prober(options.prober, server.address, clock),
        detector(options.detector, clock->MonotonicNow(), clock->Now()) {}

  const WatchedServer server;
  Prober prober;
  std::atomic<bool> stop{false};
  std::atomic<bool> ended{false};

  mutable Mutex mutex;
  Detector detector ABSL_GUARDED_BY(mutex);
  std::thread thread;  // the last member: it uses the others
};

Watcher::Watcher(Options options, Clock* clock, Listener listener)
    : options_(std::move(options)), clock_(clock), listener_(std::move(listener)) {}

Watcher::~Watcher() {
  Watch({});
  MutexLock lock(&mutex_);
  for (auto& post : ending_) post->thread.join();
}

void Watcher::Watch(const std::vector<WatchedServer>& servers) {
  const std::set<WatchedServer> wanted(servers.begin(), servers.end());
  MutexLock lock(&mutex_);
  JoinEnded();
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (wanted.count(it->first) != 0) {
      ++it;
      continue;
    }
    it->second->stop = true;
    it->second->prober.Wake();
    ending_.push_back(std::move(it->second));
    it = watches_.erase(it);
  }
  for (const WatchedServer& server : wanted) {
    if (watches_.count(server) != 0) continue;
    auto post = std::make_unique<Post>(options_, server, clock_);
    Post& started = *post;
    watches_.emplace(server, std::move(post));
    started.thread = std::thread([this, &started] { Loop(started); });
  }
}

void Watcher::JoinEnded() {
  const auto first_ended =
      std::partition(ending_.begin(), ending_.end(), [](const auto& post) { return !post->ended; });
  for (auto it = first_ended; it != ending_.end(); ++it) (*it)->thread.join();
  ending_.erase(first_ended, ending_.end());
}

absl::Duration Watcher::RestAfter(const Sample& sample, int hung_ups) const {
  if (sample.contact == Contact::kAnswered) return options_.period;
  const bool quick = sample.hung_up && hung_ups <= options_.quick_retries;
  return quick ? options_.quick_retry : options_.retry;
}

void Watcher::Loop(Post& post) {
  int hung_ups = 0;
  while (!post.stop) {
    const Sample sample = post.prober.Probe();
    if (post.stop) break;
    bool changed = false;
    {
      MutexLock lock(&post.mutex);
      changed = post.detector.Take(sample, clock_->MonotonicNow(), clock_->Now());
    }
    if (changed) {
      WEFT_LOG(kInfo, "opinion changed",
               {{"server", post.server.address.ToString()}, {"error", sample.error}});
    }
    listener_(post.server, sample, changed);
    hung_ups = sample.hung_up ? hung_ups + 1 : 0;
    post.prober.Rest(RestAfter(sample, hung_ups));
  }
  post.ended = true;
}

std::map<WatchedServer, Opinion> Watcher::Opinions() const {
  std::map<WatchedServer, Opinion> opinions;
  MutexLock lock(&mutex_);
  for (const auto& [server, post] : watches_) {
    MutexLock post_lock(&post->mutex);
    if (post->detector.has_opinion()) opinions.emplace(server, post->detector.opinion());
  }
  return opinions;
}

std::optional<Opinion> Watcher::OpinionOf(const WatchedServer& server) const {
  MutexLock lock(&mutex_);
  const auto post = watches_.find(server);
  if (post == watches_.end()) return std::nullopt;
  MutexLock post_lock(&post->second->mutex);
  if (!post->second->detector.has_opinion()) return std::nullopt;
  return post->second->detector.opinion();
}

}  // namespace weft::monitor
