#include "services/cli/shell.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using Words = std::vector<std::string>;

TEST(SplitLineTest, SplitsAsAShellDoes) {
  EXPECT_EQ(*SplitLine("  group  list "), (Words{"group", "list"}));
  EXPECT_EQ(*SplitLine("group create g1 --description 'two words'"),
            (Words{"group", "create", "g1", "--description", "two words"}));
  EXPECT_EQ(*SplitLine("a \"b 'c'\" d\\ e ''"), (Words{"a", "b 'c'", "d e", ""}));
  EXPECT_EQ(*SplitLine(""), Words{});
  EXPECT_FALSE(SplitLine("a 'b").ok());
}

TEST(IsWorthRememberingTest, KeepsNoSecretsAndNoHiddenLines) {
  EXPECT_TRUE(IsWorthRemembering("group list"));
  EXPECT_TRUE(IsWorthRemembering("group list --password-file /etc/weft/pw"));
  EXPECT_FALSE(IsWorthRemembering(" group list"));
  EXPECT_FALSE(IsWorthRemembering("group list --password hunter2"));
  EXPECT_FALSE(IsWorthRemembering("x --password-file f --password=hunter2"));
  EXPECT_FALSE(IsWorthRemembering(""));
}

}  // namespace
}  // namespace weft::cli
