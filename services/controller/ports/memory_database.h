#pragma once
// What a MemoryStore keeps.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// What is stored. It outlives the controllers: hand one to the MemoryStore of each.
class MemoryDatabase {
 public:
  struct Options {
    bool set_up = true;  // false: every call says NO_SCHEMA until SetUp
    int schema = 1;      // what `found` says once it is set up; above 1 it is newer than we are
    // How many of the newest are kept. Operations that run are never dropped.
    size_t keep_operations = 10'000;
    size_t keep_events = 100'000;
  };

  MemoryDatabase() : MemoryDatabase(Options()) {}
  explicit MemoryDatabase(const Options& options);

 private:
  friend class MemoryStore;

  using Operations = std::map<uint64_t, Operation>;
  struct Data {
    Lease lease;
    std::map<std::string, Group> groups;  // with their whole history
    Operations operations;                // by order of creation
    uint64_t next_operation = 1;
    std::map<uint64_t, Event> events;
    uint64_t next_event = 1;
    UserSet users;
    FailoverSwitch failover_switch;
    uint64_t incarnation = 0;
    InventoryImage inventory;  // nobody but a restore writes it

    // As Store::Load gives it: with the node's switch and the newest reigns.
    Group Loaded(const Group& group) const;
    StoreImage Image(absl::Time now) const;
    Operations::iterator FindOperation(const std::string& id);
    Operations::iterator FindRequest(const std::string& request_id);
    // ALREADY_EXISTS when the id or the request id is taken.
    absl::Status CheckNew(const Operation& operation);
    void Insert(const Operation& operation, size_t keep);
    void Insert(const Event& event, size_t keep);
    // ALREADY_EXISTS when a server other than `but` has that uuid or address.
    absl::Status CheckFree(const Server& server, const ServerUuid& but);
    // ALREADY_EXISTS when the group, or one of its servers, is taken.
    absl::Status CheckFree(const Group& group);
  };

  // No users yet, a key, and a version that follows the one before.
  static UserSet NoUsers(uint64_t version_before);

  // Writes what UpdateOperation and EndIntent write.
  static void TakeProgress(const Operation& from, Operation* to);

  // The newest of a group (empty: of all) before a sequence (0: the newest there are).
  template <typename Kept>
  static std::vector<Kept> Newest(const std::map<uint64_t, Kept>& all, const std::string& group,
                                  int limit, uint64_t before) {
    std::vector<Kept> found;
    auto it = before == 0 ? all.end() : all.lower_bound(before);
    while (it != all.begin() && static_cast<int>(found.size()) < limit) {
      --it;
      if (group.empty() || it->second.group == group) found.push_back(it->second);
    }
    return found;
  }

  const Options options_;
  Mutex mutex_;
  int schema_ ABSL_GUARDED_BY(mutex_);  // 0: not set up
  Data data_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
