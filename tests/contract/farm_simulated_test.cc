// The farm contract on the simulator's farm: what the simulation relies on is what real servers do.
#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/contract/farm_contract.h"
#include "tests/contract/farm_under_test.h"
#include "tests/simulation/sim_farm.h"
#include "tests/simulation/world.h"

namespace weft::controller {
namespace {

using simulation::SimFarm;
using simulation::SimServer;
using simulation::World;

class SimulatedFarm : public FarmUnderTest {
 public:
  explicit SimulatedFarm(bool old_version)
      : world_({.seed = 7,
                .servers = 3,
                .old_version = old_version,
                .own_accounts = true,
                .write_every = 0}),
        farm_(&world_, 0, [] { return true; }) {
    farm_.SetTerm(1, [] { return true; });
  }

  Farm& farm() override { return farm_; }

  Group group() override {
    Group group;
    group.id = "g1";
    group.durability = lossless() ? Durability::kLossless : Durability::kAsync;
    for (const SimServer& one : world_.servers()) {
      Server server;
      server.uuid = one.uuid;
      server.address = one.address;
      server.group = group.id;
      group.servers.push_back(server);
    }
    return group;
  }

  absl::Status Write(const ServerUuid& server, absl::Duration patience) override {
    SimServer& there = Of(server);
    if (there.down) return absl::UnavailableError("nobody listens");
    const simulation::Millis until = world_.now() + absl::ToInt64Milliseconds(patience);
    while (there.hung && world_.now() < until) world_.Tick();
    if (there.hung) return absl::DeadlineExceededError("no answer");
    if (there.offline) return absl::UnavailableError("offline");
    if (there.read_only) return absl::FailedPreconditionError("read-only");
    const int transaction = world_.transactions().Begin(there.index);
    there.binlog.push_back(transaction);
    if (there.armed() || !there.waiting.empty()) {
      there.waiting.push_back({.transaction = transaction, .client = -1, .acknowledged_by = {}});
    } else {
      there.executed.set(transaction);
    }
    while (!there.executed[transaction] && !there.down && world_.now() < until) world_.Tick();
    if (there.down) return absl::UnavailableError("the connection died");
    if (!there.executed[transaction]) return absl::DeadlineExceededError("no acknowledgement");
    acknowledged_.insert(transaction);
    return absl::OkStatus();
  }

  absl::StatusOr<int> MissingOn(const ServerUuid& server) override {
    const SimServer& there = Of(server);
    return static_cast<int>(
        std::count_if(acknowledged_.begin(), acknowledged_.end(),
                      [&there](int transaction) { return !there.executed[transaction]; }));
  }

  absl::Status Kill(const ServerUuid& server) override {
    world_.Crash(Of(server).index);
    return absl::OkStatus();
  }
  absl::Status Start(const ServerUuid& server) override {
    world_.Restart(Of(server).index);
    return absl::OkStatus();
  }
  absl::Status Pause(const ServerUuid& server) override {
    world_.Hang(Of(server).index);
    return absl::OkStatus();
  }
  absl::Status Resume(const ServerUuid& server) override {
    world_.Wake(Of(server).index);
    return absl::OkStatus();
  }

  absl::Status ClearReplicaFlag(const ServerUuid& server) override {
    Of(server).replica_flag = false;
    return absl::OkStatus();
  }

  void Wait(absl::Duration time) override {
    const simulation::Millis until = world_.now() + absl::ToInt64Milliseconds(time);
    while (world_.now() < until) world_.Tick();
  }

  bool lossless() const override { return !world_.options().old_version; }
  bool can_clone() const override { return !world_.options().old_version; }
  bool can_rescue() const override { return true; }
  bool can_rewind() const override { return true; }

 private:
  SimServer& Of(const ServerUuid& uuid) {
    return *std::find_if(world_.servers().begin(), world_.servers().end(),
                         [&uuid](const SimServer& one) { return one.uuid == uuid; });
  }

  World world_;
  SimFarm farm_;
  std::set<int> acknowledged_;
};

FarmContractParam Simulated(const std::string& name, bool old_version) {
  return {name, [old_version]() -> absl::StatusOr<std::unique_ptr<FarmUnderTest>> {
            return std::make_unique<SimulatedFarm>(old_version);
          }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Simulated, FarmContract,
                         ::testing::Values(Simulated("Present", false), Simulated("Old", true)),
                         FarmContractName);

}  // namespace weft::controller
