#include "common/model/group.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(GroupTest, FindsAServerByItsUuid) {
  const ServerUuid a = *ServerUuid::Parse("aaaaaaaa-0000-0000-0000-000000000000");
  const ServerUuid b = *ServerUuid::Parse("bbbbbbbb-0000-0000-0000-000000000000");
  Group group;
  group.servers.resize(1);
  group.servers[0].uuid = a;
  ASSERT_NE(group.Find(a), nullptr);
  EXPECT_EQ(group.Find(a), &group.servers[0]);
  EXPECT_EQ(group.Find(b), nullptr);
  EXPECT_EQ(group.Find(ServerUuid()), nullptr);
}

TEST(GroupTest, ParsesEachDurabilityThatItPrints) {
  EXPECT_EQ(ParseDurability("LOSSLESS"), Durability::kLossless);
  EXPECT_EQ(ParseDurability(ToString(Durability::kAsync)), Durability::kAsync);
  EXPECT_EQ(ParseDurability("sync"), std::nullopt);
}

}  // namespace
}  // namespace weft
