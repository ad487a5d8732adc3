#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "gtest/gtest.h"
#include "services/controller/ports/farm.h"
#include "tests/contract/farm_under_test.h"

namespace weft::controller {

struct FarmContractParam {
  std::string name;  // for the test's name: letters and digits
  // Fails (as a test) rather than skips when it cannot be made.
  std::function<absl::StatusOr<std::unique_ptr<FarmUnderTest>>()> make;
};

// Instantiate with
//   INSTANTIATE_TEST_SUITE_P(Simulated, FarmContract, ::testing::Values(FarmContractParam{...}),
//                            FarmContractName);
// and link farm_contract.
class FarmContract : public ::testing::TestWithParam<FarmContractParam> {
 protected:
  static constexpr absl::Duration kLook = absl::Seconds(1);
  static constexpr absl::Duration kStep = absl::Seconds(10);

  void SetUp() override;

  FarmUnderTest& under_test() { return *under_test_; }
  Farm& farm() { return under_test_->farm(); }

  ServerUuid server(int index) const { return group_.servers.at(index).uuid; }
  // The record that looks and steps are given; tests change it as a store would.
  Group& group() { return group_; }

  Observation See(int index);
  absl::Status Do(const Step& step) { return farm().Apply(group_, step, kStep); }
  Follow FollowStep(int replica, int source, bool acknowledge) const;
  absl::Status Write(int index, absl::Duration patience = absl::Seconds(5)) {
    return under_test_->Write(server(index), patience);
  }

  // Looks until `holds`, at most 10 s; returns the last look.
  Observation Until(int index, const std::function<bool(const Observation&)>& holds);

  // Makes `primary` writable and the others its replicas. Under lossless they acknowledge and one
  // of them must.
  void SetUpGroup(int primary);

 private:
  std::unique_ptr<FarmUnderTest> under_test_;
  Group group_;
};

std::string FarmContractName(const ::testing::TestParamInfo<FarmContractParam>& info);

}  // namespace weft::controller
