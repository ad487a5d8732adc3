#pragma once
// Which servers hold Weft's own state.
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "services/provisioner/mysql/inventory.h"

namespace weft::provisioner {

// Thread-safe.
class StoreServers {
 public:
  // `options` as the inventory's.
  explicit StoreServers(MysqlInventory::Options options) : options_(std::move(options)) {}

  // Whether it is a member by its address, or, under whatever other name, by its uuid. Asks each
  // member, for seconds at most; one that does not answer is who it was when it last did.
  bool Has(const HostPort& address, const ServerUuid& uuid);

 private:
  absl::StatusOr<ServerUuid> UuidOf(const HostPort& member) const;

  const MysqlInventory::Options options_;
  Mutex mutex_;
  std::map<HostPort, ServerUuid> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner
