#pragma once
// One topology out of what several controllers push, of which one leads.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protos/weft/v1/topology.pb.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// Follows the leader: its word is the newest. While none is heard, any other that is (it is at most
// a second behind), but never back: a group keeps what it had of a later epoch. While nobody is
// heard what was known stays. Not thread-safe.
class RouteMerge {
 public:
  using Groups = std::map<std::string, std::shared_ptr<const RoutedGroup>>;

  explicit RouteMerge(size_t controllers) : controllers_(controllers) {}

  // What controller number `from` pushed. True when the topology may have changed.
  bool Take(size_t from, const v1::TopologyUpdate& update);
  // Its stream has ended.
  bool Ended(size_t from);

  // Controllers that are heard.
  int heard() const;
  // nullopt before the first whole topology.
  const std::optional<Groups>& groups() const { return groups_; }

 private:
  struct Controller {
    bool heard = false;  // its stream has brought the whole topology
    bool leading = false;
    uint64_t version = 0;
    Groups groups;
  };

  const Controller* Best() const;
  bool Choose();

  std::vector<Controller> controllers_;
  std::optional<Groups> groups_;
};

}  // namespace weft::gateway
