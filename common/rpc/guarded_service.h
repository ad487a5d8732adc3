#pragma once
// A gRPC service whose calls are let in by a CallGate, each before its handler. A method that is
// not named here is not served at all, so that nothing is open by being forgotten.
#include <google/protobuf/message_lite.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/method_handler.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/rpc/status.h"

namespace weft::rpc {

// Lets a call in, or says why not, before its handler. Thread-safe.
class CallGate {
 public:
  virtual ~CallGate() = default;

  // OK where the caller has proven who it is and may call `method` ("/weft.v1.Groups/GetGroup").
  virtual absl::Status Admit(const grpc::ServerContextBase& context, absl::string_view method) = 0;
};

// A server stream that ends at once.
template <typename Message>
class EndedStream : public grpc::ServerWriteReactor<Message> {
 public:
  explicit EndedStream(const grpc::Status& status) { this->Finish(status); }
  void OnDone() final { delete this; }
};

// A stream of both directions that ends at once.
template <typename Request, typename Response>
class EndedBidiStream : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit EndedBidiStream(const grpc::Status& status) { this->Finish(status); }
  void OnDone() final { delete this; }
};

// Registers handlers as the generated code does. Names must live as long as the process.
class GuardedService : public grpc::Service {
 public:
  // `gate` and the services whose methods are added outlive this.
  explicit GuardedService(CallGate* gate) : gate_(gate) {}

  template <typename Served, typename Request, typename Response>
  void Add(const char* name, Served* service,
           grpc::Status (Served::*handler)(grpc::ServerContext*, const Request*, Response*)) {
    using google::protobuf::MessageLite;
    ++count_;
    AddMethod(new grpc::internal::RpcServiceMethod(
        name, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<Served, Request, Response, MessageLite, MessageLite>(
            [gate = gate_, name, handler](Served* served, grpc::ServerContext* context,
                                          const Request* request, Response* response) {
              const absl::Status admitted = gate->Admit(*context, name);
              if (!admitted.ok()) return ToGrpc(admitted);
              return (served->*handler)(context, request, response);
            },
            service)));
  }

  template <typename Served, typename Request, typename Response>
  void Add(const char* name, Served* service,
           grpc::ServerWriteReactor<Response>* (Served::*handler)(grpc::CallbackServerContext*,
                                                                  const Request*)) {
    AddCallback(name, grpc::internal::RpcMethod::SERVER_STREAMING,
                new grpc::internal::CallbackServerStreamingHandler<Request, Response>(
                    [gate = gate_, name, service, handler](
                        grpc::CallbackServerContext* context,
                        const Request* request) -> grpc::ServerWriteReactor<Response>* {
                      const absl::Status admitted = gate->Admit(*context, name);
                      if (!admitted.ok()) return new EndedStream<Response>(ToGrpc(admitted));
                      return (service->*handler)(context, request);
                    }));
  }

  template <typename Served, typename Request, typename Response>
  void Add(const char* name, Served* service,
           grpc::ServerBidiReactor<Request, Response>* (Served::*handler)(
               grpc::CallbackServerContext*)) {
    AddCallback(name, grpc::internal::RpcMethod::BIDI_STREAMING,
                new grpc::internal::CallbackBidiHandler<Request, Response>(
                    [gate = gate_, name, service, handler](grpc::CallbackServerContext* context)
                        -> grpc::ServerBidiReactor<Request, Response>* {
                      const absl::Status admitted = gate->Admit(*context, name);
                      if (!admitted.ok()) {
                        return new EndedBidiStream<Request, Response>(ToGrpc(admitted));
                      }
                      return (service->*handler)(context);
                    }));
  }

 private:
  void AddCallback(const char* name, grpc::internal::RpcMethod::RpcType type,
                   grpc::internal::MethodHandler* handler) {
    AddMethod(new grpc::internal::RpcServiceMethod(name, type, nullptr));
    MarkMethodCallback(count_++, handler);
  }

  CallGate* const gate_;
  int count_ = 0;
};

}  // namespace weft::rpc
