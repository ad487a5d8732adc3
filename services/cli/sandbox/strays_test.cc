#include "services/cli/sandbox/strays.h"

#include <gtest/gtest.h>

namespace weft::cli::sandbox {
namespace {

TEST(StraysTest, WhatWasStartedForTheFolderBelongsToIt) {
  EXPECT_TRUE(BelongsToSandbox({"/x/mysqld_supervisor", "--run=/tmp/s/store/run"}, "/tmp/s"));
  EXPECT_TRUE(BelongsToSandbox(
      {"/r/ld-linux-x86-64.so.2", "/r/mysqld", "--defaults-file=/tmp/s/servers/1/my.cnf"},
      "/tmp/s"));
  EXPECT_TRUE(BelongsToSandbox({"/x/weft-controller", "--admin-password-file=/tmp/s/secrets/admin"},
                               "/tmp/s"));
  EXPECT_TRUE(
      BelongsToSandbox({"mysqlbinlog", "--result-file=/tmp/s/rescue/g/1.sql.part"}, "/tmp/s"));
}

TEST(StraysTest, NothingElseDoes) {
  // Another sandbox whose folder begins alike.
  EXPECT_FALSE(BelongsToSandbox({"/x/mysqld_supervisor", "--run=/tmp/s2/store/run"}, "/tmp/s"));
  // People and their tools who look at it.
  EXPECT_FALSE(BelongsToSandbox({"less", "/tmp/s/log/weft-controller.log"}, "/tmp/s"));
  EXPECT_FALSE(BelongsToSandbox({"grep", "--file=/tmp/s/x"}, "/tmp/s"));
  EXPECT_FALSE(BelongsToSandbox({"/x/mysqld", "/tmp/s/my.cnf"}, "/tmp/s"));
  EXPECT_FALSE(BelongsToSandbox({}, "/tmp/s"));
}

}  // namespace
}  // namespace weft::cli::sandbox
