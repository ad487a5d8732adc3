#include "common/mysql/server_version.h"

#include <gtest/gtest.h>

namespace weft::mysql {
namespace {

TEST(ServerVersionTest, ReadsNumbersBeforeAnySuffix) {
  const ServerVersion version = *ParseServerVersion("5.6.24-log");
  EXPECT_EQ(version.major, 5);
  EXPECT_EQ(version.minor, 6);
  EXPECT_EQ(version.patch, 24);
  EXPECT_FALSE(version.mariadb);
  EXPECT_EQ(version.text, "5.6.24-log");
  EXPECT_EQ(ParseServerVersion("9.7.4")->patch, 4);
}

TEST(ServerVersionTest, SeesThroughMariaDbsPrefix) {
  const ServerVersion version = *ParseServerVersion("5.5.5-10.11.19-MariaDB-0+deb12u1-log");
  EXPECT_TRUE(version.mariadb);
  EXPECT_EQ(version.major, 10);
  EXPECT_EQ(version.minor, 11);
  EXPECT_EQ(version.patch, 19);
}

TEST(ServerVersionTest, ComparesNumberByNumber) {
  const ServerVersion version = *ParseServerVersion("8.0.22");
  EXPECT_TRUE(version.AtLeast(5, 7, 44));
  EXPECT_TRUE(version.AtLeast(8, 0, 22));
  EXPECT_TRUE(version.AtLeast(8, 0));
  EXPECT_FALSE(version.AtLeast(8, 0, 23));
  EXPECT_FALSE(version.AtLeast(8, 4));
}

TEST(ServerVersionTest, RefusesWhatIsNoVersion) {
  for (const char* text : {"", "8", "8.0", "x.y.z", "8.0.x", "-8.0.1"}) {
    EXPECT_FALSE(ParseServerVersion(text).ok()) << text;
  }
}

}  // namespace
}  // namespace weft::mysql
