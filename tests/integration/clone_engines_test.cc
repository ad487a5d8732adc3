// The engines of copies between real servers.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/base/error_details.h"
#include "common/model/gtid_set.h"
#include "gtest/gtest.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

using CloneEnginesTest = CloneFarm;

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

// Files that rest are copied before the source stands still, the others after.
TEST_F(CloneEnginesTest, FilesOfASourceThatIsWrittenToBelongTogether) {
  for (const std::string version : {"5.6", "9.7"}) {
    ASSERT_NO_FATAL_FAILURE(StartFilled(version));
    namespace fs = std::filesystem;
    for (const auto& entry : fs::recursive_directory_iterator(Root(0, sql::kDataFolder))) {
      const auto hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
      if (entry.is_regular_file()) fs::last_write_time(entry.path(), hour_ago);
    }
    std::atomic<bool> stop = false;
    uint64_t written = 0;
    std::thread writer([&] {
      for (; !stop; ++written) Root(0, sql::kLogOne);
    });
    bytes_per_second_ = 60 << 20;  // long enough for some writes
    const auto figures = Copy(CopyMethod::kPhysical);
    stop = true;
    writer.join();
    ASSERT_TRUE(figures.ok()) << version << figures.status();
    EXPECT_EQ(Root(1, sql::kChecksumMany), Root(0, sql::kChecksumMany));
    uint64_t there = 0;
    uint64_t here = 0;
    ASSERT_TRUE(absl::SimpleAtoi(Root(0, sql::kLogged), &there));
    ASSERT_TRUE(absl::SimpleAtoi(Root(1, sql::kLogged), &here));
    const auto executed_there = GtidSet::Parse(Root(0, sql::kExecutedNow));
    const auto executed_here = GtidSet::Parse(Root(1, sql::kExecutedNow));
    ASSERT_TRUE(executed_there.ok() && executed_here.ok());
    const uint64_t missing = executed_there->Minus(*executed_here).Count();
    EXPECT_GT(missing, 0u) << version;       // some came after the copy
    EXPECT_LT(missing, written) << version;  // and some before
    EXPECT_EQ(there - here, missing) << version;
  }
}

// Cancelled, and with the data already on their way.
TEST_F(CloneEnginesTest, ACopyThatIsCancelledLeavesTheTargetEmptyAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  for (const CopyMethod method :
       {CopyMethod::kPlugin, CopyMethod::kLogical, CopyMethod::kPhysical}) {
    bytes_per_second_ = Slow(method);
    const auto copied = Copy(method, [this] { return UnderWay(); });
    ASSERT_TRUE(absl::IsCancelled(copied.status())) << ToString(method) << copied.status();
    EXPECT_TRUE(absl::StrContains(copied.status().message(), "was left empty"));
    EXPECT_EQ(Root(1, sql::kUserSchemas), "0") << ToString(method);
    EXPECT_EQ(Root(1, sql::kExecutedNow), "") << ToString(method);
    EXPECT_EQ(Root(1, sql::kMarks), "0") << ToString(method);
  }
}

TEST_F(CloneEnginesTest, ASourceThatDiesLeavesTheTargetEmpty) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  const auto copied = CopyAndHit(CopyMethod::kLogical, Slow(CopyMethod::kLogical),
                                 [this] { EXPECT_TRUE(farm_->Kill(0).ok()); });
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(ErrorReason(copied.status()), "SOURCE_LOST") << copied.status();
  EXPECT_EQ(GetErrorDetail(copied.status())->metadata["target"], "empty") << copied.status();
  EXPECT_EQ(Root(1, sql::kUserSchemas), "0");
}

TEST_F(CloneEnginesTest, RowsCopyAllThatThereIs) {
  for (const std::string version : {"5.6", "9.7"}) {
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    Root(0, sql::kFillOldStyle);
    if (version != "5.6") Root(0, sql::kFillModern);
    Root(0, sql::kFillMany);  // so that its keys come after its rows
    Root(0, sql::kCountMany);
    const auto figures = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(figures.ok()) << version << figures.status();
    EXPECT_GT(figures->rows, 10u);
    ExpectAlike();
    EXPECT_EQ(Root(1, sql::kMany), Root(0, sql::kMany));
    // Once more onto what is there now.
    const auto again = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(again.ok()) << version << again.status();
    ExpectAlike();
  }
}

TEST_F(CloneEnginesTest, RowsWidenTheTargetsRedoLogForTheirTime) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  Root(0, sql::kCountMany);
  Root(1, sql::kNarrowRedoLog);
  const std::string narrow = Root(1, sql::kRedoLogNow);
  std::string meanwhile;
  const auto figures = Copy(CopyMethod::kLogical, [&] {
    if (meanwhile.empty() && last_.bytes > 0) meanwhile = Root(1, sql::kRedoLogNow);
    return false;
  });
  ASSERT_TRUE(figures.ok()) << figures.status();
  uint64_t before = 0;
  uint64_t widened = 0;
  ASSERT_TRUE(absl::SimpleAtoi(narrow, &before)) << narrow;
  ASSERT_TRUE(absl::SimpleAtoi(meanwhile, &widened)) << meanwhile;
  EXPECT_GT(widened, before);
  EXPECT_LE(widened, uint64_t{1} << 30);
  EXPECT_EQ(Root(1, sql::kRedoLogNow), narrow);
}

}  // namespace
}  // namespace weft::provisioner
