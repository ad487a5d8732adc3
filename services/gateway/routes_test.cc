#include "services/gateway/routes.h"

#include "common/base/manual_clock.h"
#include "gtest/gtest.h"

namespace weft::gateway {
namespace {

constexpr char kUuid[] = "a1b2c3d4-0000-1111-2222-333344445555";

std::shared_ptr<const RouteSnapshot> Shop(bool active = true) {
  RoutedGroup shop;
  shop.id = "shop";
  shop.active = active;
  shop.primary = kUuid;
  shop.servers.push_back({kUuid, {"db1", 3306}, ServerStatus::kPrimary, ServerMode::kReadWrite, 1});
  return MakeRouteSnapshot({{"shop", std::make_shared<const RoutedGroup>(shop)}});
}

TEST(RoutesTest, KnowNothingBeforeTheFirstPush) {
  ManualClock clock;
  EXPECT_EQ(Routes(&clock).Get(), nullptr);
}

TEST(RoutesTest, FindAServerByItsUuidAndByItsAddress) {
  const auto snapshot = Shop();
  ASSERT_EQ(snapshot->by_uuid.count(kUuid), 1u);
  ASSERT_EQ(snapshot->by_address.count("db1:3306"), 1u);
  EXPECT_EQ(snapshot->by_uuid.at(kUuid).server, snapshot->by_address.at("db1:3306").server);
  EXPECT_EQ(snapshot->by_uuid.at(kUuid).group->id, "shop");
  EXPECT_EQ(snapshot->Find("A1B2C3D4-0000-1111-2222-333344445555"), &snapshot->by_uuid.at(kUuid));
  EXPECT_EQ(snapshot->Find("db1:3306"), &snapshot->by_address.at("db1:3306"));
  EXPECT_EQ(snapshot->Find("db1"), nullptr);
}

TEST(RoutesTest, GoOnAndGrowStaleWhileNoControllerIsHeard) {
  ManualClock clock;
  Routes routes(&clock);
  routes.SetConnected(true);
  routes.Set(Shop());
  routes.SetLag(kUuid, absl::Seconds(2));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(routes.Staleness(), absl::ZeroDuration());

  routes.SetConnected(false);
  clock.Advance(absl::Seconds(7));
  routes.SetConnected(false);
  EXPECT_EQ(routes.Staleness(), absl::Seconds(7));
  EXPECT_NE(routes.Get(), nullptr);
  EXPECT_EQ(routes.LagOf(kUuid), absl::Seconds(2));

  routes.SetConnected(true);
  EXPECT_EQ(routes.Staleness(), absl::ZeroDuration());
}

TEST(RoutesTest, KnowNoLagWhereNobodyIsToWatch) {
  ManualClock clock;
  Routes routes(&clock);
  routes.SetLag(kUuid, absl::Seconds(2));
  EXPECT_EQ(routes.LagOf(kUuid), std::nullopt);
  routes.Set(Shop());
  EXPECT_EQ(routes.LagOf(kUuid), absl::Seconds(2));
  routes.Set(Shop(/*active=*/false));
  EXPECT_EQ(routes.LagOf(kUuid), std::nullopt);
  routes.Set(MakeRouteSnapshot({}));
  routes.Set(Shop());
  EXPECT_EQ(routes.LagOf(kUuid), std::nullopt);
}

TEST(RoutesTest, KnowNoLagOfAServerThatDoesNotReplicate) {
  ManualClock clock;
  Routes routes(&clock);
  routes.Set(Shop());
  routes.SetLag(kUuid, absl::Seconds(2));
  routes.SetLag(kUuid, std::nullopt);
  EXPECT_EQ(routes.LagOf(kUuid), std::nullopt);
}

}  // namespace
}  // namespace weft::gateway
