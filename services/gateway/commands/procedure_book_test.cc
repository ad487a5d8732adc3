#include "services/gateway/commands/procedure_book.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace weft::gateway {
namespace {

Ended Done(const std::string& uuid) {
  return {uuid, Deed{{true}, {"_one", "_two"}}, absl::FromUnixMillis(1500),
          absl::FromUnixMillis(2250)};
}

TEST(ProcedureBookTest, MakesThreeRowsForEachJob) {
  const auto sets = SetsOf(Done("p"));
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].rows, (std::vector<fabric::List>{{{"p"}, {true}, {true}, {true}}}));
  ASSERT_EQ(sets[1].rows.size(), 6u);
  EXPECT_EQ(sets[1].rows[1],
            (fabric::List{{int64_t{4}}, {int64_t{2}}, {1.5}, {"Executing action (_one)."}}));
  EXPECT_EQ(sets[1].rows[5],
            (fabric::List{{int64_t{5}}, {int64_t{2}}, {2.25}, {"Executed action (_two)."}}));
}

TEST(ProcedureBookTest, WaitsForTheEndOfWhatItKnows) {
  ProcedureBook book(10);
  EXPECT_FALSE(book.Wait("p", absl::Seconds(10)).has_value());
  book.Begin("p");
  EXPECT_TRUE(book.Knows("p"));
  EXPECT_FALSE(book.Wait("p", absl::ZeroDuration()).has_value());
  std::thread ender([&] { book.End(Done("p")); });
  EXPECT_EQ(book.Wait("p", absl::Seconds(10))->uuid, "p");
  ender.join();
}

TEST(ProcedureBookTest, KeepsTheLastOnesOnly) {
  ProcedureBook book(2);
  for (const char* uuid : {"a", "b", "c"}) book.Begin(uuid);
  for (const char* uuid : {"a", "b", "c"}) book.End(Done(uuid));
  EXPECT_FALSE(book.Knows("a"));
  EXPECT_TRUE(book.Knows("b") && book.Knows("c"));
}

TEST(ProcedureBookTest, LetsNobodyWaitOnceItIsClosed) {
  ProcedureBook book(2);
  book.Begin("p");
  std::thread closer([&] { book.Close(); });
  EXPECT_FALSE(book.Wait("p", absl::Seconds(60)).has_value());
  closer.join();
}

}  // namespace
}  // namespace weft::gateway
