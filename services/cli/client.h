#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"
#include "services/cli/interrupt.h"

namespace weft::cli {

// Calls to one controller. Blocks; an interruption cancels the call that is under way.
class Client {
 public:
  // Does not connect yet. Errors as rpc::Connect. `interrupt` outlives the client.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const rpc::ChannelOptions& options,
                                                        Interrupt* interrupt);

  // One unary call: Call(&v1::Groups::Stub::GetGroup, request, timeout). Errors carry what to do
  // next where it can be known. Not repeated by itself.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout) {
    grpc::ClientContext context;
    rpc::SetDeadline(context, timeout);
    const Interrupt::Scope scope(interrupt_, [&context] { context.TryCancel(); });
    Response response;
    Stub stub(channel_);
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Explain(status);
    return response;
  }

  // The same connection, whose calls another interruption ends.
  Client With(Interrupt* interrupt) const {
    return Client(channel_, address_, logged_in_, interrupt);
  }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return address_; }

  // The error of a call, with what was expected and what to do where the server did not say.
  absl::Status Explain(const grpc::Status& status) const;

 private:
  Client(std::shared_ptr<grpc::Channel> channel, std::string address, bool logged_in,
         Interrupt* interrupt)
      : channel_(std::move(channel)),
        address_(std::move(address)),
        logged_in_(logged_in),
        interrupt_(interrupt) {}

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string address_;
  const bool logged_in_;
  Interrupt* const interrupt_;
};

}  // namespace weft::cli
