#include "services/controller/with_addresses.h"

#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr char kOne[] = "11111111-0000-4000-8000-000000000000";
constexpr char kTwo[] = "22222222-0000-4000-8000-000000000000";

class WithAddressesTest : public ::testing::Test {
 protected:
  WithAddressesTest() {
    Server server;
    server.uuid = ServerUuid::Parse(kOne).value();
    server.address = HostPort{"db1", 3306};
    group_.servers = {server};
  }
  std::string Of(const std::string& text) { return WithAddresses(text, group_); }

  Group group_;
};

TEST_F(WithAddressesTest, NamesEachServerOfTheGroupByItsAddress) {
  EXPECT_EQ(Of(std::string("fence ") + kOne + "; follow {" + kOne + " " + kTwo + "}"),
            std::string("fence db1:3306; follow {db1:3306 ") + kTwo + "}");
  EXPECT_EQ(Of(std::string("fence ") + kOne + ": no answer"), "fence db1:3306: no answer");
}

TEST_F(WithAddressesTest, LeavesGtidSetsAsTheyAre) {
  const std::string text = std::string("catch up to [") + kOne + ":1-5, " + kOne + ":tag:1]";
  EXPECT_EQ(Of(text), text);
}

TEST_F(WithAddressesTest, LeavesAServerWhoseAddressIsNotKnown) {
  group_.servers[0].address = HostPort();
  EXPECT_EQ(Of(kOne), kOne);
}

}  // namespace
}  // namespace weft::controller
