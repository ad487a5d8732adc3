#include "services/cli/views.h"

#include <gtest/gtest.h>

#include "services/cli/testing/read_proto.h"
#include "services/cli/tree.h"

namespace weft::cli {
namespace {

constexpr int64_t kNow = 1767323100;
const View kView = {.style = {}, .now = absl::FromUnixSeconds(kNow)};
const View kAscii = {.style = {.color = false, .unicode = false},
                     .now = absl::FromUnixSeconds(kNow)};

// Three servers: a primary, a lagging secondary and one that was set aside.
v1::Group OrdersGroup() {
  return Read<v1::Group>(R"pb(
    name: "groups/g1"
    id: "g1"
    description: "orders"
    active: true
    durability: LOSSLESS
    acknowledgements: 1
    effective_durability: "lossless"
    primary: "servers/a"
    epoch: 4
    acknowledgers: "servers/b"
    servers {
      name: "servers/a"
      uuid: "a"
      address: "127.0.0.1:21001"
      group: "groups/g1"
      status: PRIMARY
      mode: READ_WRITE
      weight: 1
      health { contact: "answered" version: "9.7.4" writable: true semi_sync_source: true }
    }
    servers {
      name: "servers/b"
      uuid: "b"
      address: "127.0.0.1:21002"
      group: "groups/g1"
      status: SECONDARY
      mode: READ_ONLY
      weight: 0.5
      health {
        contact: "answered"
        version: "9.7.4"
        receiver: "on"
        applier_running: true
        source: "127.0.0.1:21001"
        lag { seconds: 130 }
        gtids_behind: 12
        semi_sync_replica: true
        since { seconds: 1767323040 }
      }
    }
    servers {
      name: "servers/c"
      uuid: "c"
      address: "[2001:db8::7]:3306"
      group: "groups/g1"
      status: FAULTY
      mode: OFFLINE
      weight: 1
      set_aside: "errant transactions"
      errant: "c:1-3"
      health {
        contact: "unreachable"
        error: "connection refused"
        since { seconds: 1767323080 }
      }
    }
  )pb");
}

TEST(TopologyTreeTest, HangsReplicasUnderTheirSource) {
  EXPECT_EQ(TopologyTree(OrdersGroup(), kView),
            "g1  active  lossless  epoch 4\n"
            "127.0.0.1:21001  PRIMARY  READ_WRITE\n"
            "└─ 127.0.0.1:21002  SECONDARY  READ_ONLY  lag 2m10s  acknowledges\n"
            "[2001:db8::7]:3306  FAULTY  OFFLINE  unreachable for 20s: connection refused, set "
            "aside: errant transactions, errant: c:1-3\n");
}

TEST(TopologyTreeTest, AnAcknowledgerThatIsAwayDoesNotAcknowledge) {
  v1::Group group = OrdersGroup();
  group.add_acknowledgers("servers/c");
  EXPECT_NE(TopologyTree(group, kView).find("FAULTY  OFFLINE  acknowledger  unreachable"),
            std::string::npos)
      << TopologyTree(group, kView);
}

TEST(TopologyTreeTest, DrawsBranchesOfBranches) {
  v1::Group group = OrdersGroup();
  v1::Server* third = group.mutable_servers(2);
  *third = group.servers(1);
  third->set_address("127.0.0.1:21003");
  third->set_name("servers/c");
  v1::Server* fourth = group.add_servers();
  *fourth = *third;
  fourth->set_address("127.0.0.1:21004");
  fourth->mutable_health()->set_source("127.0.0.1:21002");
  fourth->mutable_health()->set_receiver("connecting");
  EXPECT_EQ(TopologyTree(group, kView),
            "g1  active  lossless  epoch 4\n"
            "127.0.0.1:21001  PRIMARY  READ_WRITE\n"
            "├─ 127.0.0.1:21002  SECONDARY  READ_ONLY  lag 2m10s  acknowledges\n"
            "│  └─ 127.0.0.1:21004  SECONDARY  READ_ONLY  lag 2m10s  receiver connecting\n"
            "└─ 127.0.0.1:21003  SECONDARY  READ_ONLY  lag 2m10s\n");
  EXPECT_EQ(TopologyTree(group, kAscii),
            "g1  active  lossless  epoch 4\n"
            "127.0.0.1:21001  PRIMARY  READ_WRITE\n"
            "|- 127.0.0.1:21002  SECONDARY  READ_ONLY  lag 2m10s  acknowledges\n"
            "|  `- 127.0.0.1:21004  SECONDARY  READ_ONLY  lag 2m10s  receiver connecting\n"
            "`- 127.0.0.1:21003  SECONDARY  READ_ONLY  lag 2m10s\n");
}

TEST(TopologyTreeTest, ShowsSourcesOutsideTheGroupAndClosesCircles) {
  const v1::Group group = Read<v1::Group>(R"pb(
    id: "g2"
    durability: ASYNC
    servers {
      address: "a:1"
      status: SECONDARY
      health { contact: "answered" source: "x:9" receiver: "on" applier_running: true }
    }
    servers {
      address: "b:1"
      status: SECONDARY
      health { contact: "answered" source: "c:1" receiver: "on" applier_running: true }
    }
    servers {
      address: "c:1"
      status: SECONDARY
      health { contact: "answered" source: "b:1" receiver: "on" applier_running: true }
    }
  )pb");
  EXPECT_EQ(TopologyTree(group, kView),
            "g2  inactive  async  epoch 0\n"
            "x:9  not in the group\n"
            "└─ a:1  SECONDARY\n"
            "b:1  SECONDARY\n"
            "└─ c:1  SECONDARY\n"
            "   └─ b:1 ↺\n");
}

TEST(TopologyTreeTest, AnEmptyGroupSaysSo) {
  v1::Group group;
  group.set_id("g3");
  group.set_durability(v1::LOSSLESS);
  EXPECT_EQ(TopologyTree(group, kView), "g3  inactive  lossless  epoch 0\nno servers\n");
}

TEST(GroupTextTest, ShowsFieldsAndServers) {
  EXPECT_EQ(GroupText(OrdersGroup(), kView),
            "group:          g1\n"
            "description:    orders\n"
            "state:          active\n"
            "primary:        127.0.0.1:21001\n"
            "epoch:          4\n"
            "durability:     lossless (policy lossless, 1 acknowledgement)\n"
            "acknowledgers:  127.0.0.1:21002\n"
            "\n"
            "SERVER              STATUS     MODE        WEIGHT    LAG  VERSION  UUID  HEALTH\n"
            "127.0.0.1:21001     PRIMARY    READ_WRITE       1      -  9.7.4    a     OK\n"
            "127.0.0.1:21002     SECONDARY  READ_ONLY      0.5  2m10s  9.7.4    b     OK\n"
            "[2001:db8::7]:3306  FAULTY     OFFLINE          1      -  -        c     unreachable "
            "for 20s: connection refused, set aside: errant transactions, errant: c:1-3\n");
}

TEST(GroupsTableTest, SaysWhereAPrimaryIsMissing) {
  v1::Group second = OrdersGroup();
  second.set_id("g2");
  second.clear_primary();
  second.clear_description();
  second.set_active(false);
  second.set_effective_durability("async: 5.6");
  EXPECT_EQ(GroupsTable({OrdersGroup(), second}, kView),
            "GROUP  STATE     PRIMARY          SERVERS  EPOCH  DURABILITY  DESCRIPTION\n"
            "g1     active    127.0.0.1:21001        3      4  lossless    orders\n"
            "g2     inactive  none                   3      4  async: 5.6  -\n");
}

TEST(WithAddressesTest, ReplacesUuidsByWhatPeopleKnow) {
  v1::Group group = OrdersGroup();
  const std::string uuid = "2ad1b6a0-5f3b-4a5e-9f43-0a7d0d6a1c11";
  group.mutable_servers(0)->set_uuid(uuid);
  group.mutable_servers(0)->set_name("servers/" + uuid);
  EXPECT_EQ(WithAddresses("follow b <- " + uuid + ", not servers/" + uuid, group),
            "follow b <- 127.0.0.1:21001, not 127.0.0.1:21001");
  EXPECT_EQ(WithAddresses("watermark [" + uuid + ":1-5]", group), "watermark [" + uuid + ":1-5]");
}

TEST(HealthOfTest, NamesEverythingThatIsWrong) {
  v1::Server server = OrdersGroup().servers(1);
  EXPECT_EQ(HealthOf(server, kView).text, "OK");
  EXPECT_TRUE(IsHealthy(server));
  server.mutable_health()->set_writable(true);
  server.mutable_health()->set_applier_running(false);
  server.mutable_health()->set_applier_error("error 1062");
  EXPECT_EQ(HealthOf(server, kView).text, "accepts writes, applier stopped, error 1062");
  EXPECT_FALSE(IsHealthy(server));
  v1::Server primary = OrdersGroup().servers(0);
  primary.mutable_health()->set_writable(false);
  EXPECT_EQ(HealthOf(primary, kView).text, "the primary refuses writes");
}

TEST(HealthTextTest, ShowsTheLookAndTheMonitors) {
  const auto health = Read<v1::GetHealthResponse>(R"pb(
    reports {
      observer: "m1"
      zone: "eu"
      receive_time { seconds: 1767323099 }
      report {
        uuid: "b"
        address: "127.0.0.1:21002"
        contact: ANSWERED
        since { seconds: 1767323040 }
        latency { nanos: 1500000 }
        receiver: "on"
        applier_running: true
        lag { seconds: 1 }
      }
    }
  )pb");
  v1::Group group = OrdersGroup();
  group.mutable_servers()->DeleteSubrange(2, 1);
  EXPECT_EQ(
      HealthText(group, health, kView),
      "SERVER           STATUS     CONTACT   SINCE  RECEIVER  APPLIER    LAG  BEHIND  HEALTH\n"
      "127.0.0.1:21001  PRIMARY    answered  -      -         -            -       -  OK\n"
      "127.0.0.1:21002  SECONDARY  answered  1m00s  on        on       2m10s      12  OK\n"
      "\n"
      "MONITOR  SERVER           CONTACT   SINCE  LATENCY  RECEIVER  APPLIER   LAG  SEEN\n"
      "m1@eu    127.0.0.1:21002  answered  1m00s    1.5ms  on        on       1.0s  1.0s ago\n");
}

TEST(ProblemsTextTest, GivesTheRemedyLineByLine) {
  const auto check = Read<v1::CheckServerResponse>(R"pb(
    uuid: "u"
    version: "9.7.4"
    problems {
      code: "GTID_MODE_OFF"
      expected: "gtid_mode ON"
      found: "OFF"
      remedy: "SET PERSIST enforce_gtid_consistency = ON;\nSET PERSIST gtid_mode = ON;"
      fatal: true
    }
    problems { code: "SMALL_POOL" expected: "more" found: "less" }
  )pb");
  EXPECT_EQ(ProblemsText(check, kView),
            "error: GTID_MODE_OFF\n"
            "  expected: gtid_mode ON\n"
            "  found:    OFF\n"
            "  to do:    SET PERSIST enforce_gtid_consistency = ON;\n"
            "            SET PERSIST gtid_mode = ON;\n"
            "warning: SMALL_POOL\n"
            "  expected: more\n"
            "  found:    less\n"
            "server u, MySQL 9.7.4: cannot be added\n");
}

TEST(PlanTextTest, NumbersThePhasesAndShowsTheRefusal) {
  const auto response = Read<v1::PromoteGroupResponse>(R"pb(
    plan { phase: "revoke" steps: "stop the receiver of b" steps: "stop the receiver of c" }
    plan { phase: "commit" steps: "commit b, epoch 5" }
  )pb");
  EXPECT_EQ(PlanText(response.plan(), nullptr, kView),
            "1. revoke\n"
            "   - stop the receiver of b\n"
            "   - stop the receiver of c\n"
            "2. commit\n"
            "   - commit b, epoch 5\n");
  const auto refusal = Read<v1::Refusal>(R"pb(
    reason: "NOT_REACHED_ACKNOWLEDGER"
    message: "c is silent and may hold acknowledged writes"
    next_step: "bring c back"
    servers: "servers/c"
  )pb");
  EXPECT_EQ(PlanText({}, &refusal, kView),
            "refused: c is silent and may hold acknowledged writes (NOT_REACHED_ACKNOWLEDGER)\n"
            "  in the way: c\n"
            "  to do: bring c back\n");
  EXPECT_EQ(PlanText({}, nullptr, kView), "nothing to do\n");
}

TEST(ExplanationTextTest, ShowsFindingsAndWhatComesNext) {
  auto explanation = Read<v1::ExplainGroupResponse>(R"pb(
    findings {
      code: "DEAD_PRIMARY"
      severity: CRITICAL
      server: "servers/a"
      message: "the primary is dead"
      next_step: "weft group promote g1"
    }
    next_phase { phase: "revoke" steps: "stop the receiver of b" }
  )pb");
  *explanation.mutable_group() = OrdersGroup();
  EXPECT_EQ(ExplanationText(explanation, kView),
            "group g1 is not settled\n"
            "critical DEAD_PRIMARY  127.0.0.1:21001: the primary is dead\n"
            "  to do: weft group promote g1\n"
            "next:\n"
            "1. revoke\n"
            "   - stop the receiver of b\n");
  explanation.clear_findings();
  explanation.clear_next_phase();
  explanation.set_settled(true);
  explanation.mutable_group()->set_active(false);
  EXPECT_EQ(ExplanationText(explanation, kView),
            "group g1 is settled (inactive: failures are not repaired by themselves)\n");
}

TEST(NodeTextTest, SaysWhatIsWrongWithTheStore) {
  auto node = Read<v1::NodeStatus>(R"pb(
    version: "0.1.0"
    store_address: "127.0.0.1:3306"
    store_error: "refused"
    schema_expected: 3
    leader: "c1"
    term: 7
    leading: true
    uptime { seconds: 61 }
    groups: 2
  )pb");
  EXPECT_EQ(NodeText(node, kView),
            "controller:  Weft 0.1.0\n"
            "leader:      c1 (term 7)\n"
            "this one:    leads\n"
            "up:          1m01s\n"
            "store:       127.0.0.1:3306 unreachable: refused\n"
            "groups:      2\n"
            "monitors:    0\n");
  node.set_store_reachable(true);
  node.set_schema_found(1);
  node.clear_leader();
  node.clear_leading();
  EXPECT_EQ(NodeText(node, kView),
            "controller:  Weft 0.1.0\n"
            "leader:      none\n"
            "this one:    follows\n"
            "up:          1m01s\n"
            "store:       127.0.0.1:3306\n"
            "schema:      version 1 found, 3 expected\n"
            "groups:      2\n"
            "monitors:    0\n");
}

}  // namespace
}  // namespace weft::cli
