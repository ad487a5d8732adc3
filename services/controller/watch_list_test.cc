#include "services/controller/watch_list.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace weft::controller {
namespace {

Group WithOneServer(const std::string& id) {
  Group group;
  group.id = id;
  group.active = true;
  Server server;
  server.uuid = ServerUuid::Parse("11111111-0000-4000-8000-000000000000").value();
  server.address = {"10.0.0.1", 3306};
  group.servers.push_back(server);
  return group;
}

class WatchListTest : public ::testing::Test {
 protected:
  WatchListTest() {
    board_.listeners().Subscribe([this] { ++calls_; });
  }

  WatchListBoard board_;
  int calls_ = 0;
};

TEST_F(WatchListTest, SaysNothingBeforeTheGroupsWereRead) {
  EXPECT_FALSE(board_.Now().has_value());
  board_.Take(WithOneServer("g1"), false);
  EXPECT_FALSE(board_.Now().has_value());
  board_.SetLoaded(4, false);
  ASSERT_TRUE(board_.Now().has_value());
  EXPECT_EQ(board_.Now()->servers_size(), 1);
}

TEST_F(WatchListTest, AStoreWithoutGroupsIsAListToo) {
  board_.SetLoaded(4, false);
  ASSERT_TRUE(board_.Now().has_value());
  EXPECT_EQ(board_.Now()->servers_size(), 0);
}

TEST_F(WatchListTest, SaysUnderWhichTermTheGroupsWereReadAndWhoseItIs) {
  board_.SetLoaded(4, false);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(board_.Now()->term(), 4u);
  EXPECT_FALSE(board_.Now()->leading());
  board_.SetLoaded(4, false);  // the same again
  EXPECT_EQ(calls_, 1);
  board_.SetLoaded(5, true);
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(board_.Now()->term(), 5u);
  EXPECT_TRUE(board_.Now()->leading());
}

TEST_F(WatchListTest, IsToldAnewWhenAServerMoves) {
  board_.SetLoaded(4, true);
  board_.Take(WithOneServer("g1"), false);
  EXPECT_EQ(calls_, 2);
  board_.Take(WithOneServer("g1"), false);
  EXPECT_EQ(calls_, 2);
  Group moved = WithOneServer("g1");
  moved.servers.front().address.port = 3307;
  board_.Take(moved, false);
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(board_.Now()->servers(0).address(), "10.0.0.1:3307");
}

}  // namespace
}  // namespace weft::controller
