#include "services/provisioner/dataset/definitions.h"

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

TEST(DefinitionsTest, ProgramsGetTheModesThatTheVersionStillHas) {
  const auto modern = mysql::ParseServerVersion("8.0.36");
  const auto old = mysql::ParseServerVersion("5.7.44");
  ASSERT_TRUE(modern.ok() && old.ok());
  const std::string modes = "STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_AUTO_CREATE_USER,ORACLE,ANSI";
  EXPECT_EQ(ModesFor(*old, modes), modes);
  EXPECT_EQ(ModesFor(*modern, modes), "STRICT_TRANS_TABLES,NO_ZERO_DATE,ANSI");
  EXPECT_EQ(ModesFor(*modern, ""), "");
}

}  // namespace
}  // namespace weft::provisioner
