#include "services/controller/mysql/store_circuit.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kRest = absl::Milliseconds(100);
const absl::Status kDown = absl::UnavailableError("refused");

TEST(StoreCircuitTest, LetsEverybodyTryWhileNothingFailed) {
  StoreCircuit circuit(kRest);
  EXPECT_TRUE(circuit.Admit(absl::ZeroDuration()).ok());
  EXPECT_TRUE(circuit.Admit(absl::ZeroDuration()).ok());
}

TEST(StoreCircuitTest, GivesTheLastErrorAtOnceWhileItRests) {
  StoreCircuit circuit(kRest);
  circuit.Report(kDown, absl::ZeroDuration());
  EXPECT_EQ(circuit.Admit(absl::Milliseconds(99)), kDown);
}

TEST(StoreCircuitTest, LetsOneCallerAtATimeTryAfterTheRest) {
  StoreCircuit circuit(kRest);
  circuit.Report(kDown, absl::ZeroDuration());
  EXPECT_TRUE(circuit.Admit(kRest).ok());
  EXPECT_EQ(circuit.Admit(kRest), kDown);
  circuit.Report(kDown, kRest);
  EXPECT_EQ(circuit.Admit(kRest + absl::Milliseconds(50)), kDown);
  EXPECT_TRUE(circuit.Admit(2 * kRest).ok());
}

TEST(StoreCircuitTest, LetsEverybodyTryAgainAfterASuccess) {
  StoreCircuit circuit(kRest);
  circuit.Report(kDown, absl::ZeroDuration());
  circuit.Report(absl::OkStatus(), absl::Milliseconds(1));
  EXPECT_TRUE(circuit.Admit(absl::Milliseconds(1)).ok());
  EXPECT_TRUE(circuit.Admit(absl::Milliseconds(1)).ok());
}

}  // namespace
}  // namespace weft::controller
