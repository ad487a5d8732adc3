#include "common/rpc/login_reports.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::rpc {
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

class LoginReportsTest : public ::testing::Test {
 protected:
  void Start(std::shared_ptr<Controllers> controllers) {
    LoginReports::Options options;
    options.process = "gateway-1";
    options.period = absl::Milliseconds(5);
    reports_ = std::make_unique<LoginReports>(options, std::move(controllers), &metrics_,
                                              RealClock::Get());
  }

  Metrics metrics_;
  std::unique_ptr<LoginReports> reports_;
};

TEST_F(LoginReportsTest, FailuresAreCountedByProtocol) {
  Start(nullptr);
  reports_->Failed("xmlrpc", "jane", "10.0.0.1");
  reports_->Failed("mysql", "jane", "10.0.0.1");
  reports_->Failed("mysql", "jane", "10.0.0.1");
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "mysql"}}).Value(), 2);
  EXPECT_EQ(metrics_.GetCounter("login_failures_total", "", {{"protocol", "xmlrpc"}}).Value(), 1);
}

TEST_F(LoginReportsTest, FailuresAreReportedUntilAControllerTakesThem) {
  FakeUsers users;
  grpc::ServerBuilder builder;
  builder.RegisterService(&users);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  Start(Controllers::Of({{"a", true, server->InProcessChannel({})}}));
  for (int i = 0; i < 5; ++i) reports_->Failed("xmlrpc", "jane", "10.0.0.1");
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
  while (users.CountOf("xmlrpc jane 10.0.0.1") < 5 && !deadline.Passed()) {
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  EXPECT_EQ(users.CountOf("xmlrpc jane 10.0.0.1"), 5u);
  EXPECT_EQ(users.gateway(), "gateway-1");
  reports_.reset();
}

}  // namespace
}  // namespace weft::rpc
