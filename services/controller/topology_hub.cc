#include "services/controller/topology_hub.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/error_details.h"
#include "services/controller/convert.h"

namespace weft::controller {
namespace {

// The term stands above this many bits of a version: more changes than one term will see.
constexpr int kTermShift = 40;

bool SameRoute(const v1::GroupRoute& a, const v1::GroupRoute& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::optional<v1::TopologyUpdate>> TopologyHub::Subscription::Take() {
  MutexLock lock(&mutex_);
  if (overflowed_) {
    return ::weft::Refusal(absl::StatusCode::kResourceExhausted, "WATCHER_TOO_SLOW",
                           "this watcher did not take its updates in time", "a faster reader", "",
                           "watch again: the whole topology comes first");
  }
  if (!waiting_) return std::optional<v1::TopologyUpdate>();
  v1::TopologyUpdate update;
  update.set_version(version_);
  update.set_complete(complete_);
  update.set_leading(leading_);
  for (const auto& [group, route] : pending_) {
    if (route != nullptr) {
      *update.add_groups() = *route;
    } else if (!complete_) {
      update.add_removed(GroupName(group));
    }
  }
  pending_.clear();
  complete_ = false;
  waiting_ = false;
  return std::optional<v1::TopologyUpdate>(std::move(update));
}

void TopologyHub::Subscription::Close() {
  MutexLock lock(&ready_mutex_);
  ready_ = nullptr;
}

void TopologyHub::Subscription::CallReady() {
  MutexLock lock(&ready_mutex_);
  if (ready_) ready_();
}

void TopologyHub::Subscription::Push(const std::string& group, Route route, uint64_t version,
                                     const Options& options, absl::Duration now) {
  MutexLock lock(&mutex_);
  if (overflowed_) return;
  if (!waiting_) oldest_ = now;
  waiting_ = true;
  version_ = version;
  pending_[group] = std::move(route);
  if (pending_.size() > options.max_pending || now - oldest_ > options.max_delay) {
    overflowed_ = true;
    pending_.clear();
  }
}

void TopologyHub::Subscription::PushAll(const std::map<std::string, Route>& routes,
                                        uint64_t version) {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  pending_.clear();
  for (const auto& [group, route] : routes) {
    if (Wants(group)) pending_[group] = route;
  }
  oldest_ = now;
  waiting_ = true;
  complete_ = true;
  version_ = version;
}

void TopologyHub::Subscription::PushLeading(bool leading, uint64_t version) {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  if (overflowed_) return;
  if (!waiting_) oldest_ = now;
  waiting_ = true;
  version_ = version;
  leading_ = leading;
}

void TopologyHub::Lead(uint64_t term) { SetLeading(true, term << kTermShift); }
void TopologyHub::Follow() { SetLeading(false, 0); }

void TopologyHub::SetLeading(bool leading, uint64_t version) {
  std::vector<std::shared_ptr<Subscription>> told;
  {
    MutexLock lock(&mutex_);
    version_ = std::max(version_, version);
    leading_ = leading;
    if (!loaded_) return;
    told = Live();
    for (const auto& subscription : told) subscription->PushLeading(leading_, version_);
  }
  for (const auto& subscription : told) subscription->CallReady();
}

std::vector<std::shared_ptr<TopologyHub::Subscription>> TopologyHub::Live() {
  std::vector<std::shared_ptr<Subscription>> live;
  auto is_gone = [&live](const std::weak_ptr<Subscription>& weak) {
    std::shared_ptr<Subscription> subscription = weak.lock();
    if (subscription == nullptr) return true;
    live.push_back(std::move(subscription));
    return false;
  };
  subscribers_.erase(std::remove_if(subscribers_.begin(), subscribers_.end(), is_gone),
                     subscribers_.end());
  return live;
}

void TopologyHub::Publish(const Group& group, bool removed, const std::set<ServerUuid>& drained) {
  Route route;
  if (!removed) route = std::make_shared<const v1::GroupRoute>(RouteOf(group, drained));
  const absl::Duration now = clock_->MonotonicNow();
  std::vector<std::shared_ptr<Subscription>> told;
  {
    MutexLock lock(&mutex_);
    const auto known = routes_.find(group.id);
    if (known == routes_.end() ? removed : !removed && SameRoute(*known->second, *route)) return;
    if (removed) {
      routes_.erase(known);
    } else {
      routes_[group.id] = route;
    }
    ++version_;
    if (!loaded_) return;
    for (std::shared_ptr<Subscription>& subscription : Live()) {
      if (!subscription->Wants(group.id)) continue;
      subscription->Push(group.id, route, version_, options_, now);
      told.push_back(std::move(subscription));
    }
  }
  for (const std::shared_ptr<Subscription>& subscription : told) subscription->CallReady();
}

void TopologyHub::SetLoaded() {
  std::vector<std::shared_ptr<Subscription>> told;
  {
    MutexLock lock(&mutex_);
    if (std::exchange(loaded_, true)) return;
    told = Live();
    for (const auto& subscription : told) {
      subscription->PushLeading(leading_, version_);
      subscription->PushAll(routes_, version_);
    }
  }
  for (const auto& subscription : told) subscription->CallReady();
}

absl::StatusOr<v1::TopologyUpdate> TopologyHub::Get(const std::set<std::string>& groups) const {
  MutexLock lock(&mutex_);
  if (!loaded_) {
    return ::weft::Refusal(absl::StatusCode::kUnavailable, "NOT_LOADED",
                           "this controller has not read the state store since it started",
                           "an answer of the state store", "none yet", "see: weft manage status");
  }
  v1::TopologyUpdate update;
  update.set_version(version_);
  update.set_complete(true);
  update.set_leading(leading_);
  for (const auto& [group, route] : routes_) {
    if (groups.empty() || groups.count(group) > 0) *update.add_groups() = *route;
  }
  return update;
}

std::shared_ptr<TopologyHub::Subscription> TopologyHub::Subscribe(
    const std::set<std::string>& groups, std::function<void()> ready) {
  auto subscription = std::make_shared<Subscription>();
  subscription->clock_ = clock_;
  subscription->groups_ = groups;
  {
    MutexLock lock(&subscription->ready_mutex_);
    subscription->ready_ = std::move(ready);
  }
  MutexLock lock(&mutex_);
  subscribers_.push_back(subscription);
  if (loaded_) {
    subscription->PushLeading(leading_, version_);
    subscription->PushAll(routes_, version_);
  }
  return subscription;
}

size_t TopologyHub::Subscribers() const {
  MutexLock lock(&mutex_);
  size_t live = 0;
  for (const auto& subscriber : subscribers_) live += subscriber.expired() ? 0 : 1;
  return live;
}

}  // namespace weft::controller
