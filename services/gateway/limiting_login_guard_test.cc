#include "services/gateway/limiting_login_guard.h"

#include <gtest/gtest.h>

#include <memory>

#include "common/base/manual_clock.h"
#include "common/rpc/metrics.h"

namespace weft::gateway {
namespace {

class LimitingLoginGuardTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  rpc::Metrics metrics_;
  rpc::LoginReports reports_{{}, nullptr, &metrics_, RealClock::Get()};
  LimitingLoginGuards guards_{{}, &reports_, &clock_};
  const std::unique_ptr<LoginGuard> xmlrpc_ = guards_.For("xmlrpc");
  const std::unique_ptr<LoginGuard> mysql_ = guards_.For("mysql");
};

TEST_F(LimitingLoginGuardTest, WhoFailsTooOftenWaitsOnEveryWire) {
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.1:5", "jane"));
  for (int i = 0; i < 20; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  EXPECT_FALSE(xmlrpc_->MayTry("10.0.0.1:6", "jane"));
  EXPECT_FALSE(mysql_->MayTry("10.0.0.1:7", "jane"));
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.2:5", "jane"));
}

TEST_F(LimitingLoginGuardTest, SuccessForgets) {
  for (int i = 0; i < 10; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  xmlrpc_->Succeeded("10.0.0.1:6", "jane");
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.1:7", "jane"));
}

TEST_F(LimitingLoginGuardTest, SoDoesTime) {
  for (int i = 0; i < 20; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  clock_.Advance(access::LoginLimiter::Options().forget_after);
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.1:6", "jane"));
}

TEST_F(LimitingLoginGuardTest, FailuresAreCountedByTheirWire) {
  mysql_->Failed("10.0.0.1:5", "jane");
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "mysql"}}).Value(), 1);
}

}  // namespace
}  // namespace weft::gateway
