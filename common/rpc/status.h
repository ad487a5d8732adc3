#pragma once
// absl::Status <-> grpc::Status, with weft::ErrorDetail as a weft.v1.ErrorDetail inside
// google.rpc.Status details (the trailer grpc-status-details-bin), so that any gRPC client can read
// the reason and the next step.
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace weft::rpc {

// Never fails. A message longer than 4 KiB is cut, since it travels in a header.
grpc::Status ToGrpc(const absl::Status& status);

// The inverse; details of other kinds are dropped.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace weft::rpc
