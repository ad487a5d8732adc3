// In whose name the controllers are asked, and when a change is answered.
#include "services/gateway/commands/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "common/rpc/controllers.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/threats.grpc.pb.h"
#include "protos/weft/v1/topology.grpc.pb.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// A controller that knows one group, "g", and whose every report leads to a failover.
class Recorder : public v1::Threats::Service,
                 public v1::Operations::Service,
                 public v1::Topology::Service {
 public:
  grpc::Status ReportFailure(grpc::ServerContext* context, const v1::ReportThreatRequest*,
                             v1::ReportThreatResponse* response) override {
    Note("report", *context);
    response->mutable_operation()->set_name("operations/o");
    response->mutable_operation()->set_state(v1::Operation::RUNNING);
    return grpc::Status::OK;
  }
  grpc::Status WaitOperation(grpc::ServerContext* context, const v1::WaitOperationRequest*,
                             v1::Operation* response) override {
    Note("wait", *context);
    response->set_name("operations/o");
    response->set_state(v1::Operation::SUCCEEDED);
    return grpc::Status::OK;
  }
  grpc::Status GetTopology(grpc::ServerContext* context, const v1::GetTopologyRequest*,
                           v1::TopologyUpdate* response) override {
    Note("topology", *context);
    response->add_groups()->set_name("groups/g");
    return grpc::Status::OK;
  }
  // Callers of each method; "" is the gateway itself.
  std::map<std::string, std::set<std::string>> callers() const {
    MutexLock lock(&mutex_);
    return callers_;
  }

 private:
  void Note(const std::string& method, const grpc::ServerContext& context) {
    const auto found = context.client_metadata().find("weft-on-behalf-of");
    MutexLock lock(&mutex_);
    callers_[method].insert(found == context.client_metadata().end()
                                ? ""
                                : std::string(found->second.data(), found->second.size()));
  }

  mutable Mutex mutex_;
  std::map<std::string, std::set<std::string>> callers_ ABSL_GUARDED_BY(mutex_);
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(static_cast<v1::Threats::Service*>(&controller_));
    builder.RegisterService(static_cast<v1::Operations::Service*>(&controller_));
    builder.RegisterService(static_cast<v1::Topology::Service*>(&controller_));
    server_ = builder.BuildAndStart();
    rpc::ChannelOptions options;
    options.address = absl::StrCat("127.0.0.1:", port);
    here_ = std::make_unique<Surroundings>(Surroundings{
        .client = rpc::LeaderClient(rpc::Controllers::Create({options}).value(), &interrupt_)});
    here_->routes = &routes_;
    here_->lookups = &lookups_;
    here_->clock = RealClock::Get();
    here_->settle_deadline = absl::Seconds(60);
    Push("g", "g-1");
  }
  ~SessionTest() override { server_->Shutdown(); }

  // Lookups know one group with one server from now on.
  void Push(const std::string& id, const std::string& server) {
    auto group = std::make_shared<RoutedGroup>();
    group->id = id;
    if (!server.empty()) group->servers.push_back({server, {id, 1}});
    routes_.Set(MakeRouteSnapshot({{id, group}}));
  }
  absl::StatusOr<Deed> ReportFailure() {
    Session session(here_.get(), "app", "r", Deadline::After(here_->clock, absl::Seconds(60)));
    return FindHandler("threat.report_failure")
        ->procedure(session, {{"g-1"}, {"me"}, {"dead"}, {false}, {true}});
  }

  Recorder controller_;
  std::unique_ptr<grpc::Server> server_;
  Interrupt interrupt_;
  Routes routes_{RealClock::Get()};
  Lookups lookups_{&routes_, {}};
  std::unique_ptr<Surroundings> here_;
};

TEST_F(SessionTest, ReportsForTheCallerAndWaitsForItself) {
  std::future<absl::StatusOr<Deed>> reported =
      std::async(std::launch::async, [this] { return ReportFailure(); });
  while (controller_.callers().count("topology") == 0) {
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  // Lookups show the group with a server that the controller no longer has.
  EXPECT_EQ(reported.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  Push("g", "");
  const absl::StatusOr<Deed> deed = reported.get();
  ASSERT_TRUE(deed.ok()) << deed.status();
  EXPECT_EQ(deed->actions.size(), 5u);
  EXPECT_THAT(controller_.callers(),
              ElementsAre(Pair("report", ElementsAre("app")), Pair("topology", ElementsAre("")),
                          Pair("wait", ElementsAre(""))));
}

TEST_F(SessionTest, AnswersAtLastThoughLookupsDoNotFollow) {
  here_->settle_deadline = absl::Milliseconds(20);
  EXPECT_TRUE(ReportFailure().ok());
}

TEST_F(SessionTest, EndsItsCallsWhenTheGatewayStops) {
  interrupt_.Raise();
  const absl::StatusOr<Deed> deed = ReportFailure();
  ASSERT_TRUE(IsFabricError(deed.status())) << deed.status();
  EXPECT_THAT(PlainText(deed.status()), testing::HasSubstr("is being stopped"));
}

}  // namespace
}  // namespace weft::gateway
