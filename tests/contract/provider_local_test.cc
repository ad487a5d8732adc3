// The provider of this machine's servers, on real ones.
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/files.h"
#include "services/provisioner/providers/local/provider.h"
#include "tests/contract/provider_contract.h"

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

}  // namespace
}  // namespace weft::provisioner
