#pragma once
// The commands that the pushed snapshot answers: dump.* and lookups of groups and servers. They
// cost no call, and go on while every controller is down.
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/fabric/command_table.h"
#include "common/fabric/value.h"
#include "common/model/ids.h"
#include "services/gateway/reply.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// Where clients reach this gateway: what dump.fabric_nodes tells. An empty host: not by that wire.
struct FabricNode {
  HostPort xmlrpc;
  HostPort mysql;
};

// Thread-safe.
class Lookups {
 public:
  // `routes` outlives this.
  Lookups(const Routes* routes, FabricNode node) : routes_(routes), node_(std::move(node)) {}

  // True for a command that Find answers.
  static bool Answers(const std::string& method);

  // The answer, the same one for the same arguments until the topology changes. `arguments` are
  // bound. REQUIRES: Answers.
  Reply Find(const std::string& method, const fabric::List& arguments);

  // A server by its uuid or "host:port", as the snapshot has it; nullopt where it has none.
  struct Known {
    std::string uuid;
    std::string group;
    std::string address;
  };
  std::optional<Known> FindServer(const std::string& id) const;

 private:
  fabric::Answer Make(const std::string& method, const fabric::List& arguments,
                      const RouteSnapshot* snapshot) const;

  const Routes* const routes_;
  const FabricNode node_;
  Mutex mutex_;
  // Of `kept_for_`; some of the answers, by command and arguments.
  std::map<std::string, Reply> kept_ ABSL_GUARDED_BY(mutex_);
  size_t kept_rows_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const RouteSnapshot> kept_for_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway
