#include "common/base/random.h"

#include <gtest/gtest.h>

#include <cctype>
#include <regex>
#include <set>

namespace weft {
namespace {

TEST(RandomTest, UuidsAreOfVersionFourAndDiffer) {
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = RandomUuid();
    EXPECT_TRUE(std::regex_match(uuid, shape)) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second) << uuid;
  }
}

TEST(RandomTest, PasswordsUseLettersAndDigitsOnlyAndAllOfThem) {
  std::set<char> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string password = RandomPassword(32);
    ASSERT_EQ(password.size(), 32u);
    for (const char c : password) {
      ASSERT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << password;
      seen.insert(c);
    }
  }
  EXPECT_EQ(seen.size(), 62u);
}

TEST(RandomTest, HexHasTwoDigitsPerByte) {
  EXPECT_EQ(RandomHex(0), "");
  EXPECT_EQ(RandomHex(8).size(), 16u);
}

TEST(RandomTest, UnitStaysBelowOne) {
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = RandomUnit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.05);
}

}  // namespace
}  // namespace weft
