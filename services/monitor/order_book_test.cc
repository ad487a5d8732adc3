#include "services/monitor/order_book.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace weft::monitor {
namespace {

// Named by its only server's host.
Order Of(const std::string& name, uint64_t term, bool leading = false) {
  Order order;
  order.servers.push_back({ServerUuid(), HostPort{name, 3306}});
  order.term = term;
  order.leading = leading;
  return order;
}

class OrderBookTest : public testing::Test {
 protected:
  std::string Best() const {
    const Order* const best = book_.Best();
    if (best == nullptr) return "none";
    return best->servers.empty() ? "empty" : best->servers.front().address.host;
  }

  OrderBook book_;
};

TEST_F(OrderBookTest, OneControllersLastWordCounts) {
  EXPECT_EQ(Best(), "none");
  book_.Take("c1", Of("old", 7, true));
  book_.Take("c1", Of("new", 7, true));
  EXPECT_EQ(Best(), "new");
  book_.Take("c1", Order{.term = 7, .leading = true});
  EXPECT_EQ(Best(), "empty");
}

TEST_F(OrderBookTest, AControllerThatKnowsAnOlderTermDoesNotCount) {
  book_.Take("c1", Of("leader", 7, true));
  book_.Take("c2", Of("cut off", 6));
  EXPECT_EQ(Best(), "leader");
  book_.Take("c2", Of("deposed", 6, true));
  EXPECT_EQ(Best(), "leader");
  book_.Take("c2", Of("next leader", 8, true));
  EXPECT_EQ(Best(), "next leader");
}

TEST_F(OrderBookTest, OfOneTermTheLeadersCountsWhicheverCameLast) {
  book_.Take("c1", Of("follower", 7));
  EXPECT_EQ(Best(), "follower");
  book_.Take("c2", Of("leader", 7, true));
  EXPECT_EQ(Best(), "leader");
  book_.Take("c1", Of("follower again", 7));
  EXPECT_EQ(Best(), "leader");
}

TEST_F(OrderBookTest, WithoutTheLeaderTheLastThatCameCounts) {
  book_.Take("c1", Of("leader", 7, true));
  book_.Take("c2", Of("second", 7));
  book_.Take("c3", Of("third", 7));
  book_.Take("c1", std::nullopt);
  EXPECT_EQ(Best(), "third");
  book_.Take("c3", std::nullopt);
  EXPECT_EQ(Best(), "second");
  book_.Take("c2", std::nullopt);
  EXPECT_EQ(Best(), "none");
}

TEST_F(OrderBookTest, AnOlderVersionsOrderCountsWhenItComes) {
  book_.Take("c1", Of("new version", 7, true));
  book_.Take("c2", Of("old version", 0));
  EXPECT_EQ(Best(), "old version");
  book_.Take("c1", Of("new version", 7, true));
  EXPECT_EQ(Best(), "new version");
}

}  // namespace
}  // namespace weft::monitor
