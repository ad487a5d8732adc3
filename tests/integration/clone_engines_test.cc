// The engines of copies between real servers.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/model/gtid_set.h"
#include "common/mysql/errors.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy_rules.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/server_facts.h"
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
    Root(0, sql::kFillStrictEvent);
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

class ClosedTargetTest : public CloneFarm {
 protected:
  struct Ticks {
    uint64_t rows = 0;
    GtidSet executed;
  };
  Ticks TicksOf(int index) {
    const std::vector<std::string> lines =
        absl::StrSplit(Root(index, sql::kTicksAndExecuted), '\n');
    Ticks ticks;
    EXPECT_EQ(lines.size(), 2u);
    EXPECT_TRUE(absl::SimpleAtoi(lines.front(), &ticks.rows)) << lines.front();
    const auto executed = GtidSet::Parse(lines.back());
    EXPECT_TRUE(executed.ok()) << lines.back();
    if (executed.ok()) ticks.executed = *executed;
    return ticks;
  }
  // As an application does, which logs in just now.
  absl::Status WriteAsClient() {
    mysql::ConnectOptions options;
    options.host = address(1).host;
    options.port = address(1).port;
    options.user = farm_->app().user;
    options.password = farm_->app().password;
    const auto session = mysql::Session::Open(options);
    return session.ok() ? (*session)->Execute(sql::kWriteOfClient) : session.status();
  }
  void StartTicking(const std::string& version) {
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(0, sql::kFill);
    Root(0, sql::kTickEachSecond);
    for (const int index : {0, 1}) Root(index, sql::kEventsOn);
  }
  // Each transaction that the target says it has executed is in its rows, and no other.
  void ExpectTicksBelongTogether() {
    const Ticks here = TicksOf(1);
    const Ticks there = TicksOf(0);
    EXPECT_EQ(here.executed.Minus(there.executed).Count(), 0u);
    EXPECT_EQ(there.rows - here.rows, there.executed.Minus(here.executed).Count());
    EXPECT_GT(here.rows, 0u);
  }
};

TEST_F(ClosedTargetTest, NeitherEventsNorClientsWriteWhileRowsAreCopied) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(StartTicking(version));
    Root(0, sql::kFillMany);
    std::string events;
    absl::Status written;
    const auto copied = CopyAndHit(CopyMethod::kLogical, 20 << 20, [&] {
      events = Root(1, sql::kEventsNow);
      written = WriteAsClient();
    });
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(events, "OFF");
    EXPECT_EQ(mysql::MysqlErrorCode(written), mysql::kErrReadOnlyOption) << written;
    ExpectTicksBelongTogether();
    EXPECT_EQ(Root(1, sql::kEventsNow), "ON");
  }
}

TEST_F(ClosedTargetTest, EventsDoNotRunOnNewFilesThatAreNotSettled) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(StartTicking(version));
    std::string events;
    CopyWatch watch;
    watch.report = [&](const CopyProgress& progress) {
      if (progress.phase == "settle") events = Root(1, sql::kEventsNow);
    };
    const auto copied =
        RunCopy(*access_, CopyMethod::kPhysical, Order(), watch, {}, RealClock::Get());
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(events, "OFF");
    ExpectTicksBelongTogether();
    EXPECT_EQ(Root(1, sql::kEventsNow), "ON");
  }
}

// Also of a target that would start writable by itself.
TEST_F(ClosedTargetTest, NobodyWritesBetweenTheRestartOfAPluginsTargetAndItsSettling) {
  ASSERT_NO_FATAL_FAILURE(StartTicking("9.7"));
  for (const std::string persisted : {"OFF", "ON"}) {
    SCOPED_TRACE(persisted);
    Root(1, sql::kStartsWritable);
    if (persisted == "ON") Root(1, sql::kStartsReadOnly);
    std::string restarted;
    CopyWatch watch;
    watch.report = [&](const CopyProgress& progress) {
      if (progress.phase == "settle") restarted = Root(1, sql::kSuperReadOnlyNow);
    };
    const auto copied =
        RunCopy(*access_, CopyMethod::kPlugin, Order(), watch, {}, RealClock::Get());
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(restarted, "1");
    ExpectTicksBelongTogether();
    EXPECT_EQ(Root(1, sql::kPersistedSuperReadOnly), persisted);
    EXPECT_EQ(Root(1, sql::kPersistedSkips), "0");
  }
}

TEST_F(ClosedTargetTest, AWriteAfterTheRestartEndsACopyByThePlugin) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFill);
  CopyWatch watch;
  watch.report = [&](const CopyProgress& progress) {
    if (progress.phase == "settle") Root(1, sql::kOpenAndWrite);
  };
  const auto copied = RunCopy(*access_, CopyMethod::kPlugin, Order(), watch, {}, RealClock::Get());
  EXPECT_EQ(ErrorReason(copied.status()), "TARGET_WRITTEN_TO") << copied.status();
  ExpectEmpty();
  EXPECT_EQ(Root(1, sql::kPersistedSuperReadOnly), "");
  EXPECT_EQ(Root(1, sql::kPersistedSkips), "0");
}

TEST_F(ClosedTargetTest, AWriteOfAnAdministratorEndsACopyOfRows) {
  ASSERT_NO_FATAL_FAILURE(StartTicking("9.7"));
  Root(0, sql::kFillMany);
  const auto copied =
      CopyAndHit(CopyMethod::kLogical, 20 << 20, [&] { Root(1, sql::kWriteOfAdministrator); });
  EXPECT_EQ(ErrorReason(copied.status()), "TARGET_WRITTEN_TO") << copied.status();
  ExpectEmpty();
  EXPECT_EQ(Root(1, sql::kEventsNow), "ON");
}

// MiB that the process has had in memory at once.
uint64_t MostMemory() {
  std::ifstream status("/proc/self/status");
  uint64_t kib = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:" && status >> kib) return kib >> 10;
  }
  return 0;
}

TEST_F(CloneEnginesTest, OfLargeRowsACopyHoldsOneAtATime) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(0, sql::kFillLarge);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const uint64_t before = MostMemory();
    const auto copied = Copy(CopyMethod::kLogical);
    if (!copied.ok()) absl::FPrintF(stderr, "%s\n", copied.status().ToString());
    const uint64_t grown = MostMemory() - before;
    absl::FPrintF(stderr, "%d MiB more at the most\n", grown);
    _exit(!copied.ok() ? 255 : static_cast<int>(std::min<uint64_t>(grown, 254)));
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_LT(WEXITSTATUS(status), 60) << "MiB, for rows of 20";
  EXPECT_EQ(Root(1, sql::kMixed), Root(0, sql::kMixed));
}

TEST_F(CloneEnginesTest, DataOutsideTheDataFolderAreCopiedByRowsAndNotByFiles) {
  ASSERT_NO_FATAL_FAILURE(Start("5.6"));
  const std::string elsewhere = farm_->dir() + "/elsewhere";
  std::filesystem::create_directory(elsewhere);
  std::filesystem::permissions(elsewhere, std::filesystem::perms::all);
  Root(0, absl::StrFormat(sql::kFillElsewhere, elsewhere));
  const auto source = GatherFacts(*access_, address(0), Duty::kBackup);
  const auto target = GatherFacts(*access_, address(1), Duty::kRestore);
  ASSERT_TRUE(source.ok() && target.ok()) << source.status() << target.status();
  const auto found = absl::StrJoin(source->outside, " ");
  EXPECT_TRUE(absl::StrContains(found, "away.isl")) << found;
  EXPECT_TRUE(absl::StrContains(found, "old_away.MYD")) << found;
  EXPECT_TRUE(absl::StrContains(found, elsewhere + "/shop/away.ibd")) << found;
  const auto refused = JudgeCopy(*source, *target, {CopyMethod::kPhysical, true});
  EXPECT_EQ(ErrorReason(refused.status()), "METHOD_UNAVAILABLE") << refused.status();
  const auto choice = JudgeCopy(*source, *target, {CopyMethod::kAuto, true});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->method, CopyMethod::kLogical);
  // Also where a table got there since.
  EXPECT_EQ(ErrorReason(Copy(CopyMethod::kPhysical).status()), "METHOD_UNAVAILABLE");
  const auto copied = Copy(CopyMethod::kLogical);
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(Root(1, sql::kAway), Root(0, sql::kAway));
  EXPECT_EQ(Root(1, sql::kWhereAwayIs), "./shop/away.ibd");
}

TEST_F(CloneEnginesTest, ALinkInTheDataFolderIsFoundInAnyVersion) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  auto source = GatherFacts(*access_, address(0), Duty::kBackup);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(absl::StrJoin(source->outside, " "), "");
  const std::string link = Root(0, sql::kDataFolder) + "app/rows.ibd";
  std::filesystem::create_symlink("/elsewhere/rows.ibd", link);
  source = GatherFacts(*access_, address(0), Duty::kBackup);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(absl::StrJoin(source->outside, " "), link);
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
