#include "services/provisioner/scaling/testing/fake_cloud.h"

#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner {

FakeCloud* FakeCloud::cloud = nullptr;

class FakeCloud::Access : public Provider {
 public:
  static absl::StatusOr<std::unique_ptr<Provider>> Make(const ProviderRecord&,
                                                        const ProviderSurroundings&) {
    return std::make_unique<Access>();
  }

  absl::Status Check(const Deadline&) override { return absl::OkStatus(); }
  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    {
      MutexLock lock(&cloud->mutex_);
      if (!cloud->create_.ok()) return cloud->create_;
      if (cloud->ports_.count(order.uuid) == 0) {
        if (cloud->ports_.size() >= cloud->room_) return ProviderQuota("cloud", "no room");
        cloud->orders_.push_back(order);
        cloud->ports_[order.uuid] = 4000 + ++cloud->made_;
      }
    }
    return Get(order.uuid, deadline);
  }
  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline&) override {
    MutexLock lock(&cloud->mutex_);
    const auto found = cloud->ports_.find(uuid);
    if (found == cloud->ports_.end()) return MachineUnknown("cloud", uuid);
    Machine machine;
    machine.uuid = uuid;
    machine.addresses = {{.host = "cloud", .port = found->second}};
    machine.state = MachineState::kRunning;
    return machine;
  }
  absl::StatusOr<std::vector<Machine>> Search(const Properties&, const Properties&,
                                              const Deadline&) override {
    return std::vector<Machine>();
  }
  absl::Status Destroy(const std::string& uuid, const Deadline&) override {
    MutexLock lock(&cloud->mutex_);
    if (cloud->destroy_.ok()) cloud->ports_.erase(uuid);
    return cloud->destroy_;
  }
  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string&, const std::string&,
                                                 const CopyTerms&) override {
    return NotOffered("cloud", "a snapshot", "");
  }
  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string&,
                                                             const Deadline&) override {
    return std::vector<MachineSnapshot>();
  }
  absl::Status DestroySnapshot(const std::string&, const Deadline&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<Machine> Restore(const std::string&, const MachineOrder&,
                                  const CopyTerms&) override {
    return NotOffered("cloud", "a snapshot", "");
  }
};

FakeCloud::FakeCloud() { cloud = this; }
FakeCloud::~FakeCloud() { cloud = nullptr; }

const std::vector<ProviderType>& FakeCloud::Types() {
  static const auto* const types = new std::vector<ProviderType>{{"cloud", &Access::Make}};
  return *types;
}

std::vector<std::string> FakeCloud::Machines() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> uuids;
  for (const auto& [uuid, port] : ports_) uuids.push_back(uuid);
  return uuids;
}

std::vector<MachineOrder> FakeCloud::Orders() const {
  MutexLock lock(&mutex_);
  return orders_;
}

void FakeCloud::SetRoom(size_t room) {
  MutexLock lock(&mutex_);
  room_ = room;
}

void FakeCloud::FailCreate(const absl::Status& error) {
  MutexLock lock(&mutex_);
  create_ = error;
}

void FakeCloud::FailDestroy(const absl::Status& error) {
  MutexLock lock(&mutex_);
  destroy_ = error;
}

}  // namespace weft::provisioner
