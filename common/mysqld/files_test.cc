#include "common/mysqld/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/base/clock.h"

namespace weft {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/files-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    dir_ = folder;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }

  std::string dir_;
};

TEST_F(FilesTest, WhatIsWrittenIsReadBackWithItsMode) {
  const std::string path = dir_ + "/secret";
  ASSERT_TRUE(WriteFileAtomically(path, "abc", 0600).ok());
  EXPECT_EQ(*ReadFile(path), "abc");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(WriteFileAtomically(path, "defg", 0600).ok());
  EXPECT_EQ(*ReadFile(path), "defg");
  EXPECT_EQ(*ReadFileEnd(path, 2), "fg");
}

TEST_F(FilesTest, AFailedWriteLeavesNothingAndNamesThePath) {
  const absl::Status status = WriteFileAtomically(dir_ + "/none/file", "x", 0600);
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "/none/file"));
  EXPECT_TRUE(IsAbsentOrEmpty(dir_));
}

TEST_F(FilesTest, AFullDiskIsSaidToBeOne) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  ASSERT_EQ(write(full, "x", 1), -1);
  const absl::Status status = FileError(errno, "write", "/data/file");
  close(full);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(status.message(), "/data/file"));
}

TEST_F(FilesTest, AFileWhereAFolderShouldBeIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/a", "", 0600).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeFolder(dir_ + "/a")));
  EXPECT_TRUE(MakeFolder(dir_ + "/b/c/d").ok());
  EXPECT_TRUE(MakeFolder(dir_ + "/b/c/d").ok());
  EXPECT_FALSE(IsAbsentOrEmpty(dir_ + "/b"));
  EXPECT_TRUE(IsAbsentOrEmpty(dir_ + "/b/c/d"));
  EXPECT_TRUE(IsAbsentOrEmpty(dir_ + "/nothing"));
}

TEST_F(FilesTest, CopiesATreeWithItsHolesAndModes) {
  ASSERT_TRUE(MakeFolder(dir_ + "/from/sub").ok());
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/from/sub/key", "secret", 0600).ok());
  const int fd = open((dir_ + "/from/sparse").c_str(), O_WRONLY | O_CREAT, 0644);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(ftruncate(fd, 8 << 20), 0);
  ASSERT_EQ(pwrite(fd, "end", 3, (8 << 20) - 3), 3);
  close(fd);

  ASSERT_TRUE(CopyTree(dir_ + "/from", dir_ + "/to").ok());
  EXPECT_EQ(*ReadFile(dir_ + "/to/sub/key"), "secret");
  struct stat key, sparse;
  ASSERT_EQ(stat((dir_ + "/to/sub/key").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((dir_ + "/to/sparse").c_str(), &sparse), 0);
  EXPECT_EQ(sparse.st_size, 8 << 20);
  EXPECT_LT(sparse.st_blocks * 512, 1 << 20);
  EXPECT_EQ(*ReadFileEnd(dir_ + "/to/sparse", 3), "end");
}

TEST_F(FilesTest, AsksForEachFileAndBlockWhetherToGoOnCopying) {
  ASSERT_TRUE(MakeFolder(dir_ + "/from").ok());
  for (const char* name : {"/from/a", "/from/b"}) {
    ASSERT_TRUE(WriteFileAtomically(dir_ + name, "data", 0600).ok());
  }
  int asked = 0;
  const absl::Status ended = CopyTree(dir_ + "/from", dir_ + "/to", [&asked] {
    return ++asked < 3 ? absl::OkStatus() : absl::CancelledError("enough");
  });
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  EXPECT_EQ(asked, 3);
  // The first is whole, the second was not begun.
  EXPECT_NE(Exists(dir_ + "/to/a"), Exists(dir_ + "/to/b"));
}

TEST_F(FilesTest, RemovingATreeSparesWhatALinkPointsAt) {
  ASSERT_TRUE(MakeFolder(dir_ + "/keep").ok());
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/keep/file", "x", 0600).ok());
  ASSERT_TRUE(MakeFolder(dir_ + "/go").ok());
  ASSERT_EQ(symlink((dir_ + "/keep").c_str(), (dir_ + "/go/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(dir_ + "/go").ok());
  EXPECT_FALSE(Exists(dir_ + "/go"));
  EXPECT_TRUE(Exists(dir_ + "/keep/file"));
  EXPECT_TRUE(RemoveTree(dir_ + "/go").ok());
}

TEST_F(FilesTest, ALockIsHeldByOne) {
  const std::string path = dir_ + "/lock";
  {
    const auto first = FileLock::Acquire(path);
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE(absl::IsUnavailable(FileLock::TryAcquire(path).status()));
    Clock* const clock = RealClock::Get();
    const Deadline soon = Deadline::After(clock, absl::Milliseconds(50));
    EXPECT_TRUE(absl::IsDeadlineExceeded(FileLock::AcquireBy(path, soon, clock).status()));
    EXPECT_TRUE(soon.Passed());
  }
  EXPECT_TRUE(FileLock::TryAcquire(path).ok());
}

TEST(AbsolutePathTest, IsCleanedButNotResolved) {
  EXPECT_EQ(AbsolutePath("/a/./b/../c/"), "/a/c");
  EXPECT_EQ(AbsolutePath("/"), "/");
  EXPECT_TRUE(absl::StartsWith(AbsolutePath("x"), "/"));
}

}  // namespace
}  // namespace weft
