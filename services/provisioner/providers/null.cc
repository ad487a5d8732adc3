#include "services/provisioner/providers/null.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner {
namespace {

// As Fabric's said it.
constexpr char kZone[] = "av_zone";
constexpr char kHost[] = "host";

class NullProvider : public Provider {
 public:
  NullProvider(std::string id, Clock* clock) : id_(std::move(id)), clock_(clock) {}

  bool has_servers() const override { return false; }
  absl::Status Check(const Deadline&) override { return absl::OkStatus(); }

  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline&) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", order.uuid));
    WEFT_RETURN_IF_ERROR(CheckKeys("image", order.image, {"name"}));
    WEFT_RETURN_IF_ERROR(CheckKeys("flavor", order.flavor, {"name"}));
    MutexLock lock(&mutex_);
    const auto [found, is_new] = machines_.try_emplace(order.uuid);
    Machine& machine = found->second;
    if (!is_new) return machine;
    machine.uuid = order.uuid;
    machine.provider_id = id_;
    machine.native_id = MachineName(order.uuid);
    machine.zone = order.availability_zone.empty() ? kZone : order.availability_zone;
    machine.host = kHost;
    machine.addresses = {{.network = "", .host = "127.0.0.1"}};
    machine.state = MachineState::kRunning;
    machine.meta = order.meta;
    return machine;
  }

  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline&) override {
    MutexLock lock(&mutex_);
    const auto found = machines_.find(uuid);
    if (found == machines_.end()) return MachineUnknown(id_, uuid);
    return found->second;
  }

  absl::StatusOr<std::vector<Machine>> Search(const Properties& generic, const Properties& meta,
                                              const Deadline&) override {
    WEFT_RETURN_IF_ERROR(CheckKeys("filters", generic, {"name"}));
    MutexLock lock(&mutex_);
    std::vector<Machine> found;
    for (const auto& [uuid, machine] : machines_) {
      if (HoldsAll({{"name", machine.native_id}}, generic) && HoldsAll(machine.meta, meta)) {
        found.push_back(machine);
      }
    }
    return found;
  }

  absl::Status Destroy(const std::string& uuid, const Deadline&) override {
    MutexLock lock(&mutex_);
    machines_.erase(uuid);
    return absl::OkStatus();
  }

  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    if (terms.Cancelled()) return ProviderCancelled(id_, "a snapshot");
    MutexLock lock(&mutex_);
    if (const auto made = snapshots_.find(name); made != snapshots_.end()) return made->second;
    if (machines_.count(uuid) == 0) return MachineUnknown(id_, uuid);
    MachineSnapshot snapshot;
    snapshot.created = clock_->Now();
    snapshot.name = name;
    snapshot.machine_uuid = uuid;
    snapshot.native_id = name;
    snapshots_[name] = snapshot;
    return snapshot;
  }

  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                             const Deadline&) override {
    MutexLock lock(&mutex_);
    std::vector<MachineSnapshot> found;
    for (const auto& [name, snapshot] : snapshots_) {
      if (uuid.empty() || snapshot.machine_uuid == uuid) found.push_back(snapshot);
    }
    SortByAge(found);
    return found;
  }

  absl::Status DestroySnapshot(const std::string& name, const Deadline&) override {
    MutexLock lock(&mutex_);
    snapshots_.erase(name);
    return absl::OkStatus();
  }

  absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    {
      MutexLock lock(&mutex_);
      if (snapshots_.count(snapshot) == 0) return SnapshotUnknown(id_, snapshot);
    }
    return Create(order, terms.deadline);
  }

 private:
  const std::string id_;
  Clock* const clock_;
  Mutex mutex_;
  std::map<std::string, Machine> machines_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, MachineSnapshot> snapshots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> NewNullProvider(const ProviderRecord& record,
                                                          Clock* clock) {
  return std::make_unique<NullProvider>(record.id, clock);
}

}  // namespace weft::provisioner
