#include "common/mysqld/installation.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/mysqld/files.h"

namespace weft {
namespace {

class InstallationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/installation-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    dir_ = AbsolutePath(folder);
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }

  // A program that says what `mysqld --version` would.
  std::string FakeMysqld(const std::string& version_line) {
    const std::string path = dir_ + "/mysqld";
    EXPECT_TRUE(WriteFileAtomically(path, "#!/bin/sh\necho '" + version_line + "'\n", 0755).ok());
    return path;
  }

  std::string dir_;
};

TEST(ParseVersionNumberTest, CountsAsMysqlDoes) {
  EXPECT_EQ(ParseVersionNumber("9.7.4"), 90704);
  EXPECT_EQ(ParseVersionNumber("5.6.24-log"), 50624);
  EXPECT_EQ(ParseVersionNumber("8.0.36-0ubuntu1"), 80036);
  EXPECT_EQ(ParseVersionNumber("8.0"), 0);
  EXPECT_EQ(ParseVersionNumber("mysqld"), 0);
  EXPECT_EQ(ParseVersionNumber(""), 0);
}

TEST_F(InstallationTest, AMysqldOfOnesOwnIsTakenAsItIs) {
  const std::string path = FakeMysqld("mysqld  Ver 8.0.36 for Linux on x86_64 (Source)");
  const auto found = ResolveInstallation(path);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->version_number, 80036);
  EXPECT_EQ(found->mysqld, std::vector<std::string>{path});
  EXPECT_EQ(found->basedir, "");
  EXPECT_TRUE(found->has_plugins);
}

TEST_F(InstallationTest, ThePathIsSearchedWhenNothingIsNamed) {
  const std::string path = FakeMysqld("mysqld  Ver 8.4.1 for Linux on x86_64 (Source)");
  const std::string before = getenv("PATH");
  setenv("PATH", (dir_ + ":" + before).c_str(), 1);
  const auto found = ResolveInstallation("");
  setenv("PATH", before.c_str(), 1);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->version, "8.4.1");
  EXPECT_EQ(found->mysqld, std::vector<std::string>{path});
}

TEST_F(InstallationTest, WhatIsNoMysqlIsRefusedByName) {
  for (const char* line : {"mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64",
                           "mysqld  Ver 5.5.62 for Linux on x86_64", "hello"}) {
    const auto found = ResolveInstallation(FakeMysqld(line));
    EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << found.status();
    EXPECT_TRUE(absl::StrContains(found.status().message(), "expected")) << found.status();
  }
  const auto absent = ResolveInstallation(dir_ + "/absent");
  EXPECT_TRUE(absl::StrContains(absent.status().message(), dir_ + "/absent"));
}

TEST_F(InstallationTest, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto found = ResolveInstallation("4.1");
  EXPECT_TRUE(absl::IsInvalidArgument(found.status()));
  EXPECT_TRUE(absl::StrContains(GetErrorDetail(found.status())->expected, "9.7, 5.6"));
}

TEST_F(InstallationTest, WithoutLeaveToDownloadTheCommandIsNamed) {
  const auto found = ResolveInstallation(
      "9.7", {.cache_dir = dir_, .obtain_script = "", .obtain_missing = false, .cancelled = {}});
  EXPECT_TRUE(absl::IsNotFound(found.status()));
  EXPECT_TRUE(absl::EndsWith(GetErrorDetail(found.status())->next_step, "deploy/mysql/obtain 9.7"))
      << found.status();
}

TEST_F(InstallationTest, TheObtainedTreesComeWithTheirClientPrograms) {
  for (const char* name : {"9.7", "5.6"}) {
    const auto found = ResolveInstallation(name);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(absl::StartsWith(found->version, name));
    EXPECT_FALSE(ClientProgram(*found, "mysql").empty());
    EXPECT_FALSE(ClientProgram(*found, "mysqlbinlog").empty());
    EXPECT_TRUE(ClientProgram(*found, "no-such-program").empty());
  }
}

}  // namespace
}  // namespace weft
