// Copies by rows between real servers: what they make of the source's data and definitions.
#include <string>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/model/accounts.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy_run.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

using CloneRowsTest = CloneFarm;

TEST_F(CloneRowsTest, RowsGoFromTheOldestSeriesToTheNewest) {
  ASSERT_NO_FATAL_FAILURE(Start("5.6", 1));
  Root(0, sql::kFill);
  Root(0, sql::kFillOldStyle);
  Root(0, sql::kFillOldDefaults);
  auto newer =
      testing::TestFarm::Start({.servers = 1, .version = "9.7", .role = InstanceRole::kStandalone});
  ASSERT_TRUE(newer.ok()) << newer.status();
  // One set of accounts for both.
  for (const Duty duty : {Duty::kManage, Duty::kBackup, Duty::kRestore}) {
    const testing::TestAccount& account = farm_->account(duty);
    const auto set =
        (*newer)->Sql(0, absl::StrCat("SET SESSION sql_log_bin = 0; ALTER USER ", account.user,
                                      " IDENTIFIED BY '", account.password, "'"));
    ASSERT_TRUE(set.ok()) << set.status();
  }
  CopyOrder order;
  order.source = address(0);
  order.target = {(*newer)->server(0).host, static_cast<uint16_t>((*newer)->server(0).port)};
  const auto copied = RunCopy(*access_, CopyMethod::kLogical, order, {}, {}, RealClock::Get());
  ASSERT_TRUE(copied.ok()) << copied.status();
  for (const absl::string_view sql : sql::kCells) {
    const auto cells = (*newer)->Sql(0, sql);
    ASSERT_TRUE(cells.ok()) << cells.status();
    EXPECT_EQ(absl::StripAsciiWhitespace(*cells), Root(0, sql)) << sql;
  }
  for (const absl::string_view sql : {sql::kCollations, sql::kCities}) {
    const auto found = (*newer)->Sql(0, sql);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(absl::StripAsciiWhitespace(*found), Root(0, sql)) << sql;
  }
  const auto executed = (*newer)->Sql(0, sql::kExecutedNow);
  ASSERT_TRUE(executed.ok()) << executed.status();
  EXPECT_EQ(absl::StripAsciiWhitespace(*executed), Root(0, sql::kExecutedNow));
}

// Of either server: what is cut would look whole, since all that is read is cut alike.
TEST_F(CloneRowsTest, NoBoundThatServersSetOnAnswersCutsACopy) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    for (const int index : {0, 1}) {
      Root(index, sql::kCutAnswers);
      if (version != "5.6") Root(index, sql::kEndLongAnswers);
    }
    const auto copied = Copy(CopyMethod::kLogical);
    for (const int index : {0, 1}) {
      Root(index, sql::kWholeAnswers);
      if (version != "5.6") Root(index, sql::kLongAnswers);
    }
    ASSERT_TRUE(copied.ok()) << copied.status();
    ExpectAlike();
  }
}

TEST_F(CloneRowsTest, TablesThatShowTheRowsOfOthersAreMadeAndNotLoaded) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    Root(0, sql::kFillMerged);
    const auto copied = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(copied.ok()) << copied.status();
    ExpectAlike();
    EXPECT_EQ(Root(1, sql::kMerged), Root(0, sql::kMerged));
  }
}

TEST_F(CloneRowsTest, AnEngineThatTheTargetLacksIsNotReplaced) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7", 1));
  Root(0, sql::kFill);
  Root(0, sql::kFillMerged);
  const auto added = farm_->AddServer({"blackhole=OFF"});
  ASSERT_TRUE(added.ok()) << added.status();
  const auto copied = Copy(CopyMethod::kLogical);
  ASSERT_FALSE(copied.ok());
  EXPECT_TRUE(absl::StrContains(copied.status().message(), "BLACKHOLE")) << copied.status();
  ExpectEmpty();
}

// Before 8.0 nothing keeps the definitions as they are: what changes them once the rows' state is
// taken comes by replication, and would fail there a second time.
TEST_F(CloneRowsTest, DefinitionsAreOfTheStateThatTheRowsAreOf) {
  ASSERT_NO_FATAL_FAILURE(Start("5.6"));
  Root(0, sql::kFill);
  const std::string before = Root(0, sql::kKindsAndExecuted);
  CopyWatch watch;
  bool altered = false;
  watch.report = [&](const CopyProgress& progress) {
    if (progress.phase != "create tables" || altered) return;
    altered = true;
    Root(0, sql::kAlterKinds);
  };
  const auto copied = RunCopy(*access_, CopyMethod::kLogical, Order(), watch, {}, RealClock::Get());
  ASSERT_TRUE(copied.ok()) << copied.status();
  ASSERT_NE(Root(0, sql::kKindsAndExecuted), before);
  EXPECT_EQ(Root(1, sql::kKindsAndExecuted), before);
}

// The prepared transaction has a GTID already, and no rows that a copy could read.
TEST_F(CloneRowsTest, APreparedXaTransactionIsNeverHalfCopied) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  Root(0, sql::kPrepareXa);
  const std::string prepared = Root(0, sql::kPreparedXaNow);
  ASSERT_NE(prepared, "");
  const auto refused = Copy(CopyMethod::kLogical);
  EXPECT_EQ(ErrorReason(refused.status()), "SOURCE_BUSY") << refused.status();
  ExpectEmpty();
  // Other methods take it along.
  for (const CopyMethod method : {CopyMethod::kPhysical, CopyMethod::kPlugin}) {
    const auto copied = Copy(method);
    ASSERT_TRUE(copied.ok()) << ToString(method) << copied.status();
    EXPECT_EQ(Root(1, sql::kPreparedXaNow), prepared) << ToString(method);
    Root(1, sql::kForgetXa);
  }
}

TEST_F(CloneRowsTest, AnAccountThatMayNotSeePreparedXaTransactionsIsToldTheGrant) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, absl::StrCat("REVOKE XA_RECOVER_ADMIN ON *.* FROM ", farm_->account(Duty::kBackup).user));
  const auto refused = Copy(CopyMethod::kLogical);
  EXPECT_EQ(ErrorReason(refused.status()), "NO_PRIVILEGE") << refused.status();
  EXPECT_TRUE(absl::StrContains(DescribeError(refused.status()), "GRANT XA_RECOVER_ADMIN"));
  ExpectEmpty();
}

// It ends once the copy has met it.
TEST_F(CloneRowsTest, APreparedXaTransactionThatEndsIsWaitedFor) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  Root(0, sql::kPrepareXa);
  std::thread ends([this] {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
    while (Peek(0, sql::kLooksForXa) == "0" && !deadline.Passed()) {
    }
    Root(0, sql::kCommitXa);
  });
  const auto copied = Copy(CopyMethod::kLogical);
  ends.join();
  ASSERT_TRUE(copied.ok()) << copied.status();
  ExpectAlike();
}

}  // namespace
}  // namespace weft::provisioner
