#include "services/gateway/routes.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace weft::gateway {

const RouteSnapshot::Place* RouteSnapshot::Find(const std::string& server) const {
  const auto uuid = by_uuid.find(absl::AsciiStrToLower(server));
  if (uuid != by_uuid.end()) return &uuid->second;
  const auto address = by_address.find(server);
  return address != by_address.end() ? &address->second : nullptr;
}

std::shared_ptr<const RouteSnapshot> MakeRouteSnapshot(
    std::map<std::string, std::shared_ptr<const RoutedGroup>> groups) {
  auto snapshot = std::make_shared<RouteSnapshot>();
  snapshot->groups = std::move(groups);
  for (const auto& [id, group] : snapshot->groups) {
    for (const RoutedServer& server : group->servers) {
      const RouteSnapshot::Place place = {group, &server};
      snapshot->by_uuid[server.uuid] = place;
      snapshot->by_address[server.address.ToString()] = place;
    }
  }
  return snapshot;
}

std::shared_ptr<const RouteSnapshot> Routes::Get() const {
  MutexLock lock(&mutex_);
  return snapshot_;
}

std::optional<absl::Duration> Routes::LagOf(const std::string& uuid) const {
  MutexLock lock(&mutex_);
  const auto found = lags_.find(uuid);
  if (found == lags_.end() || snapshot_ == nullptr) return std::nullopt;
  const auto place = snapshot_->by_uuid.find(uuid);
  if (place == snapshot_->by_uuid.end() || !place->second.group->active) return std::nullopt;
  return found->second;
}

bool Routes::Await(absl::FunctionRef<bool(const RouteSnapshot&)> holds,
                   absl::Duration timeout) const {
  const Deadline deadline = Deadline::After(clock_, timeout);
  MutexLock lock(&mutex_);
  std::shared_ptr<const RouteSnapshot> seen;
  while (true) {
    if (snapshot_ != seen) {
      seen = snapshot_;
      if (holds(*seen)) return true;
    }
    if (deadline.Passed()) return false;
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
}

absl::Duration Routes::Staleness() const {
  MutexLock lock(&mutex_);
  return connected_ ? absl::ZeroDuration() : clock_->MonotonicNow() - heard_;
}

void Routes::Set(std::shared_ptr<const RouteSnapshot> snapshot) {
  MutexLock lock(&mutex_);
  if (snapshot_ != nullptr && snapshot != nullptr) {
    // Of a server that comes later its lag may be known already.
    for (const auto& [uuid, place] : snapshot_->by_uuid) {
      if (snapshot->by_uuid.count(uuid) == 0) lags_.erase(uuid);
    }
  }
  snapshot_ = std::move(snapshot);
  changed_.NotifyAll();
}

void Routes::SetLag(const std::string& uuid, std::optional<absl::Duration> lag) {
  MutexLock lock(&mutex_);
  if (lag.has_value()) {
    lags_[uuid] = *lag;
  } else {
    lags_.erase(uuid);
  }
}

void Routes::SetConnected(bool connected) {
  MutexLock lock(&mutex_);
  if (connected_ && !connected) heard_ = clock_->MonotonicNow();
  connected_ = connected;
}

}  // namespace weft::gateway
