#include "services/controller/logins.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "common/access/token.h"
#include "common/base/error_details.h"
#include "common/base/manual_clock.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

const rpc::Credentials kAdmin = {"admin", "admin's", ""};
constexpr char kNear[] = "ipv4:127.0.0.1:4711";
constexpr char kFar[] = "ipv4:10.0.0.7:4711";

class LoginsTest : public ::testing::Test {
 protected:
  LoginsTest() {
    User jane;
    jane.name = "jane";
    jane.roles = {"connector"};
    KeepPassword("jane's", Wires(), &jane);
    EXPECT_TRUE(store_.CreateUser(jane).ok());
    User cert;
    cert.name = "cert";
    cert.roles = {"monitor"};
    EXPECT_TRUE(store_.CreateUser(cert).ok());
    EXPECT_TRUE(users_.Refresh().ok());
  }

  // "jane: connector", or the reason of the refusal.
  std::string Login(const std::string& user, const std::string& password,
                    const std::string& peer = kFar) {
    return Said(logins_.Check({rpc::BasicAuthorization({user, password, ""}), "", peer}));
  }
  std::string Bearer(const std::string& token) {
    return Said(logins_.Check({absl::StrCat("Bearer ", token), "", kFar}));
  }
  static std::string Said(const absl::StatusOr<Identity>& identity) {
    if (!identity.ok()) return ErrorReason(identity.status());
    return absl::StrCat(identity->user, ": ",
                        identity->roles.empty() ? "" : identity->roles.front());
  }
  std::string TokenOf(const std::string& user, absl::Duration lifetime = absl::Hours(1)) {
    const UserDirectory::Users users = users_.Get();
    return access::MakeToken(access::TokenKey(users->key), user, users->users.at(user).verifier,
                             clock_.Now() + lifetime);
  }
  User Jane() { return users_.Get()->users.at("jane"); }
  void Update(const User& user) {
    ASSERT_TRUE(store_.UpdateUser(user).ok());
    ASSERT_TRUE(users_.Refresh().ok());
  }
  void FailMany(const std::string& user, const std::string& peer) {
    for (int i = 0; i < 8; ++i) Login(user, absl::StrCat("wrong", i), peer);
  }

  ManualClock clock_;
  rpc::Metrics metrics_;
  MemoryStore store_;
  UserDirectory users_{{}, &store_, &clock_, [] { return true; }, [] {}};
  std::vector<std::string> told_;
  LoginAudit audit_{{}, &clock_, [this](const std::string& text) { told_.push_back(text); }};
  Logins logins_{{.admin = kAdmin}, &users_, &audit_, &metrics_, &clock_};
};

TEST_F(LoginsTest, LetsUsersInByTheirPasswords) {
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
  EXPECT_EQ(Login("jane", "joe's"), "WRONG_LOGIN");
  EXPECT_EQ(Login("nobody", "jane's"), "WRONG_LOGIN");
  EXPECT_EQ(Login("cert", ""), "WRONG_LOGIN");
  EXPECT_EQ(Said(logins_.Check({"", "", kFar})), "LOGIN_REQUIRED");
  EXPECT_EQ(Said(logins_.Check({"Digest x", "", kFar})), "MALFORMED_LOGIN");
}

TEST_F(LoginsTest, TheAdminNeedsNoStore) {
  store_.SetUnavailable(true);
  UserDirectory none(
      {}, &store_, &clock_, [] { return true; }, [] {});
  Logins logins({.admin = kAdmin}, &none, &audit_, &metrics_, &clock_);
  EXPECT_EQ(Said(logins.Check({rpc::BasicAuthorization(kAdmin), "", kFar})), "admin: superadmin");
  EXPECT_EQ(Said(logins.Check({rpc::BasicAuthorization({"jane", "jane's", ""}), "", kFar})),
            "USERS_NOT_LOADED");
  EXPECT_EQ(Said(logins.Check({rpc::BasicAuthorization({"admin", "x", ""}), "", kFar})),
            "WRONG_LOGIN");
}

TEST_F(LoginsTest, UsersAreKnownWhileTheStoreIsDown) {
  store_.SetUnavailable(true);
  EXPECT_FALSE(users_.Refresh().ok());
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
}

TEST_F(LoginsTest, TheAdminsPasswordIsThatOfItsFileWhateverTheStoreSays) {
  User admin;
  admin.name = "admin";
  admin.roles = {"superadmin"};
  KeepPassword("of the store", Wires(), &admin);
  ASSERT_TRUE(store_.CreateUser(admin).ok());
  ASSERT_TRUE(users_.Refresh().ok());
  EXPECT_EQ(Login("admin", "of the store"), "WRONG_LOGIN");
  EXPECT_EQ(Login("admin", "admin's"), "admin: superadmin");
}

TEST_F(LoginsTest, WhatChangesCountsAtOnce) {
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
  User jane = Jane();
  KeepPassword("new", Wires(), &jane);
  Update(jane);
  EXPECT_EQ(Login("jane", "jane's"), "WRONG_LOGIN");
  EXPECT_EQ(Login("jane", "new"), "jane: connector");
  jane = Jane();
  jane.disabled = true;
  Update(jane);
  EXPECT_EQ(Login("jane", "new"), "WRONG_LOGIN");
}

TEST_F(LoginsTest, APasswordThatWasRightCostsNoSecondScrypt) {
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
  const absl::Duration before = RealClock::Get()->MonotonicNow();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(Login("jane", "jane's"), "jane: connector");
  // A thousand scrypts would take ten times as long, on any machine.
  EXPECT_LT(RealClock::Get()->MonotonicNow() - before, absl::Seconds(3));
}

TEST_F(LoginsTest, WhoFailsTooOftenWaitsEvenWithTheRightPassword) {
  FailMany("jane", kFar);
  EXPECT_EQ(Login("jane", "jane's"), "TOO_MANY_FAILED_LOGINS");
  EXPECT_EQ(Login("jane", "jane's", "ipv4:10.0.0.8:1"), "jane: connector");
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
}

TEST_F(LoginsTest, TheAdminIsNeverKeptOutFromThisMachine) {
  FailMany("admin", kNear);
  EXPECT_EQ(Login("admin", "wrong", kNear), "TOO_MANY_FAILED_LOGINS");
  EXPECT_EQ(Login("admin", "admin's", kNear), "admin: superadmin");
  FailMany("admin", kFar);
  EXPECT_EQ(Login("admin", "admin's", kFar), "TOO_MANY_FAILED_LOGINS");
}

TEST_F(LoginsTest, FailuresAreCountedAndTold) {
  Login("jane", "wrong");
  Login("jane", "wrong");
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "grpc"}}).Value(), 2);
  audit_.Tick();
  EXPECT_EQ(told_, std::vector<std::string>{"2 logins failed as 'jane' by grpc from 10.0.0.7"});
}

TEST_F(LoginsTest, ATokenLogsInUntilItExpires) {
  const std::string token = TokenOf("jane");
  EXPECT_EQ(Bearer(token), "jane: connector");
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Bearer(token), "WRONG_TOKEN");
  EXPECT_EQ(Bearer("weft1.x"), "WRONG_TOKEN");
}

TEST_F(LoginsTest, WhoComesWithAnOldTokenKeepsNobodyOut) {
  const std::string token = TokenOf("jane", absl::Seconds(1));
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Bearer(token), "WRONG_TOKEN");
  EXPECT_EQ(Login("jane", "jane's"), "jane: connector");
  audit_.Tick();
  EXPECT_TRUE(told_.empty());
}

TEST_F(LoginsTest, ATokenEndsWithThePasswordTheKeyOrTheUser) {
  std::string token = TokenOf("jane");
  User jane = Jane();
  KeepPassword("new", Wires(), &jane);
  Update(jane);
  EXPECT_EQ(Bearer(token), "WRONG_TOKEN");

  token = TokenOf("jane");
  ASSERT_TRUE(store_.SetUserKey(std::string(32, 'k')).ok());
  ASSERT_TRUE(users_.Refresh().ok());
  EXPECT_EQ(Bearer(token), "WRONG_TOKEN");

  token = TokenOf("jane");
  EXPECT_EQ(Bearer(token), "jane: connector");
  ASSERT_TRUE(store_.DeleteUser("jane", Jane().revision).ok());
  ASSERT_TRUE(users_.Refresh().ok());
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Bearer(token), "WRONG_TOKEN");
}

TEST_F(LoginsTest, ACertificateIsTheUserOfItsName) {
  EXPECT_EQ(Said(logins_.Check({"", "cert", kFar})), "cert: monitor");
  EXPECT_EQ(Said(logins_.Check({"", "stranger", kFar})), "UNKNOWN_CERTIFICATE");
  // What a client says it is goes before what it has.
  EXPECT_EQ(Said(logins_.Check({rpc::BasicAuthorization({"jane", "jane's", ""}), "cert", kFar})),
            "jane: connector");
}

TEST_F(LoginsTest, WithoutAnAdminNobodyNeedsALogin) {
  Logins open({}, &users_, &audit_, &metrics_, &clock_);
  EXPECT_EQ(Said(open.Check({"", "", kFar})), ": superadmin");
  EXPECT_TRUE(open.IsSuperadmin(""));
  EXPECT_FALSE(open.IsSuperadmin("jane"));
}

TEST_F(LoginsTest, ManyPasswordsAtOnceAreBounded) {
  Logins::Options options = {.admin = kAdmin};
  options.max_checking = 1;
  options.max_waiting = 1;
  Logins busy(options, &users_, &audit_, &metrics_, &clock_);
  constexpr int kClients = 16;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  std::atomic<int> refused{0};
  std::atomic<int> wrong{0};
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      const std::string said = Said(
          busy.Check({rpc::BasicAuthorization({absl::StrCat("user", i), "wrong", ""}), "", kFar}));
      if (said == "LOGINS_BUSY") ++refused;
      if (said == "WRONG_LOGIN") ++wrong;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(refused + wrong, 16);
  EXPECT_GE(wrong, 1);
}

}  // namespace
}  // namespace weft::controller
