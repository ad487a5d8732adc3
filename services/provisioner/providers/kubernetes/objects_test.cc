#include "services/provisioner/providers/kubernetes/objects.h"

#include <cstdlib>
#include <fstream>

#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/provisioner/providers/kubernetes/restored.h"

namespace weft::provisioner::kubernetes {
namespace {

constexpr char kGolden[] = "services/provisioner/providers/kubernetes/testdata/machine.json";

MachineOrder FullOrder() {
  return {.uuid = "0d6f3a1e-7c52-4d0c-9d0e-2f8f6f1b7a11",
          .flavor = {{"memory", "1g"}, {"cpus", "1.5"}, {"storage", "20g"}},
          .availability_zone = "north",
          .public_network = "example.com/outside",
          .user_data = "CREATE USER app",
          .scheduler_hints = {{"disk", "ssd"}},
          .meta = {{"command", "--server-id=7"},
                   {"environment", "MYSQL_RANDOM_ROOT_PASSWORD=1"},
                   {"role", "data"}}};
}

Settings Cluster() {
  return {.provider_id = "cluster", .name_space = "farm", .storage_class = "fast"};
}

// All that may be sent for one machine, as tests/deploy/kubernetes_test.py holds it against the
// schemas of Kubernetes.
Json All() {
  Objects objects = *ObjectsOf(FullOrder(), "mysql:9.7", Cluster());
  FillFrom("snapshot-a-1", 1, objects.claim);
  EXPECT_TRUE(GiveOwnIdentity(FullOrder().uuid, Cluster().data_dir, objects.stateful_set).ok());
  Json all = {objects.stateful_set, PodOf(objects.stateful_set)};
  for (Json* const owned : {&objects.claim, &objects.service, &objects.secret}) {
    SetOwner("4711", "machine-x", *owned);
    all.push_back(*owned);
  }
  return all;
}

TEST(ObjectsTest, AreThoseThatAreHeldAgainstTheSchemas) {
  // WEFT_UPDATE=PATH writes what is to be committed.
  if (const char* const path = std::getenv("WEFT_UPDATE"))
    std::ofstream(path) << All().dump(2) << "\n";
  std::ifstream file(kGolden);
  EXPECT_EQ(All(), Json::parse(file, nullptr, /*allow_exceptions=*/false));
}

TEST(ObjectsTest, RefuseWhatTheyDoNotUnderstand) {
  for (const Properties& flavor : {Properties{{"colour", "red"}}, Properties{{"cpus", "few"}},
                                   Properties{{"memory", "-1"}}, Properties{{"storage", "some"}}}) {
    MachineOrder order = FullOrder();
    order.flavor = flavor;
    EXPECT_EQ(ErrorReason(ObjectsOf(order, "i", Cluster()).status()), "BAD_ORDER");
  }
  MachineOrder order = FullOrder();
  order.meta = {{"environment", "NO_VALUE"}};
  EXPECT_EQ(ErrorReason(ObjectsOf(order, "i", Cluster()).status()), "BAD_ORDER");
}

TEST(ObjectsTest, RunAsMysqlUnlessAnotherUserIsNamed) {
  MachineOrder order = FullOrder();
  const auto user = [&order](const char* name) {
    order.meta = {{"user", name}};
    return ObjectsOf(order, "i", Cluster());
  };
  const auto run_as = [](const Objects& objects) {
    return NumberAt(objects.stateful_set,
                    {"spec", "template", "spec", "securityContext", "runAsUser"});
  };
  EXPECT_EQ(run_as(*ObjectsOf(order, "i", Cluster())), 999);
  EXPECT_EQ(run_as(*user("1001")), 1001);
  EXPECT_EQ(run_as(*user("0")), 0);
  EXPECT_EQ(ErrorReason(user("mysql").status()), "BAD_ORDER");
}

TEST(ObjectsTest, ReadQuantities) {
  EXPECT_EQ(QuantityBytes("1024"), 1024u);
  EXPECT_EQ(QuantityBytes("10Gi"), 10ull << 30);
  EXPECT_EQ(QuantityBytes("1.5Mi"), 3ull << 19);
  EXPECT_EQ(QuantityBytes("5k"), 5000u);
  EXPECT_EQ(QuantityBytes("5G"), 5'000'000'000u);
  for (const char* const wrong : {"", "Gi", "1X", "1Gib", "-1", "1e99P"}) {
    EXPECT_EQ(QuantityBytes(wrong), 0u) << wrong;
  }
}

TEST(ObjectsTest, SayWhatBecameOfAPod) {
  const Json set = {{"metadata", {{"uid", "1"}, {"labels", {{"weft/machine", "u"}}}}}};
  const auto read = [&set](const Json& status) {
    return *MachineOf(set, Json{{"status", status}}, Json(), Cluster());
  };
  EXPECT_EQ(MachineOf(set, Json(), Json(), Cluster())->state, MachineState::kPending);
  EXPECT_EQ(read({{"containerStatuses", {{{"ready", true}}}}}).state, MachineState::kRunning);
  EXPECT_EQ(read({{"containerStatuses", {{{"ready", false}}}}}).state, MachineState::kPending);
  const Machine looping = read(
      {{"containerStatuses",
        {{{"state", {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}}}}}}});
  EXPECT_EQ(looping.state, MachineState::kFailed);
  EXPECT_EQ(looping.detail, "CrashLoopBackOff: back-off");
  const Machine preparing =
      read({{"initContainerStatuses",
             {{{"state", {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "no sh"}}}}}}}},
            {"containerStatuses", {{{"state", {{"waiting", {{"reason", "PodInitializing"}}}}}}}}});
  EXPECT_EQ(preparing.state, MachineState::kFailed);
  EXPECT_EQ(preparing.detail, "CrashLoopBackOff: no sh");
  EXPECT_EQ(read({{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "disk"}}).detail,
            "Evicted: disk");
  const Machine waiting = read({{"conditions",
                                 {{{"type", "PodScheduled"},
                                   {"status", "False"},
                                   {"message", "0/3 nodes are available"}}}}});
  EXPECT_EQ(waiting.state, MachineState::kPending);
  EXPECT_EQ(waiting.detail, "0/3 nodes are available");
  EXPECT_FALSE(MachineOf(Json("text"), Json(), Json(), Cluster()).ok());
}

}  // namespace
}  // namespace weft::provisioner::kubernetes
