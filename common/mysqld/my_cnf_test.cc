#include "common/mysqld/my_cnf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weft {
namespace {

constexpr int kVersions[] = {50624, 50744, 80025, 80036, 90704};

std::string Render(int version, InstanceOptions options = {}, bool as_root = false) {
  Installation installation;
  installation.version_number = version;
  installation.share = "/opt/mysql/share";
  options.port = 20001;
  options.server_id = 7;
  return RenderMyCnf(installation, options,
                     {.data_dir = "/d/data",
                      .tmp_dir = "/d/tmp",
                      .socket = "/d/s",
                      .pid_file = "/d/pid",
                      .error_log = "/d/log",
                      .init_file = ""},
                     as_root);
}

bool HasLine(const std::string& text, absl::string_view line) {
  return absl::StrContains(absl::StrCat("\n", text), absl::StrCat("\n", line, "\n"));
}

TEST(MyCnfTest, AMemberStartsReadOnlyInTheWordOfItsVersion) {
  EXPECT_TRUE(HasLine(Render(90704), "super-read-only=ON"));
  EXPECT_TRUE(HasLine(Render(50624), "read-only=ON"));
  EXPECT_FALSE(absl::StrContains(Render(50624), "super-read-only"));
}

TEST(MyCnfTest, AStandaloneServerAcceptsWrites) {
  for (const int version : kVersions) {
    EXPECT_FALSE(
        absl::StrContains(Render(version, {.role = InstanceRole::kStandalone}), "read-only="))
        << version;
  }
}

TEST(MyCnfTest, EveryServerLogsWithGtids) {
  for (const int version : kVersions) {
    for (const InstanceRole role : {InstanceRole::kMember, InstanceRole::kStandalone}) {
      const std::string text = Render(version, {.role = role});
      EXPECT_TRUE(HasLine(text, "gtid-mode=ON"));
      EXPECT_TRUE(HasLine(text, "log-bin=binlog"));
      EXPECT_TRUE(HasLine(text, "relay-log-recovery=ON"));
      EXPECT_TRUE(HasLine(text, "server-id=7"));
      EXPECT_TRUE(HasLine(text, "report-port=20001"));
    }
  }
}

TEST(MyCnfTest, NoAcknowledgerIsEverConfiguredAsOne) {
  for (const int version : kVersions) {
    EXPECT_FALSE(absl::StrContains(Render(version), "semi_sync"));
    EXPECT_FALSE(absl::StrContains(Render(version), "semi-sync"));
  }
}

TEST(MyCnfTest, CommitsAreDurableUnlessAskedOtherwise) {
  const std::string durable = Render(90704);
  EXPECT_TRUE(HasLine(durable, "sync-binlog=1"));
  EXPECT_TRUE(HasLine(durable, "innodb-flush-log-at-trx-commit=1"));
  const std::string fast = Render(90704, {.durable = false});
  EXPECT_TRUE(HasLine(fast, "sync-binlog=0"));
  EXPECT_TRUE(HasLine(fast, "innodb-flush-log-at-trx-commit=2"));
}

TEST(MyCnfTest, SpeaksOnlyWordsThatTheVersionKnows) {
  EXPECT_TRUE(HasLine(Render(80025), "log-slave-updates=ON"));
  EXPECT_TRUE(HasLine(Render(80036), "log-replica-updates=ON"));
  EXPECT_FALSE(absl::StrContains(Render(90704), "slave"));
  EXPECT_FALSE(absl::StrContains(Render(90704), "master-info"));
  EXPECT_FALSE(absl::StrContains(Render(50624), "mysqlx"));
}

TEST(MyCnfTest, TheAdministrativePortNeedsAVersionThatHasOne) {
  EXPECT_TRUE(HasLine(Render(90704, {.admin_port = 20002}), "admin-port=20002"));
  EXPECT_FALSE(absl::StrContains(Render(90704), "admin-"));
  EXPECT_FALSE(absl::StrContains(Render(50624, {.admin_port = 20002}), "admin-"));
}

TEST(MyCnfTest, FilesAreWrittenBySqlOnlyIntoTheServersOwnFolder) {
  for (const int version : kVersions) {
    EXPECT_TRUE(HasLine(Render(version), "secure-file-priv=/d/tmp"));
  }
}

TEST(MyCnfTest, ExtraLinesComeLastAndSoWin) {
  const std::string text = Render(90704, {.extra_cnf = {"sync-binlog=5"}});
  EXPECT_GT(text.rfind("sync-binlog=5"), text.find("sync-binlog=1"));
  EXPECT_TRUE(absl::EndsWith(text, "sync-binlog=5\n"));
}

TEST(MyCnfTest, RunsAsRootOnlyWhenItIsRoot) {
  EXPECT_TRUE(HasLine(Render(90704, {}, true), "user=root"));
  EXPECT_FALSE(absl::StrContains(Render(90704, {}, false), "user="));
}

}  // namespace
}  // namespace weft
