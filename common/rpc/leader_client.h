#pragma once
// Calls to whichever controller leads: what the command line and the gateway ask with.
#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/interrupt.h"
#include "common/rpc/controllers.h"

namespace weft::rpc {

// Thread-safe; copies share the connections.
class LeaderClient {
 public:
  using Controller = Controllers::Controller;
  // One try at one controller: the same request each time, so that a request id makes a change
  // happen once however many controllers were asked. `context` has its deadline.
  using Attempt = absl::FunctionRef<grpc::Status(const std::shared_ptr<grpc::Channel>& channel,
                                                 grpc::ClientContext* context)>;
  struct Said {
    const Controller* controller = nullptr;
    absl::Status status;
  };
  struct Outcome {
    // What the controller that served answered; where none could, what the first of them said.
    absl::Status status;
    // Which that was; nullptr: none could serve.
    const Controller* controller = nullptr;
    // What each of them said last, where none could serve.
    std::vector<Said> said;
    // It was given up because of the interruption; `status` is CANCELLED.
    bool interrupted = false;
  };

  // An interruption ends calls under way and those to come. `interrupt` outlives the client.
  LeaderClient(std::shared_ptr<Controllers> controllers, Interrupt* interrupt)
      : controllers_(std::move(controllers)), interrupt_(interrupt) {}

  // Makes an attempt at the leader, and where that one is gone or leads no more at the others, in
  // turns for at most 8 s and `timeout`: as long as it may take until another leads. One controller
  // alone is asked once. Blocks.
  Outcome Run(absl::Duration timeout, Attempt attempt) const;

  const std::shared_ptr<Controllers>& controllers() const { return controllers_; }
  Interrupt* interrupt() const { return interrupt_; }

 private:
  absl::Status Once(const Controller& controller, absl::Duration timeout, Attempt attempt) const;

  std::shared_ptr<Controllers> controllers_;
  Interrupt* interrupt_;
};

}  // namespace weft::rpc
