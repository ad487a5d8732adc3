#include "services/controller/login_audit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/manual_clock.h"

namespace weft::controller {
namespace {

using ::testing::Test;

class LoginAuditTest : public Test {
 protected:
  void Fail(const std::string& user, int times = 1) {
    for (int i = 0; i < times; ++i) audit_.Failed({"grpc", user, "10.0.0.1", "", 1});
  }
  std::vector<std::string> Told() {
    audit_.Tick();
    return std::exchange(told_, {});
  }

  ManualClock clock_;
  std::vector<std::string> told_;
  LoginAudit audit_{{}, &clock_, [this](const std::string& text) { told_.push_back(text); }};
};

TEST_F(LoginAuditTest, TellsTheFirstAtOnceAndTheNextOnesTogether) {
  Fail("jane");
  EXPECT_EQ(Told(), std::vector<std::string>{"a login failed as 'jane' by grpc from 10.0.0.1"});
  Fail("jane", 5);
  EXPECT_TRUE(Told().empty());
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Told(), std::vector<std::string>{"5 logins failed as 'jane' by grpc from 10.0.0.1"});
}

TEST_F(LoginAuditTest, ForgetsWhoFailsNoMore) {
  Fail("jane");
  Told();
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Told().empty());
  Fail("jane");
  EXPECT_EQ(Told().size(), 1u);
}

TEST_F(LoginAuditTest, WhatDoesNotFitIsTold) {
  for (int i = 0; i < 5000; ++i) Fail(absl::StrCat("user", i));
  const std::vector<std::string> told = Told();
  ASSERT_EQ(told.size(), 4097u);
  EXPECT_EQ(told.back(), "904 logins failed as others");
}

TEST_F(LoginAuditTest, NamesOfClientsDoNotForgeTheRecord) {
  Fail(absl::StrCat("a'\n\x1b[2J", std::string(1000, 'x')));
  const std::string told = Told().at(0);
  EXPECT_LT(told.size(), 150u);
  EXPECT_EQ(told.find_first_of("\n\x1b"), std::string::npos);
}

TEST_F(LoginAuditTest, SaysAtWhichGateway) {
  audit_.Failed({"xmlrpc", "jane", "10.0.0.1", "gateway-2", 3});
  EXPECT_EQ(Told().at(0), "3 logins failed as 'jane' by xmlrpc from 10.0.0.1 at gateway-2");
}

}  // namespace
}  // namespace weft::controller
