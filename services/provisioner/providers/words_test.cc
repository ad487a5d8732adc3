#include "services/provisioner/providers/words.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

using Words = std::vector<std::string>;

TEST(WordsTest, SplitsAsAShell) {
  EXPECT_EQ(*ShellWords("", "mysqld --log-bin=foo"), (Words{"mysqld", "--log-bin=foo"}));
  EXPECT_EQ(*ShellWords("", " a\tb\n c "), (Words{"a", "b", "c"}));
  EXPECT_EQ(*ShellWords("", R"(A="two words" B='a "quote"' C=\"x\ y)"),
            (Words{"A=two words", "B=a \"quote\"", "C=\"x y"}));
  EXPECT_EQ(*ShellWords("", "a '' \"\""), (Words{"a", "", ""}));
  EXPECT_EQ(*ShellWords("", "''\\'"), (Words{"'"}));
  EXPECT_TRUE(ShellWords("", "  ")->empty());
}

TEST(WordsTest, RefusesAQuoteThatDoesNotEnd) {
  const absl::Status status = ShellWords("meta command", "mysqld 'a b").status();
  EXPECT_EQ(ErrorReason(status), "BAD_ORDER");
  EXPECT_NE(status.message().find("meta command"), absl::string_view::npos);
}

TEST(WordsTest, ReadsSizes) {
  EXPECT_EQ(*Bytes("", "1048576"), 1048576);
  EXPECT_EQ(*Bytes("", "600m"), 600LL << 20);
  EXPECT_EQ(*Bytes("", "1.5g"), 3LL << 29);
  EXPECT_EQ(*Bytes("", "64KB"), 64LL << 10);
  for (const char* const wrong : {"", "m", "-1", "0", "1e30g", "12 apples", "nan", "inf"}) {
    EXPECT_FALSE(Bytes("", wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace weft::provisioner
