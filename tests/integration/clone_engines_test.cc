// The engines of copies between real servers.
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/server_facts.h"
#include "tests/integration/clone_engines_sql.h"

namespace weft::provisioner {
namespace {

class CloneEnginesTest : public ::testing::Test {
 protected:
  void Start(const std::string& version, int servers = 2) {
    auto farm = testing::TestFarm::Start(
        {.servers = servers, .version = version, .role = InstanceRole::kStandalone});
    ASSERT_TRUE(farm.ok()) << farm.status();
    farm_ = *std::move(farm);
    AccessOptions options;
    for (const Duty duty : {Duty::kManage, Duty::kBackup, Duty::kRestore}) {
      const testing::TestAccount& account = farm_->account(duty);
      options.logins[duty] = {
          account.user, [&account]() -> absl::StatusOr<std::string> { return account.password; }};
    }
    access_ = std::make_unique<FarmAccess>(options);
  }

  HostPort address(int index) const {
    return {farm_->server(index).host, static_cast<uint16_t>(farm_->server(index).port)};
  }
  std::string Root(int index, absl::string_view sql) {
    const auto output = farm_->Sql(index, sql);
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? std::string(absl::StripAsciiWhitespace(*output)) : "";
  }
  absl::StatusOr<CopyFigures> Copy(CopyMethod method, const std::function<bool()>& cancelled = {}) {
    CopyOrder order;
    order.source = address(0);
    order.target = address(1);
    order.bytes_per_second = bytes_per_second_;
    CopyWatch watch;
    watch.report = [this](const CopyProgress& progress) { last_ = progress; };
    watch.cancelled = cancelled;
    return RunCopy(*access_, method, order, watch, {}, RealClock::Get());
  }
  void ExpectAlike() {
    for (const absl::string_view sql : sql::kWhatMustBeAlike) {
      EXPECT_EQ(Root(1, sql), Root(0, sql)) << sql;
    }
    EXPECT_NE(Root(0, sql::kUuid), Root(1, sql::kUuid));
    EXPECT_EQ(Root(1, sql::kReadOnly), "1");
    EXPECT_EQ(Root(1, sql::kMarks), "0");
  }

  std::unique_ptr<testing::TestFarm> farm_;
  std::unique_ptr<FarmAccess> access_;
  CopyProgress last_;
  uint64_t bytes_per_second_ = 0;
};

TEST_F(CloneEnginesTest, ThePluginCopiesAllThatThereIs) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  const auto figures = Copy(CopyMethod::kPlugin);
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_GT(figures->bytes, 1000u);
  ExpectAlike();
}

TEST_F(CloneEnginesTest, FilesCopyAllThatThereIs) {
  for (const std::string version : {"5.6", "9.7"}) {
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    Root(0, sql::kFillOldStyle);
    const auto figures = Copy(CopyMethod::kPhysical);
    ASSERT_TRUE(figures.ok()) << version << figures.status();
    EXPECT_GT(figures->bytes, 1000u);
    ExpectAlike();
  }
}

// Cancelled, and with the data already on their way.
TEST_F(CloneEnginesTest, ACopyThatIsCancelledLeavesTheTargetEmptyAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  Root(0, sql::kFillMany);
  for (const CopyMethod method :
       {CopyMethod::kPlugin, CopyMethod::kLogical, CopyMethod::kPhysical}) {
    bytes_per_second_ = method == CopyMethod::kLogical ? 1 << 20 : 20 << 20;
    const auto copied = Copy(method, [this] { return absl::StrContains(last_.phase, "copy "); });
    ASSERT_TRUE(absl::IsCancelled(copied.status())) << ToString(method) << copied.status();
    EXPECT_TRUE(absl::StrContains(copied.status().message(), "was left empty"));
    EXPECT_EQ(Root(1, sql::kUserSchemas), "0") << ToString(method);
    EXPECT_EQ(Root(1, sql::kExecutedNow), "") << ToString(method);
    EXPECT_EQ(Root(1, sql::kMarks), "0") << ToString(method);
    last_ = {};
  }
}

TEST_F(CloneEnginesTest, ASourceThatDiesLeavesTheTargetEmpty) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  Root(0, sql::kFillMany);
  bytes_per_second_ = 1 << 20;
  bool killed = false;
  const auto copied = Copy(CopyMethod::kLogical, [&] {
    if (!killed && last_.bytes > 0) killed = farm_->Kill(0).ok();
    return false;
  });
  EXPECT_TRUE(killed);
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(GetErrorDetail(copied.status())->metadata["target"], "empty") << copied.status();
  EXPECT_EQ(Root(1, sql::kUserSchemas), "0");
}

TEST_F(CloneEnginesTest, RowsCopyAllThatThereIs) {
  for (const std::string version : {"5.6", "9.7"}) {
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    Root(0, sql::kFillOldStyle);
    if (version != "5.6") Root(0, sql::kFillModern);
    const auto figures = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(figures.ok()) << version << figures.status();
    EXPECT_GT(figures->rows, 10u);
    ExpectAlike();
    // Once more onto what is there now.
    const auto again = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(again.ok()) << version << again.status();
    ExpectAlike();
  }
}

}  // namespace
}  // namespace weft::provisioner
