#include "common/access/passwords.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::access {
namespace {

// The vectors of the reference, sections 2.6 and 3.1.
TEST(PasswordsTest, HashesAsFabricDid) {
  EXPECT_EQ(DigestHa1("admin", "secret"), "00cbc25443a23a4928688b990f2c9489");
  EXPECT_EQ(NativeHash("secret"), "14E65567ABDB5135D0CFD9A70B3032C179A49EE7");
}

TEST(PasswordsTest, AVerifierKnowsItsPasswordAndNoOther) {
  const std::string verifier = MakeVerifier("p:ss wörd", "0123456789abcdef");
  EXPECT_EQ(verifier.rfind("scrypt$14$8$1$", 0), 0u);
  EXPECT_TRUE(Verify("p:ss wörd", verifier));
  EXPECT_FALSE(Verify("p:ss word", verifier));
  EXPECT_FALSE(Verify("", verifier));
}

TEST(PasswordsTest, TheSaltTellsEqualPasswordsApart) {
  EXPECT_NE(MakeVerifier("same", "0123456789abcdef"), MakeVerifier("same", "fedcba9876543210"));
}

TEST(PasswordsTest, AMalformedVerifierMatchesNothing) {
  for (const std::string& verifier :
       {std::string(), std::string("scrypt"), std::string("scrypt$14$8$1$c2FsdA$"),
        std::string("scrypt$99$8$1$c2FsdA$a2V5"), std::string("scrypt$14$-8$1$c2FsdA$a2V5"),
        absl::StrCat("md5$14$8$1$c2FsdA$", std::string(44, 'A'))}) {
    EXPECT_FALSE(Verify("", verifier)) << verifier;
    EXPECT_FALSE(Verify("secret", verifier)) << verifier;
  }
}

TEST(PasswordsTest, NamesAreThoseThatFabricTakes) {
  for (const char* good : {"admin", "a", "J.Doe-2@example_org"}) {
    EXPECT_TRUE(ValidateUserName(good).ok()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a:b"), std::string("a/b"),
        std::string("a\0b", 3), std::string("ä"), std::string(65, 'x')}) {
    EXPECT_EQ(ErrorReason(ValidateUserName(bad)), "MALFORMED_USER") << bad;
  }
}

TEST(PasswordsTest, ARefusedPasswordIsNotQuoted) {
  EXPECT_TRUE(ValidatePassword(std::string(256, 'x')).ok());
  EXPECT_EQ(ErrorReason(ValidatePassword("")), "BAD_PASSWORD");
  const absl::Status refused = ValidatePassword(absl::StrCat(std::string(255, 'x'), "secret"));
  EXPECT_EQ(ErrorReason(refused), "BAD_PASSWORD");
  EXPECT_EQ(DescribeError(refused).find("secret"), std::string::npos);
}

TEST(PasswordsTest, MacIsHmacSha256) {
  // RFC 4231, test case 2.
  EXPECT_EQ(Mac("Jefe", "what do ya want for nothing?").substr(0, 4), "\x5b\xdc\xc1\x46");
}

TEST(PasswordsTest, TheSameSecretIsEquality) {
  EXPECT_TRUE(SameSecret("", ""));
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_FALSE(SameSecret("abab", "ab"));
  EXPECT_FALSE(SameSecret("", "a"));
  EXPECT_FALSE(SameSecret("a", ""));
}

}  // namespace
}  // namespace weft::access
