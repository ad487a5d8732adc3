#include "services/gateway/mysqlrpc/handshake.h"

#include <gtest/gtest.h>

#include "services/gateway/mysqlrpc/fields.h"
#include "services/gateway/mysqlrpc/testing/client.h"

namespace weft::gateway::mysqlrpc {
namespace {

constexpr char kScramble[] = "abcdefghijklmnopqrst";

TEST(HandshakeTest, TheGreetingIsFabricsToTheByte) {
  EXPECT_EQ(Greeting(0x01020304, kScramble), std::string("\x0a"
                                                         "1.5.5-fabric\0"
                                                         "\x04\x03\x02\x01"
                                                         "abcdefgh\0"
                                                         "\x05\x86"
                                                         "\x21"
                                                         "\0\0"
                                                         "\x02\0"
                                                         "\0"
                                                         "\0\0\0\0\0\0\0\0\0\0"
                                                         "ijklmnopqrst\0",
                                                         58));
}

TEST(HandshakeTest, AChallengeHoldsNoNul) {
  EXPECT_EQ(ScrambleOf(std::string("a\0b\0", 4)), "a*b*");
}

TEST(HandshakeTest, ReadsALogin) {
  const LoginRequest request = ParseHandshakeResponse(
      testing::LoginPayload("jon", "12345678901234567890", testing::kUsualCapabilities));
  EXPECT_EQ(request.error, std::nullopt);
  EXPECT_EQ(request.response.user, "jon");
  EXPECT_EQ(request.response.proof, "12345678901234567890");
  EXPECT_EQ(request.response.database, std::nullopt);
}

TEST(HandshakeTest, ReadsTheDatabaseThatAClientNames) {
  const LoginRequest request = ParseHandshakeResponse(
      testing::LoginPayload("jon", "", testing::kUsualCapabilities | kConnectWithDatabase) +
      std::string("fabric\0", 7));
  EXPECT_EQ(request.response.database, "fabric");
  EXPECT_EQ(request.response.proof, "");
}

TEST(HandshakeTest, AProofWithATerminatingNulIsWithoutIt) {
  const LoginRequest request = ParseHandshakeResponse(testing::LoginPayload(
      "jon", std::string("12345678901234567890\0", 21), testing::kUsualCapabilities));
  EXPECT_EQ(request.response.proof, "12345678901234567890");
}

TEST(HandshakeTest, ALoginThatIsCutAnywhereIsABadHandshake) {
  const std::string whole =
      testing::LoginPayload("jon", "12345678901234567890", testing::kUsualCapabilities);
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(ParseHandshakeResponse(whole.substr(0, length)).error,
              (Error{1043, "42000", "Bad handshake"}))
        << length;
  }
}

TEST(HandshakeTest, SaysWhatAClientLacks) {
  EXPECT_EQ(ParseHandshakeResponse(testing::LoginPayload("jon", "", kProtocol41)).error,
            (Error{1002, "42000", "Client needs CLIENT_MULTI_RESULTS set"}));
  EXPECT_EQ(ParseHandshakeResponse(testing::LoginPayload("jon", "", kMultiResults)).error,
            (Error{1002, "42000", "Client needs CLIENT_PROTOCOL_41 set"}));
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
