#include "common/model/group.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace weft {

absl::string_view ToString(Durability durability) {
  return durability == Durability::kLossless ? "lossless" : "async";
}

std::optional<Durability> ParseDurability(absl::string_view text) {
  for (const Durability durability : {Durability::kAsync, Durability::kLossless}) {
    if (absl::EqualsIgnoreCase(text, ToString(durability))) return durability;
  }
  return std::nullopt;
}

const Server* Group::Find(const ServerUuid& uuid) const {
  const auto found = std::find_if(servers.begin(), servers.end(),
                                  [&](const Server& server) { return server.uuid == uuid; });
  return found == servers.end() ? nullptr : &*found;
}

Server* Group::Find(const ServerUuid& uuid) {
  return const_cast<Server*>(static_cast<const Group*>(this)->Find(uuid));
}

}  // namespace weft
