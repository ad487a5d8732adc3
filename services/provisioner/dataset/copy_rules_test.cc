#include "services/provisioner/dataset/copy_rules.h"

#include <string>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

ServerFacts Facts(int number, const std::string& version) {
  ServerFacts facts;
  facts.address = {"db", static_cast<uint16_t>(3300 + number)};
  facts.uuid = *ServerUuid::Parse("00000000-0000-0000-0000-00000000000" + std::to_string(number));
  facts.version = *mysql::ParseServerVersion(version);
  facts.variables = {{"gtid_mode", "ON"}, {"lower_case_table_names", "0"}};
  facts.bytes = 1000;
  return facts;
}

class CopyRulesTest : public ::testing::Test {
 protected:
  std::string Refused() { return ErrorReason(JudgeCopy(source_, target_, wish_).status()); }
  CopyMethod Method() {
    const auto choice = JudgeCopy(source_, target_, wish_);
    EXPECT_TRUE(choice.ok()) << choice.status();
    return choice.ok() ? choice->method : CopyMethod::kAuto;
  }

  ServerFacts source_ = Facts(1, "9.7.4");
  ServerFacts target_ = Facts(2, "9.7.4");
  CopyWish wish_;
};

TEST_F(CopyRulesTest, TakesThePluginWhereBothCan) { EXPECT_EQ(Method(), CopyMethod::kPlugin); }

TEST_F(CopyRulesTest, LeavesThePluginWhereItWouldLoseTables) {
  source_.not_transactional = {"shop.old"};
  EXPECT_EQ(Method(), CopyMethod::kLogical);
  wish_.method = CopyMethod::kPlugin;
  EXPECT_EQ(Refused(), "METHOD_UNAVAILABLE");
}

TEST_F(CopyRulesTest, LeavesThePluginWhereItCannotBeLoadedAndSaysWhy) {
  wish_.plugin_missing = "db:3302 cannot load the CLONE plugin";
  const auto choice = JudgeCopy(source_, target_, wish_);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->method, CopyMethod::kLogical);
  EXPECT_TRUE(absl::StrContains(choice->reason, wish_.plugin_missing)) << choice->reason;
  wish_.method = CopyMethod::kPlugin;
  EXPECT_EQ(Refused(), "METHOD_UNAVAILABLE");
}

TEST_F(CopyRulesTest, WithinTheFirstLongSeriesPatchesMustBeAlikeUntilTheyNeedNot) {
  source_.version = *mysql::ParseServerVersion("8.0.30");
  target_.version = *mysql::ParseServerVersion("8.0.36");
  EXPECT_EQ(Method(), CopyMethod::kLogical);
  source_.version = *mysql::ParseServerVersion("8.0.37");
  target_.version = *mysql::ParseServerVersion("8.0.40");
  EXPECT_EQ(Method(), CopyMethod::kPlugin);
}

TEST_F(CopyRulesTest, OldServersOfThisMachineAreCopiedByFilesButNeverAPrimary) {
  source_ = Facts(1, "5.6.24");
  target_ = Facts(2, "5.6.24");
  EXPECT_EQ(Method(), CopyMethod::kLogical);
  source_.folder = "/a";
  target_.folder = "/b";
  EXPECT_EQ(Method(), CopyMethod::kPhysical);
  wish_.source_is_primary = true;
  EXPECT_EQ(Method(), CopyMethod::kLogical);
}

TEST_F(CopyRulesTest, ASourceWithDataElsewhereIsNotCopiedByFiles) {
  source_ = Facts(1, "5.6.24");
  target_ = Facts(2, "5.6.24");
  source_.folder = "/a";
  target_.folder = "/b";
  source_.outside = {"/elsewhere/shop/t.ibd"};
  EXPECT_EQ(Method(), CopyMethod::kLogical);
  wish_.method = CopyMethod::kPhysical;
  EXPECT_EQ(Refused(), "METHOD_UNAVAILABLE");
  EXPECT_TRUE(absl::StrContains(DescribeError(JudgeCopy(source_, target_, wish_).status()),
                                "/elsewhere/shop/t.ibd"));
}

TEST_F(CopyRulesTest, GoesToALaterVersionByRowsAndNeverToAnOlderOne) {
  source_ = Facts(1, "5.6.24");
  EXPECT_EQ(Method(), CopyMethod::kLogical);
  std::swap(source_, target_);
  EXPECT_EQ(Refused(), "VERSION_MISMATCH");
}

TEST_F(CopyRulesTest, AMemberOrAStoreIsNeverATargetWhateverIsSurrendered) {
  wish_.surrender = true;
  wish_.target_group = "g2";
  EXPECT_EQ(Refused(), "TARGET_IS_MEMBER");
  EXPECT_TRUE(absl::StrContains(JudgeCopy(source_, target_, wish_).status().message(), "g2"));
  wish_.target_is_store = true;
  EXPECT_EQ(Refused(), "TARGET_IS_STORE");
}

TEST_F(CopyRulesTest, DataAndReplicationOfItsOwnMustBeSurrendered) {
  target_.schemas = {"shop"};
  EXPECT_EQ(Refused(), "TARGET_NOT_EMPTY");
  target_.follows = {"db:3309"};
  EXPECT_EQ(Refused(), "TARGET_REPLICATES");
  wish_.surrender = true;
  EXPECT_EQ(Method(), CopyMethod::kPlugin);
}

TEST_F(CopyRulesTest, WhatAnUnfinishedCopyLeftIsNobodys) {
  target_.schemas = {"shop"};
  target_.half_copied = true;
  EXPECT_EQ(Method(), CopyMethod::kPlugin);
}

TEST_F(CopyRulesTest, NamesWhatDoesNotGoTogether) {
  target_.variables["gtid_mode"] = "OFF";
  EXPECT_EQ(Refused(), "GTID_MODE_OFF");
  target_.variables["gtid_mode"] = "ON";
  target_.variables["lower_case_table_names"] = "1";
  EXPECT_EQ(Refused(), "CASE_MISMATCH");
}

TEST_F(CopyRulesTest, ADiskThatCanBeSeenMustHaveRoom) {
  target_.bytes = 0;
  target_.free_bytes = 1100;
  EXPECT_EQ(Refused(), "DISK_TOO_SMALL");
  target_.bytes = 200;  // what it has is given up
  EXPECT_EQ(Method(), CopyMethod::kPlugin);
}

// It keeps the target's files until the new ones are in their place.
TEST_F(CopyRulesTest, ACopyByFilesNeedsRoomForOldAndNewAtOnce) {
  source_ = Facts(1, "5.6.24");
  target_ = Facts(2, "5.6.24");
  source_.folder = "/a";
  target_.folder = "/b";
  target_.bytes = 1000;
  target_.free_bytes = 1200;
  EXPECT_EQ(Method(), CopyMethod::kPhysical);
  target_.free_bytes = 1199;
  const auto choice = JudgeCopy(source_, target_, wish_);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->method, CopyMethod::kLogical);
  EXPECT_TRUE(absl::StrContains(choice->reason, "old and new files")) << choice->reason;
  wish_.method = CopyMethod::kPhysical;
  EXPECT_EQ(Refused(), "DISK_TOO_SMALL");
}

TEST_F(CopyRulesTest, ASourceIsNotItsOwnTarget) {
  target_.uuid = source_.uuid;
  EXPECT_EQ(Refused(), "TARGET_IS_SOURCE");
}

}  // namespace
}  // namespace weft::provisioner
