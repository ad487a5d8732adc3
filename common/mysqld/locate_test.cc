#include "common/mysqld/locate.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "absl/strings/str_cat.h"
#include "common/mysqld/files.h"

namespace weft {
namespace {

TEST(LocateProgramTest, FindsWhatAShellWouldRun) {
  const std::string folder = testing::TempDir();
  ASSERT_TRUE(WriteFileAtomically(folder + "/weft-tool", "#!/bin/true\n", 0755).ok());
  ASSERT_TRUE(WriteFileAtomically(folder + "/weft-text", "no program\n", 0644).ok());
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  setenv("PATH", absl::StrCat("/nonexistent::", folder).c_str(), 1);
  EXPECT_EQ(LocateProgram("weft-tool"), folder + "/weft-tool");
  EXPECT_EQ(LocateProgram("weft-text"), "");
  EXPECT_EQ(LocateProgram("weft-other"), "");
  EXPECT_EQ(LocateProgram("/opt/mysqlbinlog"), "/opt/mysqlbinlog");
}

}  // namespace
}  // namespace weft
