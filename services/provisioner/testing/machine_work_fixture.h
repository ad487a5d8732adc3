#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/provisioner/copies/testing/fake_group_directory.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/machine_work.h"
#include "services/provisioner/ports/memory_inventory.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/snapshot_work.h"

namespace weft::provisioner {

constexpr absl::Duration kPatience = absl::Seconds(20);

// A provider in its memory, which fails as it is told to.
struct Cloud {
  std::set<std::string> machines;
  absl::Status create, destroy;
  size_t room = 100;  // for machines
  MachineState state = MachineState::kRunning;
  std::string never_up;             // the uuid of a machine that stays pending
  bool makes_all_the_same = false;  // an error of Create comes after the machine was made
  std::function<void()> on_create;  // before it makes one
  int port = 3306;
  bool has_servers = true;
  absl::Duration time_to_restore;
  std::atomic<bool> copies = false;
  bool copies_for_long = false;
  bool left_to_another = false;  // a copy was, that was ended
  Inventory* inventory = nullptr;
  bool saw_unlisted = false;  // it was asked for a machine that nobody had listed
};
inline Cloud* cloud = nullptr;

class CloudProvider : public Provider {
 public:
  bool has_servers() const override { return cloud->has_servers; }
  absl::Status Check(const Deadline&) override { return absl::OkStatus(); }
  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    if (!cloud->inventory->GetMachine(order.uuid).ok()) cloud->saw_unlisted = true;
    if (cloud->machines.size() >= cloud->room) return ProviderQuota("cloud", "no room");
    if (cloud->on_create) cloud->on_create();
    if (cloud->create.ok() || cloud->makes_all_the_same) cloud->machines.insert(order.uuid);
    if (!cloud->create.ok()) return cloud->create;
    return Get(order.uuid, deadline);
  }
  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline&) override {
    if (cloud->machines.count(uuid) == 0) return MachineUnknown("cloud", uuid);
    Machine machine;
    machine.uuid = uuid;
    machine.addresses = {{.host = "10.0.0.1", .port = cloud->port}};
    machine.state = uuid == cloud->never_up ? MachineState::kPending : cloud->state;
    return machine;
  }
  absl::StatusOr<std::vector<Machine>> Search(const Properties&, const Properties&,
                                              const Deadline&) override {
    return std::vector<Machine>();
  }
  absl::Status Destroy(const std::string& uuid, const Deadline&) override {
    if (cloud->destroy.ok()) cloud->machines.erase(uuid);
    return cloud->destroy;
  }
  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    cloud->copies = true;
    while (cloud->copies_for_long && !terms.Cancelled()) {
      if (terms.deadline.Passed()) return ProviderTooSlow("cloud", "a snapshot");
      RealClock::Get()->Sleep(absl::Milliseconds(1));
    }
    cloud->left_to_another = terms.Lost();
    if (terms.Cancelled()) return ProviderCancelled("cloud", "a snapshot");
    return MachineSnapshot{.name = name, .machine_uuid = uuid, .native_id = name};
  }
  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string&,
                                                             const Deadline&) override {
    return std::vector<MachineSnapshot>();
  }
  absl::Status DestroySnapshot(const std::string&, const Deadline&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<Machine> Restore(const std::string&, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    cloud->time_to_restore = terms.deadline.Remaining();
    return Create(order, terms.deadline);
  }
};

inline absl::StatusOr<std::unique_ptr<Provider>> MakeCloud(const ProviderRecord&,
                                                           const ProviderSurroundings&) {
  return std::make_unique<CloudProvider>();
}

// Requests of machines and snapshots, and the work on them, over a cloud that fails as it is told.
class MachineWorkTest : public ::testing::Test {
 protected:
  MachineWorkTest() {
    cloud = &cloud_;
    cloud_.inventory = &inventory_;
    work_.Serve(&runner_);
    snapshots_.Serve(&runner_);
    runner_.Handle("look", [](RunningJob&) -> absl::StatusOr<std::string> { return "{}"; });
    runner_.Start();
    ProviderDirectory::Registration registration;
    registration.record.id = "os";
    registration.record.type = "cloud";
    EXPECT_TRUE(directory_.Register(registration, Deadline()).ok());
  }
  ~MachineWorkTest() override { runner_.Stop(); }

  // Asks for machines and waits for the end.
  Job Make(int count, bool unlisted = false) {
    MachineRequests::CreateOrder order;
    order.provider = "os";
    order.count = count;
    order.unlisted = unlisted;
    order.reach_timeout = absl::Milliseconds(50);
    const auto begun = requests_.Create(order, {.user = "jane"});
    EXPECT_TRUE(begun.ok()) << begun.status();
    return Ended(begun->job.id);
  }
  Job Ended(const std::string& id) {
    const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
    while (!inventory_.GetJob(id)->done() && !deadline.Passed()) {
      RealClock::Get()->Sleep(absl::Milliseconds(2));
    }
    return *inventory_.GetJob(id);
  }
  std::vector<MachineEntry> Listed() { return *requests_.List(""); }

  Cloud cloud_;
  MemoryInventory inventory_;
  const std::vector<ProviderType> types_ = {{"cloud", &MakeCloud}};
  ProviderDirectory directory_{&inventory_, nullptr, {.clock = RealClock::Get()}, types_};
  FakeGroupDirectory groups_;
  absl::Status reach_, detach_;
  std::atomic<int> detached_ = 0;
  std::function<void()> on_reach_;
  // Which servers answer, and what names stand for.
  absl::StatusOr<ServerUuid> server_ = absl::UnavailableError("connection refused");
  std::map<std::string, absl::StatusOr<std::vector<std::string>>> names_;
  const MembershipPorts members_ = {
      .groups = &groups_,
      .server_at = [this](const HostPort&) { return server_; },
      .addresses_of = [this](const std::string& host) -> absl::StatusOr<std::vector<std::string>> {
        const auto found = names_.find(host);
        if (found == names_.end()) return absl::NotFoundError("no such name");
        return found->second;
      }};
  MachineWork work_{{.poll = absl::Milliseconds(5),
                     .reach =
                         [this](const MachineAddress& address) {
                           EXPECT_EQ(address.port, 3306);
                           if (on_reach_) on_reach_();
                           return reach_;
                         },
                     .detach =
                         [this](const MachineAddress& address) {
                           EXPECT_EQ(address.port, 3306);
                           ++detached_;
                           return detach_;
                         }},
                    &inventory_,
                    &directory_,
                    members_,
                    RealClock::Get()};
  SnapshotWork snapshots_{&inventory_, &directory_, RealClock::Get()};
  JobRunner runner_{{.name = "p", .period = absl::Milliseconds(20)}, &inventory_, RealClock::Get()};
  MachineRequests requests_{&inventory_, &directory_, members_, &runner_, RealClock::Get()};
};

}  // namespace weft::provisioner
