#include "services/controller/mysql/term_gate.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

TEST(TermGateTest, NobodyMayActBeforeATermIsSet) {
  TermGate gate;
  EXPECT_EQ(gate.term(), 0u);
  EXPECT_EQ(ErrorReason(gate.Check(0)), "TERM_MOVED");
}

TEST(TermGateTest, OnlyThePresentTermMayAct) {
  TermGate gate;
  gate.Set(7, nullptr);
  EXPECT_TRUE(gate.Check(7).ok());
  EXPECT_EQ(gate.Check(6).code(), absl::StatusCode::kAborted);
  gate.Set(8, nullptr);
  EXPECT_EQ(gate.Check(7).code(), absl::StatusCode::kAborted);
  gate.Set(0, nullptr);
  EXPECT_EQ(gate.Check(8).code(), absl::StatusCode::kAborted);
}

TEST(TermGateTest, ALapsedLeaseMayNotActAndAsksEachTime) {
  TermGate gate;
  bool leading = true;
  gate.Set(7, [&leading] { return leading; });
  EXPECT_TRUE(gate.Check(7).ok());
  leading = false;
  EXPECT_EQ(gate.Check(7).code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace weft::controller
