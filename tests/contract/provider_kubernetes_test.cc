#include <memory>

#include "common/base/error_details.h"
#include "common/base/random.h"
#include "services/provisioner/providers/kubernetes/provider.h"
#include "services/provisioner/providers/testing/fake_kubernetes.h"
#include "tests/contract/cloud_under_test.h"

namespace weft::provisioner {
namespace {

class Kubernetes : public CloudUnderTest {
 public:
  explicit Kubernetes(bool snapshots) : cluster_({}), snapshots_(snapshots) {
    cluster_.AddImage("mysql:9.7");
    cluster_.SetSnapshots(snapshots);
    Serve(&cluster_.http(),
          {.id = "a cluster, with any name",
           .type = "kubernetes",
           .password = kToken,
           .extra = {{"namespace", "farm"}}},
          [](const ProviderRecord& record) {
            return NewKubernetesProvider(record, RealClock::Get());
          });
  }

  MachineOrder Order() override { return {.uuid = RandomUuid(), .image = {{"name", "mysql:9.7"}}}; }
  MachineOrder OrderOfUnknownImage() override {
    return {.uuid = RandomUuid(), .image = {{"name", "nobody/has-that"}}};
  }
  bool learns_of_images_late() override { return true; }
  bool offers_snapshots() override { return snapshots_; }
  std::vector<std::string> Secrets() override { return {kToken}; }
  bool StageInside(Trouble trouble) override {
    cluster_.SetFull(trouble == Trouble::kQuota);
    cluster_.SetNeverRun(trouble == Trouble::kNeverRuns);
    return true;
  }
  testing::FakeKubernetes& cluster() { return cluster_; }

 private:
  static constexpr char kToken[] = "a-service-account's-token";
  testing::FakeKubernetes cluster_;
  const bool snapshots_;
};

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, ProviderContract,
    ::testing::Values(
        ProviderMaker{"WithSnapshots", [] { return std::make_unique<Kubernetes>(true); }},
        ProviderMaker{"WithoutSnapshots", [] { return std::make_unique<Kubernetes>(false); }}),
    ProviderName);

TEST(KubernetesTest, MakesAMachineOfObjectsThatGoWithIt) {
  Kubernetes kubernetes(true);
  MachineOrder order = kubernetes.Order();
  order.user_data = "CREATE USER app";
  order.flavor = {{"memory", "1g"}, {"cpus", "1.5"}, {"storage", "20g"}, {"name", "large"}};
  order.meta = {{"command", "mysqld --server-id=7"}, {"environment", "A=1 B='two words'"}};
  order.availability_zone = "north";
  order.public_network = "default";
  const auto machine = kubernetes.provider().Create(order, kubernetes.Soon());
  ASSERT_TRUE(machine.ok()) << DescribeError(machine.status());
  EXPECT_EQ(machine->zone, "north");
  EXPECT_EQ(machine->host, "node-1");
  ASSERT_EQ(machine->addresses.size(), 2u);
  EXPECT_EQ(machine->addresses[0], (MachineAddress{"loadbalancer", "192.0.2.10", 3306, true}));
  const std::string name = "machine-" + order.uuid;
  EXPECT_EQ(machine->addresses[1], (MachineAddress{"farm", name + ".farm.svc", 3306, false}));

  const Json set = kubernetes.cluster().Object("statefulsets", name);
  const Json container = At(set, {"spec", "template", "spec", "containers"}).front();
  EXPECT_EQ(container["args"], Json({"mysqld", "--server-id=7"}));
  EXPECT_EQ(container["env"][1], Json({{"name", "B"}, {"value", "two words"}}));
  EXPECT_EQ(container["resources"]["limits"], Json({{"memory", "1073741824"}, {"cpu", "1.5"}}));
  const Json claim = kubernetes.cluster().Object("persistentvolumeclaims", name);
  EXPECT_EQ(TextAt(claim, {"spec", "resources", "requests", "storage"}), "21474836480");
  const Json secret = kubernetes.cluster().Object("secrets", name);
  EXPECT_EQ(TextAt(secret, {"data", "user-data.sql"}), "Q1JFQVRFIFVTRVIgYXBw");

  ASSERT_TRUE(kubernetes.provider().Destroy(order.uuid, kubernetes.Soon()).ok());
  EXPECT_EQ(kubernetes.cluster().objects(), 0u);
}

// Under the saved server's uuid it would take the place of that one at their source.
TEST(KubernetesTest, GivesRestoredDataAnIdentityOfTheirOwnBeforeTheServerStarts) {
  Kubernetes kubernetes(true);
  Provider& provider = kubernetes.provider();
  const MachineOrder made = kubernetes.Order(), restored = kubernetes.Order();
  ASSERT_TRUE(provider.Create(made, kubernetes.Soon()).ok());
  const auto saved =
      provider.CreateSnapshot(made.uuid, NewSnapshotName(made.uuid), {kubernetes.Soon()});
  ASSERT_TRUE(saved.ok()) << DescribeError(saved.status());
  const auto machine = provider.Restore(saved->name, restored, {kubernetes.Soon()});
  ASSERT_TRUE(machine.ok()) << DescribeError(machine.status());
  const auto before_start = [&](const std::string& uuid) {
    const Json set = kubernetes.cluster().Object("statefulsets", "machine-" + uuid);
    return At(set, {"spec", "template", "spec", "initContainers"});
  };
  EXPECT_TRUE(before_start(made.uuid).is_null());
  const Json first = before_start(restored.uuid);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0]["command"][4], "/var/lib/mysql");
  EXPECT_EQ(first[0]["command"][5], restored.uuid);
}

TEST(KubernetesTest, HasNotDestroyedAMachineWhosePodLivesOn) {
  Kubernetes kubernetes(true);
  const MachineOrder order = kubernetes.Order();
  ASSERT_TRUE(kubernetes.provider().Create(order, kubernetes.Soon()).ok());
  kubernetes.cluster().SetNeverCollect(true);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status =
        kubernetes.provider().Destroy(order.uuid, kubernetes.Soon(absl::Milliseconds(300)));
    EXPECT_EQ(ErrorReason(status), "PROVIDER_TOO_SLOW") << DescribeError(status);
  }
  kubernetes.cluster().SetNeverCollect(false);
  EXPECT_TRUE(kubernetes.provider().Destroy(order.uuid, kubernetes.Soon()).ok());
  EXPECT_EQ(kubernetes.cluster().objects(), 0u);
}

TEST(KubernetesTest, AMachineThatThePolicyForbidsIsNoMatterOfCredentials) {
  Kubernetes kubernetes(true);
  MachineOrder order = kubernetes.Order();
  order.meta = {{"user", "0"}};
  const auto machine = kubernetes.provider().Create(order, kubernetes.Soon());
  EXPECT_EQ(ErrorReason(machine.status()), "PROVIDER_REFUSED") << machine.status();
  EXPECT_EQ(kubernetes.cluster().objects(), 0u);
}

TEST(KubernetesTest, BeginsASnapshotAnewWhereOneOfItsNameIsOnItsWayOut) {
  Kubernetes kubernetes(true);
  const MachineOrder order = kubernetes.Order();
  Provider& provider = kubernetes.provider();
  ASSERT_TRUE(provider.Create(order, kubernetes.Soon()).ok());
  const std::string name = NewSnapshotName(order.uuid);
  const auto broken_off =
      provider.CreateSnapshot(order.uuid, name, {kubernetes.Soon(), [] { return true; }});
  EXPECT_TRUE(absl::IsCancelled(broken_off.status())) << broken_off.status();
  const auto snapshot = provider.CreateSnapshot(order.uuid, name, {kubernetes.Soon()});
  EXPECT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
}

TEST(KubernetesTest, LeavesASnapshotThatAnotherGoesOnWith) {
  Kubernetes kubernetes(true);
  const MachineOrder order = kubernetes.Order();
  Provider& provider = kubernetes.provider();
  ASSERT_TRUE(provider.Create(order, kubernetes.Soon()).ok());
  const std::string name = NewSnapshotName(order.uuid);
  const auto yes = [] { return true; };
  const auto lost = provider.CreateSnapshot(order.uuid, name, {kubernetes.Soon(), yes, yes});
  EXPECT_EQ(ErrorReason(lost.status()), "WORK_MOVED") << lost.status();
  const Json left = kubernetes.cluster().Object("volumesnapshots", name);
  ASSERT_FALSE(left.is_null());
  EXPECT_TRUE(At(left, {"metadata", "deletionTimestamp"}).is_null()) << left;
  EXPECT_EQ(provider.ListSnapshots(order.uuid, kubernetes.Soon())->size(), 1u);
}

TEST(KubernetesTest, AwaitsASnapshotThroughAnOutageOfItsInterface) {
  Kubernetes kubernetes(true);
  const MachineOrder order = kubernetes.Order();
  Provider& provider = kubernetes.provider();
  ASSERT_TRUE(provider.Create(order, kubernetes.Soon()).ok());
  int asked = 0;
  // It is asked before each look.
  const auto on_look = [&] {
    kubernetes.cluster().http().SetTrouble(++asked == 1 ? testing::HttpTrouble::kServerError
                                                        : testing::HttpTrouble::kNone);
    return false;
  };
  const auto snapshot = provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid),
                                                {kubernetes.Soon(), on_look});
  EXPECT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(provider.ListSnapshots(order.uuid, kubernetes.Soon())->size(), 1u);
}

TEST(KubernetesTest, FillsTheVolumeFromASnapshotAndGivesItItsRoom) {
  Kubernetes kubernetes(true);
  MachineOrder order = kubernetes.Order(), second = kubernetes.Order();
  second.flavor = {{"storage", "1g"}};
  Provider& provider = kubernetes.provider();
  ASSERT_TRUE(provider.Create(order, kubernetes.Soon()).ok());
  const auto snapshot =
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {kubernetes.Soon()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->bytes, 10ull << 30);
  ASSERT_TRUE(provider.Restore(snapshot->name, second, {kubernetes.Soon()}).ok());
  const Json claim =
      kubernetes.cluster().Object("persistentvolumeclaims", "machine-" + second.uuid);
  EXPECT_EQ(TextAt(claim, {"spec", "dataSource", "name"}), snapshot->name);
  EXPECT_EQ(TextAt(claim, {"spec", "resources", "requests", "storage"}), "10737418240");
}

}  // namespace
}  // namespace weft::provisioner
