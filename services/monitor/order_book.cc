#include "services/monitor/order_book.h"

#include <tuple>

namespace weft::monitor {
namespace {

// Whether `earlier` counts all the same. Not where one of them says no term, as controllers did
// before there was one in the list.
bool Outranks(const Order& earlier, const Order& later) {
  if (earlier.term == 0 || later.term == 0) return false;
  return std::tie(earlier.term, earlier.leading) > std::tie(later.term, later.leading);
}

}  // namespace

void OrderBook::Take(const std::string& controller, std::optional<Order> order) {
  std::erase_if(orders_, [&](const auto& known) { return known.first == controller; });
  if (order.has_value()) orders_.emplace_back(controller, *std::move(order));
}

const Order* OrderBook::Best() const {
  const Order* best = nullptr;
  for (auto it = orders_.rbegin(); it != orders_.rend(); ++it) {
    if (best == nullptr || Outranks(it->second, *best)) best = &it->second;
  }
  return best;
}

}  // namespace weft::monitor
