#pragma once
// What every handler does: a status for gRPC, and who asks.
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/caller.h"
#include "common/rpc/status.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

using rpc::CallerOf;

template <typename Request>
Caller CallerOf(const grpc::ServerContextBase& context, const Request& request) {
  return Caller{CallerOf(context), request.request_id(), request.validate_only()};
}

// Gives a result to `use`, which fills the response; an error goes to the client.
template <typename T, typename Use>
grpc::Status Answer(absl::StatusOr<T> result, Use use) {
  if (!result.ok()) return rpc::ToGrpc(result.status());
  use(*std::move(result));
  return grpc::Status::OK;
}

}  // namespace weft::controller
