#include "tests/workload/ledger.h"

#include <gtest/gtest.h>

namespace weft::testing {
namespace {

TEST(LedgerTest, CountsAnAcknowledgedRowThatIsMissingAsLost) {
  Ledger ledger;
  ledger.Acknowledged(1, "a", absl::Milliseconds(1));
  ledger.Acknowledged(2, "a", absl::Milliseconds(2));
  const Ledger::Audit audit = ledger.Compare({2});
  EXPECT_EQ(audit.acked, 2u);
  EXPECT_EQ(audit.lost, 1u);
  EXPECT_EQ(audit.lost_ids, std::vector<uint64_t>{1});
}

TEST(LedgerTest, ARowWithoutAnOkIsNeitherLostNorDuplicated) {
  Ledger ledger;
  ledger.Acknowledged(1, "a", absl::Milliseconds(1));
  const Ledger::Audit audit = ledger.Compare({1, 7});
  EXPECT_EQ(audit.lost, 0u);
  EXPECT_EQ(audit.duplicated, 0u);
  EXPECT_EQ(audit.unasked, 1u);
}

TEST(LedgerTest, CountsARowThatIsThereTwice) {
  Ledger ledger;
  ledger.Acknowledged(1, "a", absl::Milliseconds(1));
  EXPECT_EQ(ledger.Compare({1, 1}).duplicated, 1u);
}

TEST(LedgerTest, MeasuresTheGapOfAMove) {
  Ledger ledger;
  ASSERT_NE(ledger.Acknowledged(1, "a", absl::Milliseconds(10)), nullptr);
  EXPECT_EQ(ledger.Acknowledged(2, "a", absl::Milliseconds(15)), nullptr);
  const Ledger::Move* move = ledger.Acknowledged(3, "b", absl::Milliseconds(115));
  ASSERT_NE(move, nullptr);
  EXPECT_EQ(move->from, "a");
  EXPECT_EQ(move->to, "b");
  EXPECT_EQ(move->gap(), absl::Milliseconds(100));
  EXPECT_EQ(ledger.longest_gap(), absl::Milliseconds(100));
}

}  // namespace
}  // namespace weft::testing
