// Rewinding on real servers: every type of column comes back as it was, what cannot be undone is
// refused by name before anything is changed, and what a crash leaves is finished.
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "tests/integration/farm_rewind_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kWhole = absl::Minutes(1);

class FarmRewindTest : public RealFarmTest {
 protected:
  // Server 0 leads, server 1 has what it has, and nobody follows.
  void SetUp() override {
    Start(2);
    ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
    Root(0, test_sql::kMakeTables);
    Root(0, test_sql::kFillTables);
    ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
    common_ = See(0).executed;
    ASSERT_EQ(Do(CatchUp{uuid(1), common_, absl::Seconds(10)}), absl::OkStatus());
    ASSERT_EQ(Do(Detach{uuid(1)}), absl::OkStatus());
    before_ = Root(0, test_sql::kChecksums);
  }

  // Runs `sql` on server 1 alone.
  void Astray(absl::string_view sql) {
    ASSERT_EQ(Do(Unfence{uuid(1)}), absl::OkStatus());
    Root(1, sql);
    ASSERT_EQ(Do(Fence{uuid(1), true}), absl::OkStatus());
    errant_ = See(1).executed.Minus(common_);
    ASSERT_FALSE(errant_.Empty());
  }

  absl::StatusOr<Farm::Rewound> Rewind(bool dry_run = false) {
    return farm().Rewind(group_, uuid(1), errant_, dry_run, nullptr, kWhole);
  }

  // It is as the extra transactions found it, and follows.
  void ExpectWhole() {
    EXPECT_EQ(See(1).executed, common_) << See(1).error;
    EXPECT_TRUE(See(1).super_read_only);
    EXPECT_EQ(Root(1, test_sql::kOffline), "0");
    EXPECT_EQ(Root(1, test_sql::kChecksums), before_);
    EXPECT_EQ(Root(1, test_sql::kRewindSchemas), "0");
    ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
    Root(0, test_sql::kRowOfAll);
    EXPECT_EQ(Do(CatchUp{uuid(1), See(0).executed, absl::Seconds(10)}), absl::OkStatus());
    EXPECT_EQ(Root(1, test_sql::kChecksums), Root(0, test_sql::kChecksums));
  }

  // It is as errant as it was.
  void ExpectUntouched(const std::string& checksums) {
    const Observation seen = See(1);
    ASSERT_TRUE(seen.reached()) << seen.error;
    EXPECT_EQ(seen.executed.Minus(common_), errant_);
    EXPECT_TRUE(seen.super_read_only);
    EXPECT_EQ(Root(1, test_sql::kOffline), "0");
    EXPECT_EQ(Root(1, test_sql::kChecksums), checksums);
    EXPECT_EQ(Root(1, test_sql::kRewindSchemas), "0");
  }

  GtidSet common_;
  GtidSet errant_;
  std::string before_;
};

TEST_F(FarmRewindTest, EveryTypeComesBackAsItWas) {
  Astray(test_sql::kGoAstray);
  const std::string astray = Root(1, test_sql::kChecksums);
  EXPECT_NE(astray, before_);
  const auto foreseen = Rewind(/*dry_run=*/true);
  ASSERT_TRUE(foreseen.ok()) << foreseen.status();
  EXPECT_EQ(foreseen->rows.at("`app`.`child`"), 3u) << "what foreign keys changed";
  ExpectUntouched(astray);
  const auto rewound = Rewind();
  ASSERT_TRUE(rewound.ok()) << rewound.status();
  EXPECT_EQ(rewound->transactions, errant_);
  ExpectWhole();
}

TEST_F(FarmRewindTest, RefusesByNameWhatItCannotUndo) {
  for (const auto& [sql, found] :
       {std::pair(test_sql::kAddColumn, "ALTER TABLE"), std::pair(test_sql::kPlainRow, "MyISAM"),
        std::pair(test_sql::kNarrowRow, "without all their columns")}) {
    Astray(sql);
    const std::string astray = Root(1, test_sql::kChecksums);
    const auto rewound = Rewind();
    EXPECT_EQ(ErrorReason(rewound.status()), "NOT_REWINDABLE") << rewound.status();
    EXPECT_TRUE(absl::StrContains(DescribeError(rewound.status()), found)) << rewound.status();
    ExpectUntouched(astray);
    common_ = See(1).executed;  // the next one stands alone
  }
}

TEST_F(FarmRewindTest, ARowThatIsGoneRefusesAndChangesNothing) {
  Astray(absl::StrCat(test_sql::kRowOfAll, "; ", test_sql::kUnloggedDelete));
  const std::string astray = Root(1, test_sql::kChecksums);
  EXPECT_EQ(ErrorReason(Rewind().status()), "NOT_REWINDABLE");
  ExpectUntouched(astray);
}

TEST_F(FarmRewindTest, ARowThatIsAnotherThanItWasLeftIsToldAndKeptAside) {
  Astray(absl::StrCat(test_sql::kRowOfAll, "; ", test_sql::kUnlogged));
  EXPECT_EQ(ErrorReason(Rewind().status()), "REWIND_MISMATCH");
  const Observation seen = See(1);
  EXPECT_EQ(seen.contact, Contact::kRejected) << "it does not look whole";
  EXPECT_TRUE(absl::StrContains(seen.error, "rewind")) << seen.error;
  EXPECT_EQ(Root(1, test_sql::kClosed), "1");
}

TEST_F(FarmRewindTest, WhatIsPurgedCannotBeUndone) {
  Astray(absl::StrCat(test_sql::kRowOfAll, "; ", test_sql::kPurge));
  EXPECT_EQ(ErrorReason(Rewind().status()), "TRANSACTIONS_PURGED");
}

// The server dies in the middle, wherever that is; the next attempt brings it back.
TEST_F(FarmRewindTest, ADeathOfTheServerInTheMiddleIsFinishedByTheNextAttempt) {
  for (const absl::Duration after :
       {absl::Milliseconds(50), absl::Milliseconds(300), absl::Milliseconds(600),
        absl::Milliseconds(900), absl::Milliseconds(1200), absl::Milliseconds(1600)}) {
    Astray(test_sql::kManyRows);
    absl::Status first;
    std::thread rewind([&] { first = Rewind().status(); });
    real_->Wait(after);
    ASSERT_EQ(real_->Kill(uuid(1)), absl::OkStatus());
    rewind.join();
    ASSERT_EQ(real_->Start(uuid(1)), absl::OkStatus());
    const Observation seen =
        Until(1, [](const Observation& one) { return one.contact != Contact::kUnreachable; });
    if (seen.reached()) {
      EXPECT_TRUE(seen.executed == common_ || seen.executed.Contains(errant_)) << "half of it";
      EXPECT_TRUE(seen.super_read_only);
      errant_ = seen.executed.Minus(common_);
    } else {
      EXPECT_TRUE(absl::StrContains(seen.error, "not whole")) << seen.error;
    }
    RecordProperty(absl::StrCat("after ", absl::FormatDuration(after)), first.ToString());
    std::cout << after << ": " << first << "; seen: " << seen.error << " "
              << seen.executed.ToString() << "\n";
    const auto again = Rewind();
    ASSERT_TRUE(again.ok()) << after << ": " << again.status();
    EXPECT_EQ(See(1).executed, common_);
    EXPECT_EQ(Root(1, test_sql::kChecksums), before_) << after;
  }
  ExpectWhole();
}

TEST_F(FarmRewindTest, ADeathBetweenTheResetAndTheNewGtidsIsFinished) {
  Astray(test_sql::kRowOfAll);
  Root(1,
       absl::StrCat("SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0;",
                    "UPDATE app.every SET ti = -5 WHERE id = 1; ",
                    "CREATE SCHEMA weft_rewind; CREATE TABLE weft_rewind.state (id INT PRIMARY ",
                    "KEY, executed LONGTEXT, common LONGTEXT); INSERT INTO weft_rewind.state ",
                    "VALUES (1, '", See(1).executed.ToString(), "', '", common_.ToString(), "')"));
  Root(1, test_sql::kResetAsAStepDoes);
  const Observation half = See(*AnotherFarm(2), 1);
  EXPECT_EQ(half.contact, Contact::kRejected) << "it looks as if it had never executed anything";
  farm().SetTerm(3, nullptr);
  const auto rewound = Rewind();
  ASSERT_TRUE(rewound.ok()) << rewound.status();
  ExpectWhole();
}

}  // namespace
}  // namespace weft::controller
