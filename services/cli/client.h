#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/interrupt.h"
#include "common/rpc/channel.h"
#include "common/rpc/leader_client.h"
#include "services/cli/login.h"

namespace weft::cli {

// Calls to the controllers of one Weft, or to its provisioners. Blocks; an interruption cancels the
// call that is under way. Not thread-safe.
class Client {
 public:
  // One try at one controller: the same request each time, so that a request id makes a change
  // happen once however many controllers were asked.
  using Attempt = rpc::LeaderClient::Attempt;

  // One set of options for each controller, in the order to ask them. Does not connect yet. Errors
  // as rpc::Connect. `interrupt` outlives the client.
  static absl::StatusOr<std::unique_ptr<Client>> Create(
      const std::vector<rpc::ChannelOptions>& options, Interrupt* interrupt,
      Service service = Service::kController);

  // As rpc::LeaderClient::Run. Errors carry what to do next where it can be known, and where no
  // controller could serve what each of them said.
  absl::Status Run(absl::Duration timeout, Attempt attempt);

  // One unary call: Call(&v1::Groups::Stub::GetGroup, request, timeout). As Run.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout) {
    Response response;
    const absl::Status status = Run(
        timeout, [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
          Stub stub(channel);
          return (stub.*method)(context, request, &response);
        });
    if (!status.ok()) return status;
    return response;
  }

  // The same connections, whose calls another interruption ends.
  Client With(Interrupt* interrupt) const {
    return Client({leader_.controllers(), interrupt}, service_);
  }

 private:
  using Controller = rpc::Controllers::Controller;

  Client(rpc::LeaderClient leader, Service service)
      : leader_(std::move(leader)), service_(service) {}

  // The error of a call, with what was expected and what to do where the server did not say.
  absl::Status Explain(const Controller& controller, absl::Status error) const;
  absl::Status NobodyServes(const std::vector<rpc::LeaderClient::Said>& said) const;

  const rpc::LeaderClient leader_;
  const Service service_;
};

}  // namespace weft::cli
