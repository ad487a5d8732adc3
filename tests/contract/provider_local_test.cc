// The provider of this machine's servers, on real ones.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/mysql/session.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/providers/local/provider.h"
#include "tests/contract/provider_contract.h"
#include "tests/contract/provider_local_sql.h"

namespace weft::provisioner {
namespace {

// A folder that goes with it, machines and all.
class Local : public ProviderUnderTest {
 public:
  Local() : folder_(absl::StrCat("/tmp/weft-local-", RandomHex(4))) {
    auto provider = NewLocalProvider(
        {.id = "here", .type = "local", .url = folder_, .default_flavor = "relaxed"},
        InitialContent(), RealClock::Get());
    EXPECT_TRUE(provider.ok()) << provider.status();
    provider_ = *std::move(provider);
  }
  ~Local() override {
    const auto machines = provider_->Search({}, {}, Soon());
    EXPECT_TRUE(machines.ok()) << machines.status();
    for (const Machine& machine : *machines) {
      EXPECT_TRUE(provider_->Destroy(machine.uuid, Soon()).ok());
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Provider& provider() override { return *provider_; }
  std::string provider_id() override { return "here"; }
  MachineOrder Order() override { return {.uuid = RandomUuid(), .image = {{"name", "9.7"}}}; }
  MachineOrder OrderOfUnknownImage() override {
    return {.uuid = RandomUuid(), .image = {{"name", "/nobody/has/that"}}};
  }
  bool offers_snapshots() override { return true; }
  absl::Duration patience() override { return absl::Minutes(1); }
  bool Stage(Trouble trouble) override { return trouble == Trouble::kNone; }

  Instance Server(const MachineOrder& order) const {
    auto server = Instance::Open(File(order.uuid + "/server"));
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  std::unique_ptr<mysql::Session> RootOf(const MachineOrder& order) const {
    mysql::ConnectOptions connect;
    connect.unix_socket = Server(order).socket();
    connect.user = "root";
    auto session = mysql::Session::Open(connect);
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }
  std::string File(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

 private:
  const std::string folder_;
  std::unique_ptr<Provider> provider_;
};

INSTANTIATE_TEST_SUITE_P(Local, ProviderContract,
                         ::testing::Values(ProviderMaker{"OnRealServers",
                                                         [] { return std::make_unique<Local>(); }}),
                         ProviderName);

TEST(LocalProviderTest, WaitsForAnotherOnlyUntilItsDeadline) {
  Local local;
  const MachineOrder made = local.Order(), other = local.Order();
  ASSERT_TRUE(local.provider().Create(made, local.Soon()).ok());
  const Deadline moment = local.Soon(absl::Milliseconds(100));
  {
    const auto all = FileLock::Acquire(local.File("lock"));
    EXPECT_EQ(ErrorReason(local.provider().Create(other, moment).status()), "PROVIDER_TOO_SLOW");
    EXPECT_EQ(ErrorReason(local.provider().Destroy(made.uuid, moment)), "PROVIDER_TOO_SLOW");
  }
  // Who works on one machine keeps nobody from another.
  const auto one = FileLock::Acquire(local.File(made.uuid + "/lock"));
  EXPECT_EQ(ErrorReason(local.provider().Destroy(made.uuid, moment)), "PROVIDER_TOO_SLOW");
  EXPECT_TRUE(local.provider().Create(other, local.Soon()).ok());
  EXPECT_TRUE(local.provider().Destroy(other.uuid, local.Soon()).ok());
}

TEST(LocalProviderTest, EndsARestoreAtItsDeadline) {
  Local local;
  const MachineOrder made = local.Order(), other = local.Order();
  ASSERT_TRUE(local.provider().Create(made, local.Soon()).ok());
  const auto snapshot =
      local.provider().CreateSnapshot(made.uuid, NewSnapshotName(made.uuid), {local.Soon()});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  const auto restored =
      local.provider().Restore(snapshot->name, other, {local.Soon(absl::Milliseconds(1))});
  EXPECT_EQ(ErrorReason(restored.status()), "PROVIDER_TOO_SLOW") << restored.status();
  EXPECT_TRUE(local.provider().Destroy(other.uuid, local.Soon()).ok());
  EXPECT_FALSE(std::filesystem::exists(local.File(other.uuid)));
}

TEST(LocalProviderTest, MakesOthersWhileItRestoresAndEndsARestoreWhenThatIsAskedFor) {
  Local local;
  const MachineOrder made = local.Order(), restored = local.Order(), other = local.Order();
  ASSERT_TRUE(local.provider().Create(made, local.Soon()).ok());
  const auto snapshot =
      local.provider().CreateSnapshot(made.uuid, NewSnapshotName(made.uuid), {local.Soon()});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  // Asked in the midst of the copy.
  bool asked = false;
  const auto make_another = [&] {
    if (!std::exchange(asked, true)) {
      EXPECT_TRUE(local.provider().Create(other, local.Soon()).ok());
      EXPECT_TRUE(local.provider().Destroy(other.uuid, local.Soon()).ok());
    }
    return false;
  };
  EXPECT_TRUE(
      local.provider().Restore(snapshot->name, restored, {local.Soon(), make_another}).ok());
  EXPECT_TRUE(asked);
  const auto ended =
      local.provider().Restore(snapshot->name, other, {local.Soon(), [] { return true; }});
  EXPECT_TRUE(absl::IsCancelled(ended.status())) << ended.status();
}

TEST(LocalProviderTest, NeverRestoresAPartOfASnapshotThatGoesMeanwhile) {
  namespace fs = std::filesystem;
  Local local;
  const MachineOrder made = local.Order();
  ASSERT_TRUE(local.provider().Create(made, local.Soon()).ok());
  for (const absl::string_view statement : {sql::kWritable, sql::kMakeSchema, sql::kMakeTable}) {
    const absl::Status done = local.RootOf(made)->Execute(statement);
    ASSERT_TRUE(done.ok()) << done;
  }
  const auto saved =
      local.provider().CreateSnapshot(made.uuid, NewSnapshotName(made.uuid), {local.Soon()});
  ASSERT_TRUE(saved.ok()) << DescribeError(saved.status());
  const std::string from = local.File(absl::StrCat("snapshots/", saved->name, "/data/"));
  // In the midst of the copy, before that file of it. Nobody is asked before the copy begins.
  const auto restore_and = [&](const std::function<void(const std::string&)>& harm) {
    const MachineOrder order = local.Order();
    const auto harm_once = [&, done = false]() mutable {
      const std::string to = local.Server(order).data_dir() + "/";
      if (!fs::exists(to)) return false;
      for (const std::string file : {"d/t.ibd", "sys/sys_config.ibd"}) {
        if (done || fs::exists(to + file)) continue;
        done = true;
        harm(file);
      }
      return false;
    };
    return local.provider().Restore(saved->name, order, {local.Soon(), harm_once}).status();
  };
  const absl::Status lacks = restore_and([&](const std::string& file) { fs::remove(from + file); });
  EXPECT_EQ(ErrorReason(lacks), "SNAPSHOT_DAMAGED") << lacks;
  const absl::Status gone = restore_and([&](const std::string&) {
    EXPECT_TRUE(local.provider().DestroySnapshot(saved->name, local.Soon()).ok());
  });
  EXPECT_EQ(ErrorReason(gone), "SNAPSHOT_UNKNOWN") << gone;
  EXPECT_TRUE(fs::is_empty(local.File("snapshots")));
}

// The CLONE statement would leave them empty.
TEST(LocalProviderTest, SavesTablesOfOtherEnginesThanInnodbOnlyOfAServerThatIsStopped) {
  Local local;
  const MachineOrder made = local.Order(), restored = local.Order();
  ASSERT_TRUE(local.provider().Create(made, local.Soon()).ok());
  for (const absl::string_view statement :
       {sql::kWritable, sql::kMakeSchema, sql::kMakeOldStyle, sql::kFillOldStyle}) {
    const absl::Status done = local.RootOf(made)->Execute(statement);
    ASSERT_TRUE(done.ok()) << done;
  }
  const auto save = [&] {
    return local.provider().CreateSnapshot(made.uuid, NewSnapshotName(made.uuid), {local.Soon()});
  };
  const absl::Status refused = save().status();
  EXPECT_EQ(ErrorReason(refused), "TABLES_LEFT_OUT") << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "d.t")) << refused;
  EXPECT_TRUE(std::filesystem::is_empty(local.File("snapshots")));
  ASSERT_TRUE(local.Server(made).Stop(local.patience()).ok());
  const auto saved = save();
  ASSERT_TRUE(saved.ok()) << DescribeError(saved.status());
  ASSERT_TRUE(local.provider().Restore(saved->name, restored, {local.Soon()}).ok());
  const auto count = local.RootOf(restored)->Query(sql::kCountOldStyle);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(count->front().IntOr("count", 0), 2);
}

}  // namespace
}  // namespace weft::provisioner
