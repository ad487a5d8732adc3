#pragma once
// Private to serve.cc: how many calls of each method ended how, and how long unary ones took.
#include <grpcpp/support/server_interceptor.h>

#include <memory>

#include "common/rpc/metrics.h"

namespace weft::rpc {

// weft_rpc_calls_total{method,code} and weft_rpc_seconds{method}. `metrics` outlives the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CallMetrics(
    Metrics* metrics);

}  // namespace weft::rpc
