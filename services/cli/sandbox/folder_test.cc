#include "services/cli/sandbox/folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/mysqld/files.h"

namespace weft::cli::sandbox {
namespace {

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/folder-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    dir_ = AbsolutePath(folder);
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }

  std::string dir_;
};

TEST_F(FolderTest, WhatClaimingMadeRemovingTakesAway) {
  const Folder folder(dir_ + "/deep/er/sandbox");
  {
    const auto lock = folder.Claim();
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_TRUE(folder.IsSandbox());
    EXPECT_TRUE(*folder.Remove());
  }
  EXPECT_TRUE(IsAbsentOrEmpty(dir_));
  EXPECT_TRUE(Exists(dir_));
}

TEST_F(FolderTest, AnEmptyFolderOfSomebodyElseStays) {
  ASSERT_TRUE(MakeFolder(dir_ + "/mine").ok());
  const Folder folder(dir_ + "/mine");
  const auto lock = folder.Claim();
  ASSERT_TRUE(lock.ok());
  EXPECT_FALSE(*folder.Remove());
  EXPECT_TRUE(Exists(dir_ + "/mine"));
  EXPECT_TRUE(IsAbsentOrEmpty(dir_ + "/mine"));
}

TEST_F(FolderTest, AForeignFileInItStays) {
  const Folder folder(dir_ + "/s");
  const auto lock = folder.Claim();
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/s/notes", "x", 0600).ok());
  EXPECT_FALSE(*folder.Remove());
  EXPECT_EQ(*ReadFile(dir_ + "/s/notes"), "x");
  EXPECT_FALSE(folder.IsSandbox());
}

TEST_F(FolderTest, AFolderInUseIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/notes", "x", 0600).ok());
  const absl::Status status = Folder(dir_).Claim().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::IsFailedPrecondition(Folder(dir_).Take().status()));
  EXPECT_EQ(*ReadFile(dir_ + "/notes"), "x");
  EXPECT_FALSE(Exists(dir_ + "/sandbox.lock"));
}

TEST_F(FolderTest, TwoAtOnceInOneFolderAreRefused) {
  const Folder folder(dir_ + "/s");
  const auto first = folder.Claim();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsAlreadyExists(folder.Claim().status()));
  EXPECT_TRUE(absl::IsAlreadyExists(folder.Take().status()));
}

TEST_F(FolderTest, AWholeSandboxAndAHalfOneAreToldApart) {
  const Folder folder(dir_ + "/s");
  { ASSERT_TRUE(folder.Claim().ok()); }
  absl::Status status = folder.Claim().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "interrupted")) << status;
  ASSERT_TRUE(WriteFileAtomically(folder.record(), "{}", 0600).ok());
  status = folder.Claim().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_FALSE(absl::StrContains(status.message(), "interrupted")) << status;
  EXPECT_TRUE(folder.Take().ok());
}

TEST_F(FolderTest, NothingIsTakenWhereNothingIs) {
  EXPECT_TRUE(absl::IsNotFound(Folder(dir_ + "/none").Take().status()));
  EXPECT_FALSE(Exists(dir_ + "/none"));
}

}  // namespace
}  // namespace weft::cli::sandbox
