#include "services/provisioner/gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/access/passwords.h"
#include "common/access/token.h"
#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

constexpr char kList[] = "/weft.v1.Machines/ListMachines";

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    auto users = std::make_shared<access::UserSnapshot>();
    Add(users.get(), "boss", "secret", {"superadmin"});
    Add(users.get(), "eye", "secret", {"observation"});
    Add(users.get(), "gw", "secret", {"gateway"});
    users->users["api"] = {.name = "api", .roles = {"superadmin"}};  // its password is not pushed
    users_.Set(users);
  }

  static void Add(access::UserSnapshot* users, const std::string& name, const char* password,
                  std::vector<std::string> roles) {
    users->users[name] = {.name = name,
                          .digest_ha1 = access::DigestHa1(name, password),
                          .native_hash = "",
                          .roles = std::move(roles)};
  }

  static Gate::Claim As(const std::string& user, const std::string& password) {
    return {.authorization = rpc::Authorization({.user = user, .password = password}),
            .peer = "ipv4:10.0.0.7:4711"};
  }
  std::string Reason(const Gate::Claim& claim, const char* method = kList) {
    return ErrorReason(gate_.AdmitClaim(claim, method));
  }

  access::Users users_;
  absl::Status answer_;  // of the controllers
  std::vector<std::string> failed_;
  Gate gate_{{.admin = {.user = "admin", .password = "root"},
              .ask = [this](const std::string&) { return answer_; },
              .failed = [this](const std::string& user,
                               const std::string& peer) { failed_.push_back(user + " " + peer); }},
             &users_,
             RealClock::Get()};
};

TEST_F(GateTest, LetsInWhoHasTheRight) {
  EXPECT_TRUE(gate_.AdmitClaim(As("admin", "root"), kList).ok());
  EXPECT_TRUE(gate_.AdmitClaim(As("boss", "secret"), kList).ok());
}

TEST_F(GateTest, KeepsOutWhoHasNot) {
  EXPECT_EQ(Reason(As("eye", "secret")), "NO_RIGHT");
  EXPECT_EQ(Reason(As("boss", "wrong")), "WRONG_LOGIN");
  EXPECT_EQ(Reason(As("admin", "secret")), "WRONG_LOGIN");
  EXPECT_EQ(Reason(As("nobody", "")), "WRONG_LOGIN");
  EXPECT_EQ(Reason({}), "LOGIN_REQUIRED");
  // Neither the lack of a right nor that of a login is a failed one.
  EXPECT_EQ(failed_,
            (std::vector<std::string>{"boss 10.0.0.7", "admin 10.0.0.7", "nobody 10.0.0.7"}));
}

TEST_F(GateTest, KnowsNoMethodThatIsNotInTheTable) {
  EXPECT_EQ(Reason(As("admin", "root"), "/weft.v1.Machines/Nonesuch"), "NO_RIGHT");
}

TEST_F(GateTest, LetsGatewaysActForUsersAndNobodyElse) {
  Gate::Claim claim = As("gw", "secret");
  claim.on_behalf_of = "boss";
  EXPECT_TRUE(gate_.AdmitClaim(claim, kList).ok());
  claim.on_behalf_of = "eye";
  EXPECT_EQ(Reason(claim), "NO_RIGHT");
  claim.on_behalf_of = "unknown";
  EXPECT_EQ(Reason(claim), "NO_RIGHT");
  claim = As("eye", "secret");
  claim.on_behalf_of = "boss";
  EXPECT_EQ(Reason(claim), "NOT_A_GATEWAY");
}

TEST_F(GateTest, AsksTheControllersAboutTokensAndPasswordsThatTheyAloneKnow) {
  const std::string token =
      access::MakeToken("key", "boss", "", absl::FromUnixSeconds(4'000'000'000));
  Gate::Claim claim = {.authorization = rpc::Authorization({.token = token}),
                       .peer = "ipv4:1.2.3.4:5"};
  EXPECT_TRUE(gate_.AdmitClaim(claim, kList).ok());
  EXPECT_TRUE(gate_.AdmitClaim(As("api", "whatever"), kList).ok());
  answer_ = absl::UnauthenticatedError("no");
  EXPECT_EQ(Reason(claim), "WRONG_LOGIN");
  EXPECT_EQ(Reason(As("api", "whatever")), "WRONG_LOGIN");
  answer_ = absl::UnavailableError("no controller");
  EXPECT_TRUE(absl::IsUnavailable(gate_.AdmitClaim(claim, kList)));
}

TEST_F(GateTest, SlowsDownWhoGuesses) {
  std::string reason;
  for (int i = 0; i < 10 && reason != "TOO_MANY_FAILED_LOGINS"; ++i) {
    reason = Reason(As("boss", "guess"));
  }
  EXPECT_EQ(reason, "TOO_MANY_FAILED_LOGINS");
}

TEST_F(GateTest, LetsTheAdminInBeforeAnyUserIsKnown) {
  const access::Users none;
  Gate gate({.admin = {.user = "admin", .password = "root"}}, &none, RealClock::Get());
  EXPECT_TRUE(gate.AdmitClaim(As("admin", "root"), kList).ok());
  EXPECT_EQ(ErrorReason(gate.AdmitClaim(As("boss", "secret"), kList)), "USERS_NOT_LOADED");
}

}  // namespace
}  // namespace weft::provisioner
