#include "services/gateway/commands/handlers.h"

#include <map>

namespace weft::gateway {
namespace {

std::map<std::string, const Handler*> AllHandlers() {
  std::map<std::string, const Handler*> all;
  for (const auto handlers : {GroupHandlers(), ServerHandlers(), ThreatHandlers(), NodeHandlers(),
                              ShardingHandlers(), ProviderHandlers()}) {
    for (const Handler& handler : handlers) all[handler.method] = &handler;
  }
  return all;
}

}  // namespace

const Handler* FindHandler(const std::string& method) {
  static const auto* const kAll = new std::map<std::string, const Handler*>(AllHandlers());
  const auto found = kAll->find(method);
  return found == kAll->end() ? nullptr : found->second;
}

}  // namespace weft::gateway
