#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "services/monitor/detector.h"
#include "services/monitor/prober.h"

namespace weft::monitor {

struct WatchedServer {
  ServerUuid uuid;
  HostPort address;

  friend bool operator==(const WatchedServer&, const WatchedServer&) = default;
  friend auto operator<=>(const WatchedServer&, const WatchedServer&) = default;
};

// Watches a changing list of servers, one thread each. Thread-safe.
class Watcher {
 public:
  struct Options {
    Prober::Options prober;
    Detector::Options detector;
    // Between two probes of a server that answers, and of a silent one.
    absl::Duration period = absl::Milliseconds(500);
    absl::Duration retry = absl::Milliseconds(100);
    // A process that dies may end its connections just before its port refuses: a connection that
    // was ended is tried again that soon, as many times in a row.
    absl::Duration quick_retry = absl::Milliseconds(5);
    int quick_retries = 20;
  };

  // Called from a server's thread: `changed` when controllers must hear of it at once. Must not
  // block.
  using Listener =
      std::function<void(const WatchedServer& server, const Sample& sample, bool changed)>;

  Watcher(Options options, Clock* clock, Listener listener);
  // Ends all threads; takes as long as the slowest probe under way.
  ~Watcher();

  // Replaces the list. Servers that stay keep their session and opinion. Does not wait for threads
  // that end.
  void Watch(const std::vector<WatchedServer>& servers);

  // The opinions formed so far.
  std::map<WatchedServer, Opinion> Opinions() const;
  // nullopt: it is not watched, or no opinion is formed yet.
  std::optional<Opinion> OpinionOf(const WatchedServer& server) const;

 private:
  struct Post;

  void Loop(Post& watch);
  // After `sample`; `hung_ups`: so many in a row ended like that.
  absl::Duration RestAfter(const Sample& sample, int hung_ups) const;
  void JoinEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Clock* const clock_;
  const Listener listener_;

  mutable Mutex mutex_;
  std::map<WatchedServer, std::unique_ptr<Post>> watches_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Post>> ending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::monitor
