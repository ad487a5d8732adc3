// MysqlStore keeps the promises of Store on a cluster of MySQL Group Replication, too; and what it
// finds amiss there.
#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/mysqld/group_replication.h"
#include "services/controller/mysql/store.h"
#include "tests/contract/store_cluster_server.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/store_server_sql.h"

namespace weft::controller {
namespace {

const MysqlStoreOptions& SharedStore() {
  static const MysqlStoreOptions options = [] {
    const MysqlStoreOptions made = StoreClusterServer::Shared().NewStore();
    EXPECT_EQ(Outcome(MysqlStore(made).SetUp()), "OK");
    return made;
  }();
  return options;
}

class ClusterHarness : public StoreHarness {
 public:
  explicit ClusterHarness(const StoreLimits& limits) : options_(SharedStore()) {
    options_.keep_operations = limits.keep_operations;
    options_.keep_events = limits.keep_events;
    if (limits.keep_operations < StoreLimits().keep_operations ||
        limits.keep_events < StoreLimits().keep_events) {
      options_.prune_every = 1;
    }
    StoreClusterServer::Shared().Empty(options_);
  }

  // One that knows who the primary is: to find that out takes longer than a call waits, where many
  // begin at once on a busy machine.
  std::unique_ptr<Store> Open() override {
    auto store = std::make_unique<MysqlStore>(options_);
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(20));
    while (!store->ReadLease().ok() && !deadline.Passed()) {
    }
    return store;
  }

 private:
  MysqlStoreOptions options_;
};

INSTANTIATE_TEST_SUITE_P(Cluster, StoreContract,
                         ::testing::Values(StoreKind{"Cluster",
                                                     [](const StoreLimits& limits) {
                                                       return std::make_unique<ClusterHarness>(
                                                           limits);
                                                     }}),
                         [](const auto& info) { return info.param.name; });

class StoreInspectionTest : public ::testing::Test {
 protected:
  StoreInspectionTest() { SharedStore(); }

  std::vector<StoreDeviation> Inspect(const MysqlStoreOptions& options) {
    MysqlStore store(options);
    std::vector<StoreDeviation> found = store.Inspect();
    // What these servers are not made for.
    std::erase_if(found, [](const StoreDeviation& one) {
      return one.check == "sync_binlog" || one.check == "innodb_flush_log_at_trx_commit";
    });
    return found;
  }
  static bool Has(const std::vector<StoreDeviation>& found, const std::string& check, bool blocks,
                  absl::string_view mend) {
    return std::any_of(found.begin(), found.end(), [&](const StoreDeviation& one) {
      return one.check == check && one.blocks == blocks && absl::StrContains(one.mend, mend);
    });
  }
  StoreClusterServer& cluster() { return StoreClusterServer::Shared(); }
};

TEST_F(StoreInspectionTest, FindsNothingAmissWithAWholeCluster) {
  EXPECT_EQ(Inspect(SharedStore()), std::vector<StoreDeviation>());
}

TEST_F(StoreInspectionTest, SaysThatCommitsAreNotDurable) {
  MysqlStore store(SharedStore());
  const std::vector<StoreDeviation> found = store.Inspect();
  EXPECT_TRUE(Has(found, "sync_binlog", false, "SET PERSIST sync_binlog = 1"));
  EXPECT_TRUE(Has(found, "innodb_flush_log_at_trx_commit", false, "SET PERSIST"));
}

TEST_F(StoreInspectionTest, NamesWhatIsMissing) {
  MysqlStoreOptions options = cluster().NewStore();  // nothing was made there yet
  const std::vector<HostPort> all = options.members;
  options.members.push_back({"127.0.0.1", 1});
  EXPECT_TRUE(Has(Inspect(options), "answer", true, "start it"));
  EXPECT_TRUE(Has(Inspect(options), "members", true, "START GROUP_REPLICATION"));
  options.members = {all[0], all[1]};
  EXPECT_TRUE(Has(Inspect(options), "members", true, "--store"));
  EXPECT_TRUE(Has(Inspect(options), "size", false, "add members"));
  options.members = all;
  options.connect.password = "wrong";
  EXPECT_TRUE(Has(Inspect(options), "login", true, "GRANT"));
}

TEST_F(StoreInspectionTest, OneThatLeftTheClusterKeepsANewStoreFromBeingMade) {
  ASSERT_TRUE(cluster().Sql(2, store_server_sql::kLeaveCluster).ok());
  const MysqlStoreOptions fresh = cluster().NewStore();
  EXPECT_TRUE(Has(Inspect(fresh), "state in the cluster", true, "START GROUP_REPLICATION"));
  // One that is in use may be migrated all the same.
  EXPECT_TRUE(
      Has(Inspect(SharedStore()), "state in the cluster", false, "START GROUP_REPLICATION"));
  ASSERT_TRUE(cluster().Sql(2, store_server_sql::kJoinCluster).ok());
  ASSERT_TRUE(Assemble(cluster().members(), absl::Seconds(60)).ok());
  EXPECT_EQ(Inspect(SharedStore()), std::vector<StoreDeviation>());
}

TEST_F(StoreInspectionTest, RightsThatAreMissingComeWithTheirGrant) {
  MysqlStoreOptions poor = cluster().NewStore();
  for (size_t i = 0; i < cluster().members().size(); ++i) {
    (void)cluster().Sql(i, store_server_sql::kCreatePoorUser);
  }
  poor.connect.user = "weft_poor";
  const std::vector<StoreDeviation> found = Inspect(poor);
  EXPECT_TRUE(Has(found, "rights", true, "replication_group_member"));
  EXPECT_TRUE(Has(found, "rights", true, "CREATE ROUTINE"));
}

}  // namespace
}  // namespace weft::controller
