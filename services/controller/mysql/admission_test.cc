#include "services/controller/mysql/admission.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/model/accounts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ServerUuid Uuid(int number) {
  return *ServerUuid::Parse("00000000-0000-0000-0000-00000000000" + std::to_string(number));
}

GtidSet Gtids(int uuid, uint64_t first, uint64_t last) {
  GtidSet set;
  set.AddInterval(Uuid(uuid).text(), "", first, last);
  return set;
}

// A server that nothing is wrong with. Tests spoil one thing.
ServerFacts Good() {
  ServerFacts facts;
  facts.address = {"10.0.0.2", 3306};
  facts.version = {.major = 9, .minor = 7, .patch = 4, .mariadb = false, .text = "9.7.4"};
  facts.variables = {{"server_id", "2"},
                     {"log_bin", "ON"},
                     {"gtid_mode", "ON"},
                     {"enforce_gtid_consistency", "ON"},
                     {"log_replica_updates", "ON"},
                     {"relay_log_recovery", "ON"},
                     {"sync_binlog", "1"},
                     {"innodb_flush_log_at_trx_commit", "1"}};
  facts.observation.contact = Contact::kAnswered;
  facts.observation.uuid = Uuid(2);
  facts.observation.read_only = true;
  facts.observation.super_read_only = true;
  facts.observation.can_semi_sync = true;
  facts.observation.executed = Gtids(1, 1, 50);
  for (const Duty duty : {Duty::kManage, Duty::kReplicate, Duty::kBackup, Duty::kRestore}) {
    facts.duties[duty] = {std::string(DefaultUserOf(duty)), true, "", {}};
  }
  return facts;
}

Group OfOnePrimary() {
  Group group;
  group.id = "g";
  Server server;
  server.uuid = Uuid(1);
  server.address = {"10.0.0.1", 3306};
  group.servers = {server};
  group.primary = Uuid(1);
  return group;
}

AdmissionContext WithPrimary() {
  AdmissionContext context;
  context.store_addresses = {{"10.0.0.9", 3306}};
  context.store_uuids = {Uuid(9).text()};
  context.primary.emplace();
  context.primary->contact = Contact::kAnswered;
  context.primary->executed = Gtids(1, 1, 100);
  context.peers[Uuid(1)] = {"1", Gtids(1, 1, 100)};
  return context;
}

struct Verdicts {
  std::vector<std::string> fatal;
  std::vector<std::string> warnings;
  std::vector<AdmissionProblem> problems;
};

Verdicts Judged(const ServerFacts& facts, const Group& group = OfOnePrimary(),
                const AdmissionContext& context = WithPrimary()) {
  Verdicts verdicts;
  verdicts.problems = Judge(facts, group, context);
  for (const AdmissionProblem& problem : verdicts.problems) {
    (problem.fatal ? verdicts.fatal : verdicts.warnings).push_back(problem.code);
    EXPECT_FALSE(problem.expected.empty()) << problem.code;
    EXPECT_FALSE(problem.remedy.empty()) << problem.code;
  }
  return verdicts;
}

TEST(AdmissionTest, FindsNothingWrongWithAGoodServer) {
  const Verdicts verdicts = Judged(Good());
  EXPECT_THAT(verdicts.problems, IsEmpty());
  EXPECT_FALSE(CloneWouldHelp(verdicts.problems));
}

TEST(AdmissionTest, RefusesMariaDbAndOldVersionsWithoutAskingMore) {
  ServerFacts facts = Good();
  facts.variables.clear();
  facts.version = {.major = 10, .minor = 11, .patch = 19, .mariadb = true, .text = "10.11-MariaDB"};
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("VERSION_UNSUPPORTED"));
  facts.version = {.major = 5, .minor = 5, .patch = 60, .mariadb = false, .text = "5.5.60"};
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("VERSION_UNSUPPORTED"));
}

TEST(AdmissionTest, RefusesTheStateStoreByAddressAndByUuid) {
  ServerFacts facts = Good();
  facts.address = {"10.0.0.9", 3306};
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("STATE_STORE"));
  facts = Good();
  facts.observation.uuid = Uuid(9);
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("STATE_STORE"));
}

TEST(AdmissionTest, RefusesAUuidThatAnotherMemberHas) {
  ServerFacts facts = Good();
  facts.observation.uuid = Uuid(1);
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("DUPLICATE_UUID"));
}

TEST(AdmissionTest, RefusesAServerIdThatIsZeroOrTaken) {
  ServerFacts facts = Good();
  facts.variables["server_id"] = "0";
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("SERVER_ID_ZERO"));
  facts.variables["server_id"] = "1";
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("SERVER_ID_CLASH"));
}

TEST(AdmissionTest, NamesEachSettingThatGtidReplicationNeeds) {
  ServerFacts facts = Good();
  facts.variables["log_bin"] = "OFF";
  facts.variables["gtid_mode"] = "OFF";
  facts.variables["enforce_gtid_consistency"] = "WARN";
  facts.variables["log_replica_updates"] = "OFF";
  EXPECT_THAT(Judged(facts).fatal, ElementsAre("LOG_BIN_OFF", "GTID_CONSISTENCY_OFF",
                                               "GTID_MODE_OFF", "LOG_REPLICA_UPDATES_OFF"));
}

TEST(AdmissionTest, RefusesGroupReplicationForeignSourcesAndExtraChannels) {
  ServerFacts facts = Good();
  facts.plugins = {"group_replication"};
  facts.foreign_channels = {"other"};
  facts.observation.replication.configured = true;
  facts.observation.replication.source = {"10.0.0.77", 3306};
  EXPECT_THAT(Judged(facts).fatal,
              ElementsAre("GROUP_REPLICATION", "EXTRA_CHANNELS", "FOREIGN_SOURCE"));
}

TEST(AdmissionTest, AReplicaOfAMemberHasNoForeignSource) {
  ServerFacts facts = Good();
  facts.observation.replication.configured = true;
  facts.observation.replication.source = {"10.0.0.1", 3306};
  EXPECT_THAT(Judged(facts).fatal, IsEmpty());
}

TEST(AdmissionTest, RefusesErrantTransactionsAndOffersAClone) {
  ServerFacts facts = Good();
  facts.observation.executed = Gtids(1, 1, 50).Union(Gtids(2, 1, 3));
  const Verdicts verdicts = Judged(facts);
  EXPECT_THAT(verdicts.fatal, ElementsAre("ERRANT_TRANSACTIONS"));
  EXPECT_EQ(verdicts.problems.front().found, Gtids(2, 1, 3).ToString());
  EXPECT_TRUE(CloneWouldHelp(verdicts.problems));
}

TEST(AdmissionTest, RefusesWhatThePrimaryHasPurgedAndOffersAClone) {
  AdmissionContext context = WithPrimary();
  context.primary->purged = Gtids(1, 1, 60);
  const Verdicts verdicts = Judged(Good(), OfOnePrimary(), context);
  EXPECT_THAT(verdicts.fatal, ElementsAre("PURGED_TRANSACTIONS"));
  EXPECT_TRUE(absl::StrContains(verdicts.problems.front().found, ":51-60"));
  EXPECT_TRUE(CloneWouldHelp(verdicts.problems));
}

TEST(AdmissionTest, ACloneDoesNotMendSettings) {
  ServerFacts facts = Good();
  facts.observation.executed = Gtids(2, 1, 3);
  facts.variables["gtid_mode"] = "OFF";
  EXPECT_FALSE(CloneWouldHelp(Judged(facts).problems));
}

TEST(AdmissionTest, AServerThatACloneLeftHalfDoneIsNotWhole) {
  ServerFacts facts = Good();
  facts.half_cloned = "a clone from db1:3306: Failed";
  const Verdicts verdicts = Judged(facts);
  EXPECT_THAT(verdicts.fatal, ElementsAre("HALF_CLONED"));
  EXPECT_TRUE(CloneWouldHelp(verdicts.problems));
}

TEST(AdmissionTest, ManageAndReplicateAreNeededToServeTheOthersToRebuild) {
  ServerFacts facts = Good();
  facts.duties[Duty::kReplicate] = {"weft_replicate", false, "denied", {}};
  facts.duties[Duty::kBackup] = {"weft_backup", false, "denied", {}};
  facts.duties[Duty::kManage].missing = {PrivilegesOf(Duty::kManage, 90704).front()};
  const Verdicts verdicts = Judged(facts);
  EXPECT_THAT(verdicts.fatal, ElementsAre("PRIVILEGES_MANAGE", "ACCOUNT_REPLICATE"));
  EXPECT_THAT(verdicts.warnings, ElementsAre("ACCOUNT_BACKUP"));
  for (const AdmissionProblem& problem : verdicts.problems) {
    EXPECT_TRUE(absl::StrContains(problem.remedy, "GRANT")) << problem.remedy;
  }
}

TEST(AdmissionTest, WarnsOfWhatMayCostTransactionsUnderLossless) {
  ServerFacts facts = Good();
  facts.variables["sync_binlog"] = "0";
  facts.variables["innodb_flush_log_at_trx_commit"] = "2";
  facts.variables["relay_log_recovery"] = "OFF";
  facts.replica_preset_by = "/etc/my.cnf";
  const Verdicts verdicts = Judged(facts);
  EXPECT_THAT(verdicts.fatal, IsEmpty());
  EXPECT_THAT(verdicts.warnings, ElementsAre("SEMI_SYNC_PRESET", "SYNC_BINLOG", "FLUSH_LOG",
                                             "RELAY_LOG_RECOVERY_OFF"));
  Group async = OfOnePrimary();
  async.durability = Durability::kAsync;
  EXPECT_THAT(Judged(facts, async).warnings,
              ElementsAre("SEMI_SYNC_PRESET", "RELAY_LOG_RECOVERY_OFF"));
}

TEST(AdmissionTest, TellsWhat56Lacks) {
  ServerFacts facts = Good();
  facts.version = {.major = 5, .minor = 6, .patch = 24, .mariadb = false, .text = "5.6.24"};
  facts.variables["log_slave_updates"] = "ON";
  facts.variables.erase("log_replica_updates");
  facts.variables["slave_net_timeout"] = "3600";
  facts.observation.can_semi_sync = false;
  facts.observation.read_only = false;
  EXPECT_THAT(Judged(facts).warnings,
              ElementsAre("NO_LOSSLESS", "STARTS_WRITABLE", "REPLICA_NET_TIMEOUT", "WRITABLE"));
}

TEST(AdmissionTest, WarnsWhenNothingCouldBeCompared) {
  AdmissionContext silent = WithPrimary();
  silent.primary.reset();
  EXPECT_THAT(Judged(Good(), OfOnePrimary(), silent).warnings, ElementsAre("NOT_COMPARED"));
}

TEST(AdmissionTest, WithoutAPrimaryItWarnsOfMembersThatHaveDiverged) {
  Group group = OfOnePrimary();
  group.primary = ServerUuid();
  AdmissionContext context = WithPrimary();
  context.primary.reset();
  EXPECT_THAT(Judged(Good(), group, context).warnings, IsEmpty());
  ServerFacts facts = Good();
  facts.observation.executed = Gtids(2, 1, 3);
  EXPECT_THAT(Judged(facts, group, context).warnings, ElementsAre("DIVERGED"));
}

TEST(AdmissionTest, NamesAServerThatIsOlderThanItsPrimary) {
  AdmissionContext context = WithPrimary();
  context.primary->version = "9.7.4";
  ServerFacts facts = Good();
  EXPECT_THAT(Judged(facts, OfOnePrimary(), context).fatal, IsEmpty());
  facts.version = {.major = 9, .minor = 7, .patch = 1, .mariadb = false, .text = "9.7.1"};
  EXPECT_THAT(Judged(facts, OfOnePrimary(), context).fatal, IsEmpty());
  facts.version = {.major = 8, .minor = 4, .patch = 9, .mariadb = false, .text = "8.4.9"};
  EXPECT_THAT(Judged(facts, OfOnePrimary(), context).fatal, ElementsAre("VERSION_OLDER"));
}

}  // namespace
}  // namespace weft::controller
