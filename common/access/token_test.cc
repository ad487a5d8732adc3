#include "common/access/token.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace weft::access {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(TokenTest, IsGoodForItsUserUntilItExpires) {
  const std::string text = MakeToken("key", "jane", "stamp", kNow + absl::Hours(1));
  const std::optional<Token> token = ParseToken(text);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->user, "jane");
  EXPECT_TRUE(IsGenuine(*token, "key", "stamp", kNow));
  EXPECT_TRUE(IsGenuine(*token, "key", "stamp", kNow + absl::Hours(1) - absl::Seconds(1)));
  EXPECT_FALSE(IsGenuine(*token, "key", "stamp", kNow + absl::Hours(1)));
}

TEST(TokenTest, AnotherKeyOrPasswordEndsIt) {
  const Token token = *ParseToken(MakeToken("key", "jane", "stamp", kNow + absl::Hours(1)));
  EXPECT_FALSE(IsGenuine(token, "other", "stamp", kNow));
  EXPECT_FALSE(IsGenuine(token, "key", "changed", kNow));
}

TEST(TokenTest, NothingOfItCanBeChanged) {
  const Token token = *ParseToken(MakeToken("key", "jane", "stamp", kNow + absl::Hours(1)));
  Token other = token;
  other.user = "admin";
  EXPECT_FALSE(IsGenuine(other, "key", "stamp", kNow));
  other = token;
  other.expires += absl::Hours(1);
  EXPECT_FALSE(IsGenuine(other, "key", "stamp", kNow));
}

TEST(TokenTest, WhatIsMalformedIsNone) {
  const std::string good = MakeToken("key", "jane", "", kNow);
  for (const std::string& text : {std::string(), std::string("weft1"), std::string("weft1..."),
                                  absl::StrCat(good, ".x"), absl::StrCat("weft2", good.substr(5)),
                                  std::string("weft1.YSBi.5.YQ"), std::string(1000, 'x')}) {
    EXPECT_FALSE(ParseToken(text).has_value()) << text;
  }
}

TEST(TokenTest, TheKeysOfTokensAndNoncesDiffer) {
  EXPECT_NE(TokenKey("store"), NonceKey("store"));
  EXPECT_EQ(TokenKey("store").size(), 32u);
}

}  // namespace
}  // namespace weft::access
