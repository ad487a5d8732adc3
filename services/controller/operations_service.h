#pragma once
#include "protos/weft/v1/operations.grpc.pb.h"
#include "services/controller/drain_signal.h"
#include "services/controller/operation_requests.h"

namespace weft::controller {

// weft.v1.Operations: converts, asks, converts. WatchOperation holds no thread.
class OperationsService
    : public v1::Operations::WithCallbackMethod_WatchOperation<v1::Operations::Service> {
 public:
  // Both outlive this and every stream.
  OperationsService(OperationRequests* operations, DrainSignal* drain)
      : operations_(operations), drain_(drain) {}

  grpc::Status GetOperation(grpc::ServerContext* context, const v1::GetOperationRequest* request,
                            v1::Operation* response) override;
  grpc::Status ListOperations(grpc::ServerContext* context,
                              const v1::ListOperationsRequest* request,
                              v1::ListOperationsResponse* response) override;
  grpc::Status WaitOperation(grpc::ServerContext* context, const v1::WaitOperationRequest* request,
                             v1::Operation* response) override;
  grpc::ServerWriteReactor<v1::Operation>* WatchOperation(
      grpc::CallbackServerContext* context, const v1::GetOperationRequest* request) override;
  grpc::Status CancelOperation(grpc::ServerContext* context,
                               const v1::CancelOperationRequest* request,
                               v1::Operation* response) override;
  grpc::Status ListEvents(grpc::ServerContext* context, const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override;

 private:
  OperationRequests* const operations_;
  DrainSignal* const drain_;
};

}  // namespace weft::controller
