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

namespace weft::controller {

// A farm with what a test needs around it: servers that can be killed and hung, and a client that
// writes. One suite runs on every implementation, so that what the simulator promises is what real
// servers do.
class FarmUnderTest {
 public:
  virtual ~FarmUnderTest() = default;

  // The farm, under a term of its own, with a lease that holds.
  virtual Farm& farm() = 0;

  // The record of its servers, without a primary: at least three, that are read-only, replicate
  // from nobody, have executed nothing and can replicate from each other.
  virtual Group group() = 0;

  // A client commits one transaction on `server`. OK: it was acknowledged to the client.
  // FAILED_PRECONDITION: the server refuses writes. UNAVAILABLE: it does not answer, or the
  // connection broke. DEADLINE_EXCEEDED: no answer within `patience`; the client has gone away.
  virtual absl::Status Write(const ServerUuid& server, absl::Duration patience) = 0;
  // How many of the transactions acknowledged to clients so far are missing on `server`.
  virtual absl::StatusOr<int> MissingOn(const ServerUuid& server) = 0;

  // kill -9 and start again (until it answers); SIGSTOP and SIGCONT.
  virtual absl::Status Kill(const ServerUuid& server) = 0;
  virtual absl::Status Start(const ServerUuid& server) = 0;
  virtual absl::Status Pause(const ServerUuid& server) = 0;
  virtual absl::Status Resume(const ServerUuid& server) = 0;

  // Lets `time` pass.
  virtual void Wait(absl::Duration time) = 0;

  // What its servers can do.
  virtual bool lossless() const = 0;   // semi-synchronous replication
  virtual bool can_clone() const = 0;
  virtual bool can_rescue() const = 0;  // SaveTransactions
};

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
