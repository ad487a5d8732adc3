#include "services/gateway/route_merge.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/strip.h"
#include "common/rpc/model.h"

namespace weft::gateway {
namespace {

constexpr char kGroups[] = "groups/";
constexpr char kServers[] = "servers/";

std::string Bare(const std::string& name, absl::string_view collection) {
  return std::string(absl::StripPrefix(name, collection));
}

std::shared_ptr<const RoutedGroup> GroupOf(const v1::GroupRoute& route) {
  auto group = std::make_shared<RoutedGroup>();
  group->id = Bare(route.name(), kGroups);
  group->description = route.description();
  group->active = route.active();
  group->primary = Bare(route.primary(), kServers);
  group->epoch = route.epoch();
  for (const v1::ServerRoute& server : route.servers()) {
    // The controller has parsed it; what is no address cannot be routed to.
    const absl::StatusOr<HostPort> address = HostPort::Parse(server.address());
    if (!address.ok()) continue;
    // What a later controller may say and this gateway does not know keeps traffic away.
    group->servers.push_back(
        {.uuid = server.uuid(),
         .address = *address,
         .status = rpc::FromProto(server.status()).value_or(ServerStatus::kFaulty),
         .mode = rpc::FromProto(server.mode()).value_or(ServerMode::kOffline),
         .weight = server.weight()});
  }
  std::sort(group->servers.begin(), group->servers.end(),
            [](const RoutedServer& a, const RoutedServer& b) { return a.uuid < b.uuid; });
  return group;
}

}  // namespace

bool RouteMerge::Take(size_t from, const v1::TopologyUpdate& update) {
  Controller& controller = controllers_[from];
  controller.leading = update.leading();
  controller.version = update.version();
  if (update.complete()) {
    controller.heard = true;
    controller.groups.clear();
  }
  for (const v1::GroupRoute& route : update.groups()) {
    controller.groups[Bare(route.name(), kGroups)] = GroupOf(route);
  }
  for (const std::string& name : update.removed()) controller.groups.erase(Bare(name, kGroups));
  return Choose();
}

bool RouteMerge::Ended(size_t from) {
  controllers_[from] = Controller();
  return Choose();
}

int RouteMerge::heard() const {
  return static_cast<int>(
      std::count_if(controllers_.begin(), controllers_.end(),
                    [](const Controller& controller) { return controller.heard; }));
}

const RouteMerge::Controller* RouteMerge::Best() const {
  const Controller* best = nullptr;
  for (const Controller& controller : controllers_) {
    if (!controller.heard) continue;
    if (best == nullptr ||
        std::tie(best->leading, best->version) < std::tie(controller.leading, controller.version)) {
      best = &controller;
    }
  }
  return best;
}

bool RouteMerge::Choose() {
  const Controller* const best = Best();
  if (best == nullptr) return false;
  Groups groups = best->groups;
  for (auto& [id, group] : groups) {
    if (!groups_.has_value()) break;
    const auto known = groups_->find(id);
    if (known == groups_->end()) continue;
    // The leader's word stands even where an epoch falls: the group was destroyed and made anew.
    const bool is_behind = !best->leading && known->second->epoch > group->epoch;
    if (is_behind || *known->second == *group) group = known->second;
  }
  if (groups_ == groups) return false;
  groups_ = std::move(groups);
  return true;
}

}  // namespace weft::gateway
