// What becomes of a copy between real servers when one of them, or who makes it, dies midway.
#include <sys/mount.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy_rules.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/folder_swap.h"
#include "services/provisioner/dataset/plugin_copy.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/source_settings.h"
#include "services/provisioner/dataset/target_state.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

// A file system of its own in place of a folder, with what the folder holds.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, const std::string& size) : folder_(folder) {
    const std::string aside = folder + ".aside";
    if (std::rename(folder.c_str(), aside.c_str()) != 0) return;
    std::filesystem::create_directory(folder);
    mounted_ = mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (mounted_) ok_ = CopyTree(aside + "/.", folder).ok();
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool ok() const { return ok_; }
  bool Resize(const std::string& size) {
    return mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }

 private:
  const std::string folder_;
  bool mounted_ = false;
  bool ok_ = false;
};

class CloneFaultsTest : public CloneFarm {
 protected:
  std::string TargetFile(const std::string& name) const {
    return farm_->instance(1).dir() + "/" + name;
  }
  absl::StatusOr<ServerFacts> Target() const {
    return GatherFacts(*access_, address(1), Duty::kRestore);
  }
  std::string MetadataOf(const absl::Status& status) const {
    const auto detail = GetErrorDetail(status);
    return detail.has_value() && detail->metadata.count("target") > 0
               ? detail->metadata.at("target")
               : "";
  }
  // Before anything is touched.
  void ExpectSeenTooSmall(CopyMethod method) const {
    const auto source = GatherFacts(*access_, address(0), Duty::kBackup);
    const auto target = Target();
    ASSERT_TRUE(source.ok() && target.ok()) << source.status() << target.status();
    const CopyWish wish{.method = method, .surrender = true};
    EXPECT_EQ(ErrorReason(JudgeCopy(*source, *target, wish).status()), "DISK_TOO_SMALL");
  }
};

// The plugin itself would look for it for five minutes.
TEST_F(CloneFaultsTest, APluginsSourceThatDiesIsGivenUpSoon) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  const auto copied = CopyAndHit(CopyMethod::kPlugin, Slow(CopyMethod::kPlugin),
                                 [this] { EXPECT_TRUE(farm_->Kill(0).ok()); });
  EXPECT_EQ(ErrorReason(copied.status()), "SOURCE_LOST") << copied.status();
  EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
  EXPECT_LT(RealClock::Get()->MonotonicNow() - start, absl::Seconds(45));
  ExpectEmpty();
}

// While files that rest are copied, and while it stands still for the others.
TEST_F(CloneFaultsTest, ASourceOfFilesThatDiesIsGivenUpAndLeavesTheTargetEmpty) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  for (const bool quiet : {false, true}) {
    SCOPED_TRACE(quiet);
    bytes_per_second_ = Slow(CopyMethod::kPhysical);
    const std::string before = Root(0, sql::kDirtyPagesNow);
    bool killed = false;
    CopyWatch watch;
    watch.report = [&](const CopyProgress& progress) {
      const bool now = progress.phase == "copy files" && progress.bytes > 0 &&
                       (!quiet || Peek(0, sql::kDirtyPagesNow) != before);
      if (now && !killed) killed = farm_->Kill(0).ok();
    };
    const auto copied =
        RunCopy(*access_, CopyMethod::kPhysical, Order(), watch, {}, RealClock::Get());
    EXPECT_TRUE(killed);
    EXPECT_EQ(ErrorReason(copied.status()), "SOURCE_LOST") << copied.status();
    EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
    ExpectEmpty();
    EXPECT_FALSE(Exists(TargetFile("data.outgoing")));
    ASSERT_TRUE(farm_->StartServer(0).ok());
  }
}

TEST_F(CloneFaultsTest, ATargetThatDiesAndComesBackIsLeftEmpty) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    const auto copied = CopyAndHit(method, Slow(method), [this] {
      EXPECT_TRUE(farm_->Kill(1).ok());
      EXPECT_TRUE(farm_->StartServer(1).ok());
    });
    EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
    ExpectEmpty();
  }
}

// It stands still while its files are copied, and may be killed only before and after that.
TEST_F(CloneFaultsTest, ATargetThatDiesUnderItsNewFilesGetsItsOldOnesBackAndIsEmptied) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  bool killed = false;
  CopyWatch watch;
  watch.report = [&](const CopyProgress& progress) {
    if (progress.phase == "settle") killed = farm_->Kill(1).ok();
  };
  const auto copied =
      RunCopy(*access_, CopyMethod::kPhysical, Order(), watch, {}, RealClock::Get());
  EXPECT_TRUE(killed);
  EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
  ExpectEmpty();
  EXPECT_FALSE(Exists(TargetFile("data.outgoing")));
}

TEST_F(CloneFaultsTest, ATargetThatStaysAwayIsSaidToHoldNoWholeCopyAndCanBeClonedAgain) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  patience_ = absl::Seconds(2);
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    const auto copied =
        CopyAndHit(method, Slow(method), [this] { EXPECT_TRUE(farm_->Kill(1).ok()); });
    EXPECT_EQ(MetadataOf(copied.status()), "unknown") << copied.status();
    EXPECT_TRUE(absl::StrContains(copied.status().message(), "holds no whole copy"))
        << copied.status();
    ASSERT_TRUE(farm_->StartServer(1).ok());
    const auto target = Target();
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_TRUE(target->half_copied || target->schemas.empty());
    bytes_per_second_ = 0;
    const auto again = Copy(CopyMethod::kLogical);
    ASSERT_TRUE(again.ok()) << again.status();
    ExpectAlike();
    EXPECT_EQ(Root(1, sql::kUnsettledClones), "0");
  }
}

TEST_F(CloneFaultsTest, ASourceThatHangsForTenSecondsIsWaitedFor) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    const auto copied = CopyThrough(
        method, 20 << 20, absl::Seconds(10), [this] { EXPECT_TRUE(farm_->Pause(0).ok()); },
        [this] { EXPECT_TRUE(farm_->Resume(0).ok()); });
    ASSERT_TRUE(copied.ok()) << copied.status();
    ExpectAlike();
  }
}

// Who made the copy dies; another one makes it again.
TEST_F(CloneFaultsTest, ACopyWhoseMakerDiedIsMadeAgain) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  const std::string infile = Root(1, sql::kLocalInfileNow);
  Root(1, sql::kEventsOn);
  for (const CopyMethod method :
       {CopyMethod::kLogical, CopyMethod::kPlugin, CopyMethod::kPhysical}) {
    SCOPED_TRACE(ToString(method));
    bytes_per_second_ = Slow(method);
    CopyAndDie(method, [&] {
      if (method == CopyMethod::kPlugin) return Peek(1, sql::kClonesUnderWay) == "1";
      if (method == CopyMethod::kLogical) return Peek(1, sql::kRowsUnderWay) == "1";
      return !farm_->instance(1).Inspect().running;  // in the swap
    });
    bytes_per_second_ = 0;
    resumed_ = true;
    ASSERT_TRUE(MendFolder(farm_->instance(1).dir(), RealClock::Get()).ok());
    const auto again = Copy(method);
    ASSERT_TRUE(again.ok()) << again.status();
    ExpectAlike();
    EXPECT_EQ(Root(1, sql::kLocalInfileNow), infile);
    EXPECT_EQ(Root(1, sql::kEventsNow), "ON");
  }
}

// The clone of who died may come to its end, which is a restart, just as it is made again.
TEST_F(CloneFaultsTest, ATargetThatRestartsWhenItsCopyIsMadeAgainIsWaitedFor) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  bytes_per_second_ = Slow(CopyMethod::kPlugin);
  CopyAndDie(CopyMethod::kPlugin, [&] { return Peek(1, sql::kClonesUnderWay) == "1"; });
  bytes_per_second_ = 0;
  resumed_ = true;
  ASSERT_TRUE(farm_->Kill(1).ok());
  std::thread starter([this] { EXPECT_TRUE(farm_->StartServer(1).ok()); });
  const auto again = Copy(CopyMethod::kPlugin);
  starter.join();
  ASSERT_TRUE(again.ok()) << again.status();
  ExpectAlike();
}

TEST_F(CloneFaultsTest, ASourceOfFilesGetsItsSettingsBackAlsoWhereTheMakerDied) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(StartFilled(version));
    const std::string before = Root(0, sql::kDirtyPagesNow);
    bytes_per_second_ = Slow(CopyMethod::kPhysical);
    CopyAndDie(CopyMethod::kPhysical, [&] {
      const std::string now = Peek(0, sql::kDirtyPagesNow);
      return !now.empty() && now != before;
    });
    EXPECT_NE(Root(0, sql::kDirtyPagesNow), before);
    ASSERT_TRUE(MendSource(*access_, farm_->instance(0).dir()).ok());
    EXPECT_EQ(Root(0, sql::kDirtyPagesNow), before);
    ASSERT_TRUE(MendFolder(farm_->instance(1).dir(), RealClock::Get()).ok());
    // Or the next copy finds what was noted.
    CopyAndDie(CopyMethod::kPhysical, [&] { return !farm_->instance(1).Inspect().running; });
    ASSERT_TRUE(MendFolder(farm_->instance(1).dir(), RealClock::Get()).ok());
    bytes_per_second_ = 0;
    const auto copied = Copy(CopyMethod::kPhysical);
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(Root(0, sql::kDirtyPagesNow), before);
  }
}

// A server that was restarted has its own settings again.
TEST_F(CloneFaultsTest, SettingsNotedBeforeARestartAreNotPutBack) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  const std::string own = Root(0, sql::kDirtyPagesNow);
  Root(0, sql::kSetDirtyPages);
  const std::string before = Root(0, sql::kDirtyPagesNow);
  ASSERT_NE(before, own);
  const auto die = [&] {
    bytes_per_second_ = Slow(CopyMethod::kPhysical);
    CopyAndDie(CopyMethod::kPhysical, [&] { return !farm_->instance(1).Inspect().running; });
    ASSERT_TRUE(MendFolder(farm_->instance(1).dir(), RealClock::Get()).ok());
    ASSERT_TRUE(farm_->Kill(0).ok());
    ASSERT_TRUE(farm_->StartServer(0).ok());
    ASSERT_EQ(Root(0, sql::kDirtyPagesNow), own);
  };
  ASSERT_NO_FATAL_FAILURE(die());
  ASSERT_TRUE(MendSource(*access_, farm_->instance(0).dir()).ok());
  EXPECT_EQ(Root(0, sql::kDirtyPagesNow), own);
  // Nor by the next copy.
  Root(0, sql::kSetDirtyPages);
  ASSERT_NO_FATAL_FAILURE(die());
  bytes_per_second_ = 0;
  const auto copied = Copy(CopyMethod::kPhysical);
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(Root(0, sql::kDirtyPagesNow), own);
}

TEST_F(CloneFaultsTest, FilesThatWereSwappedByOneWhoDiedAreNobodysUntilTheyAreMended) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  const auto before = ReadFile(TargetFile("my.cnf"));
  CopyAndDie(CopyMethod::kPhysical, [&] { return Exists(TargetFile("data.outgoing")); });
  // Whoever starts it meanwhile gets no server that looks whole.
  if (Exists(TargetFile("data"))) {
    ASSERT_TRUE(farm_->StartServer(1).ok());
    EXPECT_EQ(Root(1, sql::kMarks), "1");
    EXPECT_EQ(Root(1, sql::kSkipReplicaStart), "1");
  }
  ASSERT_TRUE(MendFolder(farm_->instance(1).dir(), RealClock::Get()).ok());
  EXPECT_EQ(Root(1, sql::kUserSchemas), "1");  // its own, as before
  EXPECT_EQ(Root(1, sql::kMarks), "0");
  EXPECT_EQ(*ReadFile(TargetFile("my.cnf")), *before);
  EXPECT_FALSE(Exists(TargetFile("data.outgoing")));
}

TEST_F(CloneFaultsTest, ATargetThatCannotLoadThePluginIsToldWithTheSqlAndKeepsItsData) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7", 1));
  const auto added = farm_->AddServer({absl::StrCat("plugin-dir=", farm_->dir())});
  ASSERT_TRUE(added.ok()) << added.status();
  const absl::Status installed = InstallClonePlugins(*access_, Order());
  EXPECT_EQ(ErrorReason(installed), "METHOD_UNAVAILABLE") << installed;
  const auto detail = GetErrorDetail(installed);
  ASSERT_TRUE(detail.has_value());
  EXPECT_TRUE(absl::StrContains(detail->next_step, "INSTALL PLUGIN clone")) << detail->next_step;
  EXPECT_EQ(Root(1, sql::kUserSchemas), "1");
}

TEST_F(CloneFaultsTest, AWrongPasswordIsSaidBeforeAnythingIsTouched) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(1, absl::StrCat("ALTER USER ", farm_->account(Duty::kRestore).user,
                       " IDENTIFIED BY 'another'"));
  const auto target = Target();
  EXPECT_TRUE(absl::IsUnauthenticated(target.status())) << target.status();
  EXPECT_TRUE(absl::StrContains(target.status().message(), farm_->account(Duty::kRestore).user));
  EXPECT_EQ(Root(1, sql::kUserSchemas), "1");
}

// A copy drops every schema of the target, so only Weft's own may be taken for nobody's.
TEST_F(CloneFaultsTest, DataOfSomebodyAreSeenAlsoWhereTheirNameBeginsAsWeftsOwn) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    ASSERT_NO_FATAL_FAILURE(Start(version));
    Root(1, sql::kOwnSchemasAlone);
    const auto source = GatherFacts(*access_, address(0), Duty::kBackup);
    auto target = Target();
    ASSERT_TRUE(source.ok() && target.ok()) << source.status() << target.status();
    EXPECT_TRUE(JudgeCopy(*source, *target, {}).ok());
    Root(1, sql::kSchemaNamedAlike);
    target = Target();
    ASSERT_TRUE(target.ok()) << target.status();
    const absl::Status refused = JudgeCopy(*source, *target, {}).status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_NOT_EMPTY") << refused;
    EXPECT_TRUE(absl::StrContains(DescribeError(refused), "weft_shop")) << refused;
  }
}

// The target's data on a disk of their own that is too small for the source's.
TEST_F(CloneFaultsTest, ADiskThatIsTooSmallIsSeenBeforeAndLeavesTheTargetEmptyElse) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  ASSERT_TRUE(farm_->Stop(1).ok());
  constexpr char kSmall[] = "220m";
  SmallDisk disk(TargetFile("data"), kSmall);
  if (!disk.ok()) GTEST_SKIP() << "NOT RUN: no file system may be mounted here";
  ASSERT_TRUE(farm_->StartServer(1).ok());
  Root(0, sql::kCountMany);
  ASSERT_NO_FATAL_FAILURE(ExpectSeenTooSmall(CopyMethod::kAuto));
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    const auto copied = Copy(method);
    EXPECT_FALSE(copied.ok());
    if (farm_->instance(1).Inspect().running) {
      EXPECT_EQ(ErrorReason(copied.status()), "DISK_TOO_SMALL") << copied.status();
      EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
    } else {
      // A server may also end itself where its disk is full. It needs room to start again.
      EXPECT_EQ(MetadataOf(copied.status()), "unknown") << copied.status();
      ASSERT_TRUE(disk.Resize("1g"));
      ASSERT_TRUE(farm_->StartServer(1).ok());
      const auto left = Target();
      ASSERT_TRUE(left.ok()) << left.status();
      EXPECT_TRUE(left->half_copied || left->schemas.empty());
      ASSERT_TRUE(EmptyServer(*access_, Order(), /*held=*/true, RealClock::Get()).ok());
      ASSERT_TRUE(disk.Resize(kSmall));
    }
    ExpectEmpty();
  }
  ASSERT_TRUE(farm_->Kill(1).ok());
}

// With room for the data of either server, and not for both.
TEST_F(CloneFaultsTest, FilesThatFindNoRoomBesideTheOldOnesSaySoAndLeaveTheTargetEmpty) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  ASSERT_TRUE(farm_->Stop(1).ok());
  SmallDisk disk(farm_->instance(1).dir(), "220m");
  if (!disk.ok()) GTEST_SKIP() << "NOT RUN: no file system may be mounted here";
  ASSERT_TRUE(farm_->StartServer(1).ok());
  Root(0, sql::kCountMany);
  ASSERT_NO_FATAL_FAILURE(ExpectSeenTooSmall(CopyMethod::kPhysical));
  const auto copied = Copy(CopyMethod::kPhysical);
  EXPECT_EQ(ErrorReason(copied.status()), "DISK_TOO_SMALL") << copied.status();
  EXPECT_EQ(MetadataOf(copied.status()), "empty") << copied.status();
  ExpectEmpty();
  ASSERT_TRUE(farm_->Kill(1).ok());
}

}  // namespace
}  // namespace weft::provisioner
