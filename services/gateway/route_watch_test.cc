#include "services/gateway/route_watch.h"

#include <memory>
#include <string>

#include "services/controller/testing/controller_fixture.h"

namespace weft::gateway {
namespace {

using controller::FakeFarm;
using controller::TestController;

// What a gateway hears of real controllers over a store in memory.
class RouteWatchTest : public controller::ControllerFixture {
 protected:
  std::unique_ptr<RouteWatch> Listen(const std::vector<TestController*>& to) {
    std::vector<rpc::Controllers::Controller> controllers;
    controllers.reserve(to.size());
    for (TestController* one : to) {
      controllers.push_back(
          {one->address(), false,
           grpc::CreateChannel(one->address(), grpc::InsecureChannelCredentials())});
    }
    return std::make_unique<RouteWatch>(controllers, &routes_, &metrics_, RealClock::Get());
  }
  // The primary that lookups name; "" while they know of none.
  std::string Primary() {
    const auto snapshot = routes_.Get();
    if (snapshot == nullptr || snapshot->groups.count("g") == 0) return "";
    return snapshot->groups.at("g")->primary;
  }
  static std::string UuidOf(int n) { return FakeFarm::UuidOf(n).text(); }

  Routes routes_{RealClock::Get()};
  rpc::Metrics metrics_;
};

TEST_F(RouteWatchTest, HearsOfGroupsPrimariesAndTheirEnd) {
  const auto watch = Listen({process_.get()});
  MakeGroup(3);
  Await("the group is known with its primary", [&] { return Primary() == UuidOf(1); });
  const auto group = routes_.Get()->groups.at("g");
  ASSERT_EQ(group->servers.size(), 3u);
  EXPECT_EQ(routes_.Get()->by_uuid.at(UuidOf(1)).server->status, ServerStatus::kPrimary);
  EXPECT_FALSE(group->active);

  ASSERT_TRUE(Activate("g").ok());
  Await("it is active", [&] { return routes_.Get()->groups.at("g")->active; });
  Wait(Promote("g", 2)->operation());
  Await("another primary", [&] { return Primary() == UuidOf(2); });

  v1::DestroyGroupRequest destroy;
  destroy.set_name("g");
  destroy.set_force(true);
  ASSERT_TRUE(Call(*groups_, &v1::Groups::Stub::DestroyGroup, destroy).ok());
  Await("the group is gone", [&] { return routes_.Get()->groups.empty(); });
}

TEST_F(RouteWatchTest, HearsOfLag) {
  const auto watch = Listen({process_.get()});
  MakeGroup(2);
  ASSERT_TRUE(Activate("g").ok());
  grpc::ClientContext context;
  const auto stream = health_->Report(&context);
  v1::HealthReport report;
  report.set_observer("m");
  report.set_full_round(true);
  v1::ServerReport* const replica = report.add_servers();
  replica->set_uuid(UuidOf(2));
  replica->set_contact(v1::ServerReport::ANSWERED);
  replica->set_receiver("on");
  replica->set_applier_running(true);
  replica->mutable_lag()->set_seconds(7);
  ASSERT_TRUE(stream->Write(report));
  Await("the lag is known", [&] { return routes_.LagOf(UuidOf(2)) == absl::Seconds(7); });
  EXPECT_EQ(routes_.LagOf(UuidOf(1)), std::nullopt);
  replica->set_applier_running(false);
  ASSERT_TRUE(stream->Write(report));
  Await("it is no lag any more", [&] { return !routes_.LagOf(UuidOf(2)).has_value(); });
  context.TryCancel();
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(RouteWatchTest, GoesOnWithAnotherLeaderAndWithoutAny) {
  MakeGroup(2);
  TestController other("two", database_, &farm_);
  const auto watch = Listen({process_.get(), &other});
  Await("the group is known with its primary", [&] { return Primary() == UuidOf(1); });
  EXPECT_EQ(routes_.Staleness(), absl::ZeroDuration());
  EXPECT_EQ(metrics_.GetGauge("gateway_stale_since_seconds", "").Value(), 0);
  const auto before = routes_.Get();

  process_.reset();
  groups_ = v1::Groups::NewStub(other.channel());
  operations_ = v1::Operations::NewStub(other.channel());
  v1::PromoteGroupRequest promote;
  promote.set_name("g");
  promote.set_server(UuidOf(2));
  Await("the other leads",
        [&] { return Call(*groups_, &v1::Groups::Stub::PromoteGroup, promote).ok(); });
  Await("another primary", [&] { return Primary() == UuidOf(2); });
  EXPECT_EQ(before->groups.at("g")->primary, UuidOf(1));

  other.controller().EndStreams();
  Await("nobody is heard", [&] { return routes_.Staleness() > absl::ZeroDuration(); });
  EXPECT_EQ(Primary(), UuidOf(2));
  EXPECT_EQ(metrics_.GetGauge("gateway_controllers_heard", "").Value(), 0);
  EXPECT_GT(metrics_.GetGauge("gateway_stale_since_seconds", "").Value(), 0);
}

}  // namespace
}  // namespace weft::gateway
