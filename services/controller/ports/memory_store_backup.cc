// Backup and restore of a MemoryStore.
#include <utility>

#include "common/base/status_macros.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/ports/record_steps.h"
#include "services/controller/ports/restored.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

Group MemoryDatabase::Data::Loaded(const Group& group) const {
  Group loaded = group;
  loaded.failover_switch = failover_switch;
  if (loaded.history.size() > kHistoryLimit) {
    loaded.history.erase(loaded.history.begin(), loaded.history.end() - kHistoryLimit);
  }
  return loaded;
}

StoreImage MemoryDatabase::Data::Image(absl::Time now) const {
  StoreImage image;
  image.taken = StoredTime(now);
  image.incarnation = incarnation;
  image.lease = lease;
  for (const auto& [id, group] : groups) image.groups.push_back(Loaded(group));
  size_t ended = 0;
  for (const auto& [sequence, operation] : operations) ended += operation.done() ? 1 : 0;
  for (const auto& [sequence, operation] : operations) {
    if (operation.done() && ended-- > kImageOperations) continue;
    image.operations.push_back(operation);
  }
  image.users = users;
  image.failover = failover_switch;
  image.inventory = inventory;
  return image;
}

absl::StatusOr<StoreImage> MemoryStore::BackUp(absl::Time now) {
  StoreImage image;
  WEFT_RETURN_IF_ERROR(Read("BackUp", [&](Data& data) {
    image = data.Image(now);
    return absl::OkStatus();
  }));
  return image;
}

absl::Status MemoryStore::Restore(const StoreImage& image, bool surrender, absl::Time now) {
  for (const Group& group : image.groups) WEFT_RETURN_IF_ERROR(CheckStorable(group));
  WEFT_RETURN_IF_ERROR(CheckStorable(image.inventory));
  return Write("Restore", [&](Data& data) {
    if (!data.groups.empty() && !surrender) return StoreNotEmpty(data.groups.size());
    StoreImage restored = Restored(image, data.Image(now), now);
    data.incarnation = restored.incarnation;
    data.lease = restored.lease;
    data.groups.clear();
    for (const Group& group : restored.groups) data.groups[group.id] = Stored(group);
    data.operations.clear();
    for (Operation& operation : restored.operations) {
      data.operations[data.next_operation++] = Stored(std::move(operation));
    }
    data.users = std::move(restored.users);
    data.failover_switch = Stored(std::move(restored.failover));
    data.inventory = std::move(restored.inventory);
    return absl::OkStatus();
  });
}

}  // namespace weft::controller
