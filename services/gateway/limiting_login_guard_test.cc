#include "services/gateway/limiting_login_guard.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::gateway {
namespace {

TEST(FailedLoginTableTest, CountsWhatIsTheSame) {
  FailedLoginTable table(10);
  table.Add("xmlrpc", "jane", "10.0.0.1", absl::FromUnixSeconds(5));
  table.Add("xmlrpc", "jane", "10.0.0.1", absl::FromUnixSeconds(7));
  table.Add("mysql", "jane", "10.0.0.1", absl::FromUnixSeconds(6));
  const v1::ReportLoginsRequest report = table.Take();
  ASSERT_EQ(report.failures_size(), 2);
  EXPECT_EQ(report.failures(0).protocol(), "mysql");
  EXPECT_EQ(report.failures(1).count(), 2u);
  EXPECT_EQ(report.failures(1).last_time().seconds(), 7);
  EXPECT_TRUE(table.empty());
}

TEST(FailedLoginTableTest, WhatDoesNotFitIsCounted) {
  FailedLoginTable table(10);
  for (int i = 0; i < 100; ++i) table.Add("xmlrpc", absl::StrCat("u", i), "p", absl::UnixEpoch());
  const v1::ReportLoginsRequest report = table.Take();
  EXPECT_EQ(report.failures_size(), 10);
  EXPECT_EQ(report.others(), 90u);
}

TEST(FailedLoginTableTest, NamesAreCutAndPrintable) {
  FailedLoginTable table(10);
  table.Add("xmlrpc", absl::StrCat("a\xff\n", std::string(1000, 'x')), "p", absl::UnixEpoch());
  EXPECT_EQ(table.Take().failures(0).user(), absl::StrCat("a??", std::string(61, 'x')));
}

// A controller that leads from its second report on.
class FakeUsers : public v1::Users::Service {
 public:
  grpc::Status ReportLogins(grpc::ServerContext*, const v1::ReportLoginsRequest* request,
                            v1::ReportLoginsResponse*) override {
    MutexLock lock(&mutex_);
    if (++calls_ == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "does not lead");
    gateway_ = request->gateway();
    for (const v1::FailedLogins& failure : request->failures()) {
      counts_[absl::StrCat(failure.protocol(), " ", failure.user(), " ", failure.peer())] +=
          failure.count();
    }
    return grpc::Status::OK;
  }
  uint64_t CountOf(const std::string& key) {
    MutexLock lock(&mutex_);
    return counts_[key];
  }
  std::string gateway() {
    MutexLock lock(&mutex_);
    return gateway_;
  }

 private:
  Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string gateway_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

class LimitingLoginGuardTest : public ::testing::Test {
 protected:
  void Start(std::shared_ptr<rpc::Controllers> controllers) {
    LimitingLoginGuards::Options options;
    options.gateway = "gateway-1";
    options.report_period = absl::Milliseconds(5);
    guards_ = std::make_unique<LimitingLoginGuards>(options, std::move(controllers), &metrics_,
                                                    RealClock::Get());
    xmlrpc_ = guards_->For("xmlrpc");
    mysql_ = guards_->For("mysql");
  }

  rpc::Metrics metrics_;
  std::unique_ptr<LimitingLoginGuards> guards_;
  std::unique_ptr<LoginGuard> xmlrpc_;
  std::unique_ptr<LoginGuard> mysql_;
};

TEST_F(LimitingLoginGuardTest, WhoFailsTooOftenWaitsOnEveryWire) {
  Start(nullptr);
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.1:5", "jane"));
  for (int i = 0; i < 20; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  EXPECT_FALSE(xmlrpc_->MayTry("10.0.0.1:6", "jane"));
  EXPECT_FALSE(mysql_->MayTry("10.0.0.1:7", "jane"));
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.2:5", "jane"));
}

TEST_F(LimitingLoginGuardTest, SuccessForgets) {
  Start(nullptr);
  for (int i = 0; i < 10; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  xmlrpc_->Succeeded("10.0.0.1:6", "jane");
  EXPECT_TRUE(xmlrpc_->MayTry("10.0.0.1:7", "jane"));
}

TEST_F(LimitingLoginGuardTest, FailuresAreCountedByProtocol) {
  Start(nullptr);
  xmlrpc_->Failed("10.0.0.1:5", "jane");
  mysql_->Failed("10.0.0.1:5", "jane");
  mysql_->Failed("10.0.0.1:5", "jane");
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "mysql"}}).Value(), 2);
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "xmlrpc"}}).Value(), 1);
}

TEST_F(LimitingLoginGuardTest, FailuresAreReportedUntilAControllerTakesThem) {
  FakeUsers users;
  grpc::ServerBuilder builder;
  builder.RegisterService(&users);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  Start(rpc::Controllers::Of({{"a", true, server->InProcessChannel({})}}));
  for (int i = 0; i < 5; ++i) xmlrpc_->Failed("10.0.0.1:5", "jane");
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
  while (users.CountOf("xmlrpc jane 10.0.0.1") < 5 && !deadline.Passed()) {
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  EXPECT_EQ(users.CountOf("xmlrpc jane 10.0.0.1"), 5u);
  EXPECT_EQ(users.gateway(), "gateway-1");
  xmlrpc_.reset();
  mysql_.reset();
  guards_.reset();
}

}  // namespace
}  // namespace weft::gateway
