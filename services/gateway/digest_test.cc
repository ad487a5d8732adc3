#include "services/gateway/digest.h"

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace weft::gateway {
namespace {

using Verdict = Digest::Verdict;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

UserSnapshot Snapshot() {
  UserSnapshot snapshot;
  snapshot.nonce_key = std::string(32, 'k');
  snapshot.users["admin"] = {"admin", Md5Hex("admin:MySQL Fabric:secret"), "", {}};
  snapshot.users["mute"] = {"mute", "", "", {}};
  return snapshot;
}

// As Connector/J takes a challenge apart.
std::map<std::string, std::string> Attributes(absl::string_view challenge) {
  std::map<std::string, std::string> attributes;
  EXPECT_TRUE(absl::ConsumePrefix(&challenge, "Digest "));
  for (const absl::string_view part : absl::StrSplit(challenge, ", ")) {
    const std::vector<std::string> pieces = absl::StrSplit(part, '=');
    EXPECT_EQ(pieces.size(), 2u) << part;
    attributes[pieces[0]] = absl::StrReplaceAll(pieces[1], {{"\"", ""}});
  }
  return attributes;
}

DigestCredentials Login(absl::string_view nonce, int count = 1, absl::string_view user = "admin",
                        absl::string_view password = "secret") {
  DigestCredentials credentials;
  credentials.username = std::string(user);
  credentials.nonce = std::string(nonce);
  credentials.nc = absl::StrFormat("%08x", count);
  credentials.cnonce = "0a4f113b";
  credentials.qop = "auth";
  credentials.response =
      Md5Hex(absl::StrCat(Md5Hex(absl::StrCat(user, ":MySQL Fabric:", password)), ":", nonce, ":",
                          credentials.nc, ":0a4f113b:auth:", Md5Hex("POST:/RPC2")));
  return credentials;
}

class DigestTest : public ::testing::Test {
 protected:
  std::string Nonce(absl::Time now = kNow) {
    return Attributes(digest_.Challenge(users_, now, false))["nonce"];
  }
  Verdict Verify(const DigestCredentials& credentials, absl::Time now = kNow) {
    return digest_.Verify(credentials, users_, now);
  }

  Digest digest_;
  UserSnapshot users_ = Snapshot();
};

TEST_F(DigestTest, ChallengesInTheOriginalsForm) {
  const std::string challenge = digest_.Challenge(users_, kNow, false);
  auto attributes = Attributes(challenge);
  EXPECT_EQ(attributes["nonce"].size(), 80u);
  EXPECT_EQ(attributes["nonce"].find_first_of("=,\""), std::string::npos);
  EXPECT_EQ(attributes["opaque"].size(), 32u);
  EXPECT_EQ(challenge, absl::StrCat("Digest realm=\"MySQL Fabric\", nonce=\"", attributes["nonce"],
                                    "\", algorithm=\"MD5\", opaque=\"", attributes["opaque"],
                                    "\", qop=\"auth\""));
  EXPECT_EQ(Attributes(digest_.Challenge(users_, kNow, true))["stale"], "true");
}

TEST_F(DigestTest, AcceptsTheVerifiedVectorOfTheOriginal) {
  DigestCredentials credentials =
      Login("MjAxNS0wOC0wM1QxMDowMDowMC4wMDAwMDA7OzAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm");
  EXPECT_EQ(credentials.response, "6f646bce7a313f3d0579e69b65ab4897");
  // The response is right; the nonce is of another making.
  EXPECT_EQ(Verify(credentials), Verdict::kStale);
  credentials.response[0] = '7';
  EXPECT_EQ(Verify(credentials), Verdict::kWrong);
}

TEST_F(DigestTest, LetsInWhoKnowsThePassword) {
  EXPECT_EQ(Verify(Login(Nonce())), Verdict::kRight);
  EXPECT_EQ(Verify(Login(Nonce(), 1, "admin", "Secret")), Verdict::kWrong);
  EXPECT_EQ(Verify(Login(Nonce(), 1, "nobody", "secret")), Verdict::kWrong);
  EXPECT_EQ(Verify(Login(Nonce(), 1, "mute", "")), Verdict::kWrong);
}

TEST_F(DigestTest, NobodyLogsInAsAUserWithoutAPassword) {
  DigestCredentials credentials = Login(Nonce(), 1, "mute");
  credentials.response = Md5Hex(
      absl::StrCat(":", credentials.nonce, ":00000001:0a4f113b:auth:", Md5Hex("POST:/RPC2")));
  EXPECT_EQ(Verify(credentials), Verdict::kWrong);
}

TEST_F(DigestTest, AcceptsUpperCaseAndAuthInt) {
  DigestCredentials credentials = Login(Nonce());
  for (char& c : credentials.response) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Verify(credentials), Verdict::kRight);
}

TEST_F(DigestTest, NoncesAreNeverTheSame) {
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) nonces.insert(Nonce());
  EXPECT_EQ(nonces.size(), 100u);
}

TEST_F(DigestTest, AnyGatewayAcceptsTheNonceOfAnother) {
  Digest other;
  EXPECT_EQ(other.Verify(Login(Nonce(), 7), users_, kNow), Verdict::kRight);
  UserSnapshot strangers = Snapshot();
  strangers.nonce_key = std::string(32, 'x');
  EXPECT_EQ(other.Verify(Login(Nonce()), strangers, kNow), Verdict::kStale);
}

TEST_F(DigestTest, NoncesEnd) {
  const std::string nonce = Nonce();
  EXPECT_EQ(Verify(Login(nonce, 1), kNow + absl::Seconds(120)), Verdict::kRight);
  EXPECT_EQ(Verify(Login(nonce, 2), kNow + absl::Seconds(121)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(Nonce(kNow + absl::Seconds(29)))), Verdict::kRight);
  EXPECT_EQ(Verify(Login(Nonce(kNow + absl::Seconds(31)))), Verdict::kStale);
}

TEST_F(DigestTest, InventedNoncesAreStale) {
  std::string nonce = Nonce();
  nonce[5] = nonce[5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Verify(Login(nonce)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(std::string(80, 'A'))), Verdict::kStale);
  EXPECT_EQ(Verify(Login("x")), Verdict::kStale);
  EXPECT_EQ(Verify(Login(std::string(80, '!'))), Verdict::kStale);
}

TEST_F(DigestTest, EachCountIsUsedOnce) {
  const std::string nonce = Nonce();
  EXPECT_EQ(Verify(Login(nonce, 1)), Verdict::kRight);
  EXPECT_EQ(Verify(Login(nonce, 1)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(nonce, 5)), Verdict::kRight);
  // Overtaken on another connection.
  EXPECT_EQ(Verify(Login(nonce, 3)), Verdict::kRight);
  EXPECT_EQ(Verify(Login(nonce, 3)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(nonce, 5)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(nonce, 100)), Verdict::kRight);
  EXPECT_EQ(Verify(Login(nonce, 36)), Verdict::kStale);
  EXPECT_EQ(Verify(Login(nonce, 37)), Verdict::kRight);
  EXPECT_EQ(Verify(Login(nonce, 37)), Verdict::kStale);
}

TEST_F(DigestTest, AWrongPasswordSpendsNoCount) {
  const std::string nonce = Nonce();
  EXPECT_EQ(Verify(Login(nonce, 1, "admin", "guess")), Verdict::kWrong);
  EXPECT_EQ(Verify(Login(nonce, 1)), Verdict::kRight);
}

TEST_F(DigestTest, AChangedPasswordEndsWhatWasLoggedIn) {
  const std::string nonce = Nonce();
  EXPECT_EQ(Verify(Login(nonce, 1)), Verdict::kRight);
  users_.users["admin"].digest_ha1 = Md5Hex("admin:MySQL Fabric:other");
  EXPECT_EQ(Verify(Login(nonce, 2)), Verdict::kWrong);
  users_.users.clear();
  EXPECT_EQ(Verify(Login(nonce, 3)), Verdict::kWrong);
}

TEST(NonceCountersTest, ForgetsTheOldestAndRefusesThemThen) {
  NonceCounters counters(8);
  const auto nonce = [](int i) {
    NonceCounters::Nonce bytes{};
    bytes[0] = static_cast<char>(i);
    return bytes;
  };
  for (int i = 1; i <= 100; ++i) {
    EXPECT_TRUE(counters.Use(nonce(i), i, 1));
    EXPECT_TRUE(counters.Knows(nonce(i)));
    EXPECT_FALSE(counters.Use(nonce(i), i, 1));
  }
  int known = 0;
  for (int i = 1; i <= 100; ++i) known += counters.Knows(nonce(i));
  EXPECT_LE(known, 8);
  EXPECT_GE(known, 4);
  EXPECT_FALSE(counters.Knows(nonce(1)));
  EXPECT_FALSE(counters.Use(nonce(1), 1, 2));
  EXPECT_TRUE(counters.Use(nonce(100), 100, 2));
}

TEST(DigestParseTest, ReadsWhatTheOriginalsCommandLineSends) {
  DigestCredentials credentials;
  ASSERT_TRUE(Digest::Parse(
      "Digest username=\"admin\", realm=\"MySQL Fabric\", nonce=\"abc\", uri=\"/RPC2\", "
      "response=\"7db48978552b24c6f83a848ecac644d0\", opaque=\"o\", algorithm=\"MD5\", qop=auth, "
      "nc=00000001, cnonce=\"93df8d8336dac794\"",
      &credentials));
  EXPECT_EQ(credentials.username, "admin");
  EXPECT_EQ(credentials.nonce, "abc");
  EXPECT_EQ(credentials.nc, "00000001");
  EXPECT_EQ(credentials.qop, "auth");
  EXPECT_EQ(credentials.cnonce, "93df8d8336dac794");
}

TEST(DigestParseTest, ReadsQuotesWithinQuotes) {
  DigestCredentials credentials;
  ASSERT_TRUE(Digest::Parse("digest username=\"a,\\\"=b\",nonce=n,response=" +
                                std::string(32, '0') + ",nc=0000000A,qop=\"auth-int\"",
                            &credentials));
  EXPECT_EQ(credentials.username, "a,\"=b");
}

TEST(DigestParseTest, RefusesWhatIsNoLogin) {
  const std::string rest = ", response=\"" + std::string(32, '0') + "\", nc=00000001, qop=auth";
  const std::string good = "Digest username=\"u\", nonce=\"n\"" + rest;
  const auto parses = [](absl::string_view header) {
    DigestCredentials credentials;
    return Digest::Parse(header, &credentials);
  };
  ASSERT_TRUE(parses(good));
  for (const std::string& header :
       {std::string(), std::string("Digest"), std::string("Digest "), std::string("Basic dTpw"),
        good + ", evil=1", good + ", nc=00000002", good + " x", good + ", =", good + ", a",
        "Digest username=\"u\"" + rest, "Digest nonce=\"n\"" + rest, good + ", algorithm=SHA-256",
        std::string("Digest username=\"u"), std::string("Digest username=\"u\\"),
        std::string("Digest username=\"u\\\""), absl::StrReplaceAll(good, {{"qop=auth", "qop=no"}}),
        absl::StrReplaceAll(good, {{"00000001", "1"}}),
        absl::StrReplaceAll(good, {{"00000001", "0000000g"}}),
        absl::StrReplaceAll(good, {{"00000000", ""}})}) {
    EXPECT_FALSE(parses(header)) << header;
  }
}

}  // namespace
}  // namespace weft::gateway
