#include "common/rpc/auth.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"

namespace weft::rpc {
namespace {

const Credentials kAdmin{.user = "admin", .password = "p:ss wörd"};

TEST(AuthTest, BasicAuthorizationSurvivesTheRoundTrip) {
  EXPECT_EQ(BasicAuthorization({.user = "Aladdin", .password = "open sesame"}),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  const auto parsed = ParseBasicAuthorization(BasicAuthorization(kAdmin));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->user, kAdmin.user);
  EXPECT_EQ(parsed->password, kAdmin.password);
}

TEST(AuthTest, ATokenGoesInPlaceOfThePassword) {
  const std::string header = Authorization({.user = "jane", .password = "x", .token = "weft1.a"});
  EXPECT_EQ(header, "Bearer weft1.a");
  EXPECT_EQ(BearerToken(header), "weft1.a");
  EXPECT_EQ(Authorization(kAdmin), BasicAuthorization(kAdmin));
  EXPECT_EQ(BearerToken(BasicAuthorization(kAdmin)), "");
  EXPECT_EQ(BearerToken("Bearer"), "");
}

TEST(AuthTest, TheSchemesCaseDoesNotMatter) {
  EXPECT_TRUE(ParseBasicAuthorization("basic QTpi").ok());
}

TEST(AuthTest, RefusesMalformedHeaders) {
  for (const char* header : {"", "Basic", "Basic ", "Bearer QTpi", "Basic !!", "Basic QWI="}) {
    EXPECT_EQ(ErrorReason(ParseBasicAuthorization(header).status()), "MALFORMED_LOGIN") << header;
  }
}

TEST(AuthTest, LetsTheAdminInAndNobodyElse) {
  const auto authenticator = StaticAuthenticator(kAdmin);
  EXPECT_TRUE(authenticator->Check("/m", BasicAuthorization(kAdmin)).ok());
  const auto reason = [&](const Credentials& credentials) {
    return ErrorReason(authenticator->Check("/m", BasicAuthorization(credentials)));
  };
  EXPECT_EQ(reason({"admin", "wrong"}), "WRONG_LOGIN");
  EXPECT_EQ(reason({"other", kAdmin.password}), "WRONG_LOGIN");
  EXPECT_EQ(reason({"", ""}), "WRONG_LOGIN");
  EXPECT_EQ(ErrorReason(authenticator->Check("/m", "")), "LOGIN_REQUIRED");
}

}  // namespace
}  // namespace weft::rpc
