#include "common/rpc/call_metrics.h"

#include <string>

#include "absl/status/status.h"
#include "common/base/clock.h"

namespace weft::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

class CallInterceptor : public grpc::experimental::Interceptor {
 public:
  CallInterceptor(Metrics* metrics, ServerRpcInfo* call)
      : metrics_(metrics),
        method_(call->method()),
        unary_(call->type() == ServerRpcInfo::Type::UNARY),
        start_(RealClock::Get()->MonotonicNow()) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      Record(methods->GetSendStatus().error_code());
    }
    methods->Proceed();
  }

 private:
  void Record(grpc::StatusCode code) {
    const std::string name =
        absl::StatusCodeToString(static_cast<absl::StatusCode>(static_cast<int>(code)));
    metrics_
        ->GetCounter("rpc_calls_total", "Calls answered, by method and status code.",
                     {{"method", method_}, {"code", name}})
        .Increment();
    if (!unary_) return;
    metrics_
        ->GetHistogram("rpc_seconds", "Time from a unary call's arrival to its answer.",
                       {{"method", method_}})
        .Observe(RealClock::Get()->MonotonicNow() - start_);
  }

  Metrics* const metrics_;
  const std::string method_;
  const bool unary_;
  const absl::Duration start_;
};

class Factory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(Metrics* metrics) : metrics_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    return new CallInterceptor(metrics_, call);
  }

 private:
  Metrics* const metrics_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CallMetrics(
    Metrics* metrics) {
  return std::make_unique<Factory>(metrics);
}

}  // namespace weft::rpc
