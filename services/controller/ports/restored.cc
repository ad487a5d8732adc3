#include "services/controller/ports/restored.h"

#include <algorithm>
#include <cstdint>

namespace weft::controller {
namespace {

// Margins beyond what was given out before the restore, at least and by the backup's age. Counters
// of a group are raised by writes of one controller, terms when another controller leads. Terms are
// small: topology_hub.cc has 24 bits for them.
constexpr uint64_t kLeastRaise = 1 << 20;
constexpr uint64_t kRaisePerSecond = 1024;
constexpr uint64_t kLeastTerms = 4096;

uint64_t Highest(const StoreImage& image) {
  uint64_t highest = 0;
  for (const Group& group : image.groups) {
    highest = std::max({highest, group.epoch, group.revision, group.acknowledgers.version});
  }
  return highest;
}

void Raise(uint64_t by, Group* group) {
  group->revision += by;
  group->acknowledgers.version += by;
  if (group->epoch == 0) return;
  group->epoch += by;
  // All of them: that the epochs of the history follow each other is what tells its newest.
  for (Epoch& epoch : group->history) epoch.number += by;
  if (group->last_failover.epoch != 0) group->last_failover.epoch += by;
  if (group->settings.acknowledged_epoch != 0) group->settings.acknowledged_epoch += by;
}

UserSet RestoredUsers(UserSet backup, const UserSet& present, absl::Time now) {
  backup.version =
      std::max({backup.version, present.version, static_cast<uint64_t>(absl::ToUnixMillis(now))}) +
      1;
  backup.key = present.key;
  for (auto& [name, user] : backup.users) {
    ++user.revision;
    const auto known = present.users.find(name);
    if (known == present.users.end()) continue;
    user.digest_ha1 = known->second.digest_ha1;
    user.native_hash = known->second.native_hash;
    user.verifier = known->second.verifier;
    user.revision = std::max(user.revision, known->second.revision + 1);
  }
  return backup;
}

}  // namespace

StoreImage Restored(StoreImage backup, const StoreImage& present, absl::Time now) {
  const absl::Duration age = std::max(now - backup.taken, absl::ZeroDuration());
  const uint64_t by = Highest(present) + kLeastRaise +
                      kRaisePerSecond * static_cast<uint64_t>(absl::ToInt64Seconds(age));
  for (Group& group : backup.groups) {
    Raise(by, &group);
    group.restored = group.epoch != 0;
    group.intent = Intent();
    group.hooks = HookRecord();
  }
  for (Operation& operation : backup.operations) {
    if (operation.done()) continue;
    operation.state = OperationState::kFailed;
    operation.error_reason = "RESTORED";
    operation.error_message =
        "it was running when the backup was taken; what became of it is not known: look at the "
        "group, and ask again for what is still wanted";
    operation.updated = now;
  }
  backup.users = RestoredUsers(std::move(backup.users), present.users, now);
  backup.inventory = Merged(std::move(backup.inventory), present.inventory);
  backup.incarnation = std::max(backup.incarnation, present.incarnation) + 1;
  backup.lease.holder.clear();
  backup.lease.term =
      std::max(backup.lease.term + kLeastTerms + static_cast<uint64_t>(absl::ToInt64Minutes(age)),
               present.lease.term) +
      1;
  backup.lease.renewal = present.lease.renewal + 1;
  return backup;
}

}  // namespace weft::controller
