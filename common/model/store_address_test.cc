#include "common/model/store_address.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(StoreAddressTest, NamesOneServerOrTheMembersOfACluster) {
  const auto one = ParseStoreAddress({"db:3306"});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(*one, (std::vector<HostPort>{{"db", 3306}}));
  const auto three = ParseStoreAddress({"a:3306", "b:3307", "[::1]:3308"});
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(*three, (std::vector<HostPort>{{"a", 3306}, {"b", 3307}, {"::1", 3308}}));
}

TEST(StoreAddressTest, AMemberNamedTwiceIsRefused) {
  const absl::Status status = ParseStoreAddress({"a:3306", "b:3306", "a:3306"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "names a member twice")) << status;
}

TEST(StoreAddressTest, NothingAndWhatIsNoAddressAreRefused) {
  EXPECT_TRUE(absl::StrContains(ParseStoreAddress({}).status().message(), "names nothing"));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseStoreAddress({"db:port"}).status()));
}

}  // namespace
}  // namespace weft
