#include "services/controller/watch_list.h"

#include <utility>

#include "services/controller/convert.h"

namespace weft::controller {

void WatchListBoard::Take(const Group& group, bool removed) {
  v1::WatchList servers;
  if (group.active && !removed) {
    for (const Server& server : group.servers) {
      v1::WatchedServer* added = servers.add_servers();
      added->set_uuid(server.uuid.text());
      added->set_address(server.address.ToString());
      added->set_group(GroupName(group.id));
      if (server.uuid == group.primary && !group.restored) added->set_primary_epoch(group.epoch);
    }
  }
  {
    MutexLock lock(&mutex_);
    v1::WatchList& known = groups_[group.id];
    const bool same = known.SerializeAsString() == servers.SerializeAsString();
    known = std::move(servers);
    if (known.servers().empty()) groups_.erase(group.id);
    if (same) return;
  }
  listeners_.CallAll();
}

void WatchListBoard::SetLoaded(uint64_t term, bool leading) {
  {
    MutexLock lock(&mutex_);
    const bool same = loaded_ && term_ == term && leading_ == leading;
    loaded_ = true;
    term_ = term;
    leading_ = leading;
    if (same) return;
  }
  listeners_.CallAll();
}

std::optional<v1::WatchList> WatchListBoard::Now() const {
  v1::WatchList all;
  MutexLock lock(&mutex_);
  if (!loaded_) return std::nullopt;
  all.set_term(term_);
  all.set_leading(leading_);
  for (const auto& [group, servers] : groups_) all.MergeFrom(servers);
  return all;
}

}  // namespace weft::controller
