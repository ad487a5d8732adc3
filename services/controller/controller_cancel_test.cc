// A change of primary that somebody gives up.
#include <string>

#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

class ControllerCancelTest : public ControllerFixture {
 protected:
  absl::StatusOr<v1::Operation> Cancel(const v1::Operation& operation) {
    v1::CancelOperationRequest request;
    request.set_name(operation.name());
    return Call(*operations_, &v1::Operations::Stub::CancelOperation, request);
  }
};

TEST_F(ControllerCancelTest, ASwitchoverThatHangsIsGivenUpAndThePrimaryWritesAgain) {
  MakeGroup(3);
  // Writes that the target never gets: it cannot catch up.
  farm_.Edit(FakeFarm::UuidOf(2), [](FakeFarm::FakeServer& server) { server.stuck = true; });
  ASSERT_TRUE(farm_.WriteOn(FakeFarm::UuidOf(1)));
  const auto promoted = Promote("g", 2);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  Await("writes are stopped", [this] { return farm_.Get(FakeFarm::UuidOf(1)).super_read_only; });
  const auto cancelled = Cancel(promoted->operation());
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_TRUE(cancelled->cancel_requested());
  const v1::Operation ended = Wait(promoted->operation());
  EXPECT_EQ(ended.state(), v1::Operation::CANCELLED) << ended.error_message();
  EXPECT_EQ(ended.error_reason(), "CANCELLED");
  Await("the old primary takes writes", [this] { return farm_.WriteOn(FakeFarm::UuidOf(1)); });
  EXPECT_TRUE(IsPrimary("g", 1));
}

TEST_F(ControllerCancelTest, WhatHasEndedStaysAsItEnded) {
  MakeGroup(2);
  const auto promoted = Promote("g", 2);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  ASSERT_EQ(Wait(promoted->operation()).state(), v1::Operation::SUCCEEDED);
  EXPECT_EQ(Cancel(promoted->operation())->state(), v1::Operation::SUCCEEDED);
}

}  // namespace
}  // namespace weft::controller
