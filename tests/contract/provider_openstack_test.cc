#include <memory>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "services/provisioner/providers/openstack/provider.h"
#include "services/provisioner/providers/testing/fake_openstack.h"
#include "tests/contract/cloud_under_test.h"

namespace weft::provisioner {
namespace {

constexpr char kPassword[] = "of-the-cloud";

class OpenStack : public CloudUnderTest {
 public:
  explicit OpenStack(bool has_network = true) : cloud_({.has_network = has_network}) {
    for (const char* const name : {"debian", "mysql", "mysql-9.7"})
      cloud_.AddImage({{"name", name}});
    cloud_.AddFlavor({{"name", "small"}});
    cloud_.AddFlavor({{"name", "large"}, {"ram", 8192}, {"vcpus", 4}});
    cloud_.AddFlavor({{"name", "largest"}, {"ram", 8192}, {"vcpus", 8}});
    for (const char* const name : {"farm", "storage", "outside"}) cloud_.AddNetwork(name);
    Serve(
        &cloud_.http(),
        {.id = "cloud",
         .type = "openstack",
         .user = "weft",
         .password = kPassword,
         .tenant = "farm",
         .default_flavor = "small",
         .extra = {{"auth_system", "keystone"}, {"region_name", "north"}}},
        [](const ProviderRecord& record) { return NewOpenStackProvider(record, RealClock::Get()); },
        "/identity");
  }

  MachineOrder Order() override { return {.uuid = RandomUuid(), .image = {{"name", "mysql"}}}; }
  MachineOrder OrderOfUnknownImage() override {
    return {.uuid = RandomUuid(), .image = {{"name", "nobody has that"}}};
  }
  bool offers_snapshots() override { return true; }
  std::vector<std::string> Secrets() override { return {kPassword, "a-token-of-keystone"}; }
  bool StageInside(Trouble trouble) override {
    cloud_.SetFull(trouble == Trouble::kQuota);
    cloud_.SetNeverRun(trouble == Trouble::kNeverRuns);
    return true;
  }
  testing::FakeOpenStack& cloud() { return cloud_; }

 private:
  testing::FakeOpenStack cloud_;
};

INSTANTIATE_TEST_SUITE_P(
    OpenStack, ProviderContract,
    ::testing::Values(
        ProviderMaker{"WithNeutron", [] { return std::make_unique<OpenStack>(true); }},
        ProviderMaker{"WithoutNeutron", [] { return std::make_unique<OpenStack>(false); }}),
    ProviderName);

TEST(OpenStackTest, TakesAllOfAnOrder) {
  OpenStack openstack;
  MachineOrder order = openstack.Order();
  order.image = {{"Name", "mysql-9.7"}, {"minram", "0"}};
  order.flavor = {{"ram", "8192"}, {"VCPUS", "8"}};
  order.availability_zone = "north-2";
  order.key_name = "operator";
  order.security_groups = {"mysql", "default"};
  order.private_networks = {"storage", "farm"};
  order.public_network = "outside";
  order.user_data = "#!/bin/sh";
  order.swap = "512";
  order.scheduler_hints = {{"group", "apart"}};
  order.meta = {{"role", "data"}};
  const auto machine = openstack.provider().Create(order, openstack.Soon());
  ASSERT_TRUE(machine.ok()) << DescribeError(machine.status());
  EXPECT_EQ(machine->zone, "north-2");
  EXPECT_EQ(machine->host, "compute-1");
  EXPECT_EQ(machine->meta, order.meta);
  ASSERT_EQ(machine->addresses.size(), 2u);
  EXPECT_EQ(machine->addresses[1], (MachineAddress{"private", "198.51.100.7", 0, true}));

  const Json server = openstack.cloud().Object("servers", "machine-" + order.uuid);
  const Json flavor = openstack.cloud().Object("flavors", "largest");
  const Json farm = openstack.cloud().Object("networks", "farm");
  EXPECT_EQ(server["flavorRef"], flavor["id"]);
  EXPECT_EQ(server["networks"][1]["uuid"], farm["id"]);
  EXPECT_EQ(server["security_groups"][0]["name"], "mysql");
  EXPECT_EQ(server["key_name"], "operator");
  EXPECT_EQ(server["user_data"], "IyEvYmluL3No");
  EXPECT_EQ(server["block_device_mapping_v2"][1]["volume_size"], 512);
  EXPECT_EQ(server["scheduler_hints"]["group"], "apart");

  // The address goes with the machine; a second create gives no second one.
  ASSERT_TRUE(openstack.provider().Create(order, openstack.Soon()).ok());
  EXPECT_EQ(openstack.cloud().Count("floatingips"), 1u);
  ASSERT_TRUE(openstack.provider().Destroy(order.uuid, openstack.Soon()).ok());
  EXPECT_EQ(openstack.cloud().Count("floatingips"), 0u);
  EXPECT_EQ(openstack.cloud().Count("servers"), 0u);
}

TEST(OpenStackTest, SaysWhichNameOfAnOrderIsUnknown) {
  OpenStack openstack;
  MachineOrder flavor = openstack.Order(), network = openstack.Order();
  flavor.flavor = {{"ram", "1"}};
  network.private_networks = {"nowhere"};
  EXPECT_EQ(ErrorReason(openstack.provider().Create(flavor, openstack.Soon()).status()),
            "FLAVOR_UNKNOWN");
  EXPECT_EQ(ErrorReason(openstack.provider().Create(network, openstack.Soon()).status()),
            "NETWORK_UNKNOWN");
  EXPECT_EQ(openstack.cloud().Count("servers"), 0u);
}

TEST(OpenStackTest, SaysAtOnceThatASnapshotHasFailed) {
  OpenStack openstack;
  const MachineOrder order = openstack.Order();
  ASSERT_TRUE(openstack.provider().Create(order, openstack.Soon()).ok());
  openstack.cloud().SetSnapshotsFail(true);
  const absl::Status failed =
      openstack.provider()
          .CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {openstack.Soon()})
          .status();
  EXPECT_EQ(ErrorReason(failed), "PROVIDER_REFUSED") << DescribeError(failed);
}

TEST(OpenStackTest, LeavesASnapshotThatAnotherGoesOnWith) {
  OpenStack openstack;
  const MachineOrder order = openstack.Order();
  Provider& provider = openstack.provider();
  ASSERT_TRUE(provider.Create(order, openstack.Soon()).ok());
  const std::string name = NewSnapshotName(order.uuid);
  const auto yes = [] { return true; };
  const auto lost = provider.CreateSnapshot(order.uuid, name, {openstack.Soon(), yes, yes});
  EXPECT_EQ(ErrorReason(lost.status()), "WORK_MOVED") << lost.status();
  EXPECT_FALSE(openstack.cloud().Object("images", name).is_null());
  EXPECT_EQ(provider.ListSnapshots(order.uuid, openstack.Soon())->size(), 1u);
}

TEST(OpenStackTest, AwaitsASnapshotThroughAnOutageOfItsInterface) {
  OpenStack openstack;
  const MachineOrder order = openstack.Order();
  Provider& provider = openstack.provider();
  ASSERT_TRUE(provider.Create(order, openstack.Soon()).ok());
  int asked = 0;
  // It is asked before each look.
  const auto on_look = [&] {
    openstack.cloud().http().SetTrouble(++asked == 1 ? testing::HttpTrouble::kServerError
                                                     : testing::HttpTrouble::kNone);
    return false;
  };
  const auto snapshot =
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {openstack.Soon(), on_look});
  EXPECT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(provider.ListSnapshots(order.uuid, openstack.Soon())->size(), 1u);
}

TEST(OpenStackTest, TakesAServerThatIsKeptForAWhileForDeleted) {
  OpenStack openstack;
  openstack.cloud().SetSoftDelete(true);
  const MachineOrder order = openstack.Order();
  ASSERT_TRUE(openstack.provider().Create(order, openstack.Soon()).ok());
  const absl::Status destroyed = openstack.provider().Destroy(order.uuid, openstack.Soon());
  EXPECT_TRUE(destroyed.ok()) << DescribeError(destroyed);
  EXPECT_EQ(ErrorReason(openstack.provider().Get(order.uuid, openstack.Soon()).status()),
            "MACHINE_UNKNOWN");
}

TEST(OpenStackTest, LogsInAgainWhenItsTokenIsNoMoreTaken) {
  OpenStack openstack;
  const MachineOrder order = openstack.Order();
  ASSERT_TRUE(openstack.provider().Create(order, openstack.Soon()).ok());
  EXPECT_EQ(openstack.cloud().logins(), 1);
  openstack.cloud().ForgetTokens();
  EXPECT_TRUE(openstack.provider().Get(order.uuid, openstack.Soon()).ok());
  EXPECT_EQ(openstack.cloud().logins(), 2);
}

TEST(OpenStackTest, ReadsAllPagesOfAList) {
  OpenStack openstack;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(openstack.provider().Create(openstack.Order(), openstack.Soon()).ok());
  }
  EXPECT_EQ(openstack.provider().Search({}, {}, openstack.Soon())->size(), 5u);
}

TEST(OpenStackTest, SaysThatThePasswordIsWrongAndNotWhatItIs) {
  OpenStack openstack;
  testing::FakeOpenStack other({.password = "another"});
  const auto provider = NewOpenStackProvider({.id = "other",
                                              .type = "openstack",
                                              .url = other.http().url() + "/identity/v3",
                                              .user = "weft",
                                              .password = kPassword,
                                              .tenant = "farm"},
                                             RealClock::Get());
  ASSERT_TRUE(provider.ok()) << provider.status();
  const absl::Status status = (*provider)->Check(openstack.Soon());
  EXPECT_EQ(ErrorReason(status), "PROVIDER_REFUSES_CREDENTIALS");
  EXPECT_FALSE(absl::StrContains(DescribeError(status), kPassword));
}

}  // namespace
}  // namespace weft::provisioner
