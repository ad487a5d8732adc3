#include "common/rpc/leader_client.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/interrupt.h"
#include "common/rpc/channel.h"
#include "common/rpc/controllers.h"

namespace weft::rpc {
namespace {

TEST(LeaderClientTest, AsksNobodyAnyMoreAfterAnInterruption) {
  ChannelOptions to_a, to_b;
  to_a.address = "127.0.0.1:1";
  to_b.address = "127.0.0.1:2";
  Interrupt interrupt;
  const LeaderClient client(Controllers::Create({to_a, to_b}).value(), &interrupt);
  interrupt.Raise();
  int attempts = 0;
  const LeaderClient::Outcome outcome = client.Run(
      absl::Seconds(10), [&](const std::shared_ptr<grpc::Channel>&, grpc::ClientContext*) {
        ++attempts;
        return grpc::Status::OK;
      });
  EXPECT_TRUE(absl::IsCancelled(outcome.status)) << outcome.status;
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_NE(outcome.controller, nullptr);
  EXPECT_EQ(attempts, 0);
}

}  // namespace
}  // namespace weft::rpc
