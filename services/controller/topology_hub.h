#pragma once
// Routing information as it is now, pushed to whoever watches.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "protos/weft/v1/topology.pb.h"

namespace weft::controller {

// Thread-safe; never blocks. Answers from memory, also while the store is down. What waits for a
// slow subscriber is coalesced by group; one that is too slow all the same is dropped.
class TopologyHub {
 public:
  struct Options {
    // Groups that may wait for one subscriber, and for how long.
    size_t max_pending = 16384;
    absl::Duration max_delay = absl::Seconds(10);
  };

  // One watcher's queue. Thread-safe.
  class Subscription {
   public:
    // What waits, as one update; nullopt when nothing does, RESOURCE_EXHAUSTED when the watcher was
    // too slow (for ever after).
    absl::StatusOr<std::optional<v1::TopologyUpdate>> Take();
    // No call of `ready` is under way or will be made afterwards.
    void Close();

   private:
    friend class TopologyHub;
    using Route = std::shared_ptr<const v1::GroupRoute>;  // nullptr: the group is gone

    bool Wants(const std::string& group) const {
      return groups_.empty() || groups_.count(group) > 0;
    }
    void Push(const std::string& group, Route route, uint64_t version, const Options& options,
              absl::Duration now);
    void PushAll(const std::map<std::string, Route>& routes, uint64_t version);
    void PushLeading(bool leading, uint64_t version);
    void CallReady();

    Clock* clock_ = nullptr;
    std::set<std::string> groups_;
    Mutex mutex_;
    std::map<std::string, Route> pending_ ABSL_GUARDED_BY(mutex_);
    bool complete_ ABSL_GUARDED_BY(mutex_) = false;
    bool leading_ ABSL_GUARDED_BY(mutex_) = false;
    uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
    absl::Duration oldest_ ABSL_GUARDED_BY(mutex_);
    bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
    bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
    Mutex ready_mutex_;
    std::function<void()> ready_ ABSL_GUARDED_BY(ready_mutex_);
  };

  // `clock` outlives the hub.
  TopologyHub(Options options, Clock* clock) : options_(options), clock_(clock) {}

  // This controller leads: versions from now on are greater than any of an earlier term.
  void Lead(uint64_t term);
  // Another one leads.
  void Follow();
  // The group as it is now, with those who take no reads for now; passed on when its route differs
  // from the last one.
  void Publish(const Group& group, bool removed, const std::set<ServerUuid>& drained = {});
  // All groups that exist have been published: before that nothing is answered, lest a watcher
  // take a controller that has just started for a farm without groups.
  void SetLoaded();

  // UNAVAILABLE before SetLoaded. An empty set: all groups.
  absl::StatusOr<v1::TopologyUpdate> Get(const std::set<std::string>& groups) const;
  // `ready` is called, from any thread, when Take has something new to say: it must not block, nor
  // call Close; but not for the whole snapshot that Take has at first (once there is one).
  std::shared_ptr<Subscription> Subscribe(const std::set<std::string>& groups,
                                          std::function<void()> ready);
  size_t Subscribers() const;

 private:
  using Route = Subscription::Route;

  std::vector<std::shared_ptr<Subscription>> Live() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetLeading(bool leading, uint64_t version);

  const Options options_;
  Clock* const clock_;
  mutable Mutex mutex_;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool leading_ ABSL_GUARDED_BY(mutex_) = false;
  bool loaded_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Route> routes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Subscription>> subscribers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
