#include "services/gateway/mysqlrpc/native_password.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "services/gateway/mysqlrpc/testing/client.h"

namespace weft::gateway::mysqlrpc {
namespace {

constexpr char kScramble[] = "abcdefghijklmnopqrst";
// What Fabric stores for "secret".
constexpr char kStored[] = "14E65567ABDB5135D0CFD9A70B3032C179A49EE7";

TEST(NativePasswordTest, TheStoredHashIsFabrics) {
  EXPECT_EQ(testing::NativeHash("secret"), kStored);
}

TEST(NativePasswordTest, OnlyThePasswordProvesItself) {
  const std::string proof = testing::ProofOf("secret", kScramble);
  EXPECT_TRUE(ProvesPassword(proof, kScramble, kStored));
  EXPECT_TRUE(ProvesPassword(proof, kScramble, absl::AsciiStrToLower(kStored)));
  EXPECT_FALSE(ProvesPassword(testing::ProofOf("Secret", kScramble), kScramble, kStored));
  EXPECT_FALSE(ProvesPassword(proof, "bbcdefghijklmnopqrst", kStored));
  EXPECT_FALSE(ProvesPassword(proof.substr(0, 19), kScramble, kStored));
  EXPECT_FALSE(ProvesPassword(proof + "x", kScramble, kStored));
}

TEST(NativePasswordTest, AnEmptyProofProvesNothing) {
  EXPECT_FALSE(ProvesPassword("", kScramble, kStored));
  EXPECT_FALSE(ProvesPassword("", kScramble, testing::NativeHash("")));
  EXPECT_FALSE(ProvesPassword("", kScramble, ""));
}

TEST(NativePasswordTest, AUserWithoutAHashCannotLogIn) {
  const std::string zeros(20, '\0');
  for (const char* hash : {"", "14E6", "not forty hexadecimal digits, but so long"}) {
    EXPECT_FALSE(ProvesPassword(zeros, kScramble, hash));
    EXPECT_FALSE(ProvesPassword(testing::ProofOf("secret", kScramble), kScramble, hash));
  }
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
