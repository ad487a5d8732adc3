#pragma once
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/controller/guard_requests.h"
#include "services/controller/node_requests.h"

namespace weft::controller {

// weft.v1.Node: converts, asks, converts.
class NodeService : public v1::Node::Service {
 public:
  // Both outlive this.
  NodeService(NodeRequests* node, GuardRequests* guards) : node_(node), guards_(guards) {}

  grpc::Status GetNodeStatus(grpc::ServerContext* context, const v1::GetNodeStatusRequest* request,
                             v1::NodeStatus* response) override;
  grpc::Status SetUpStore(grpc::ServerContext* context, const v1::SetUpStoreRequest* request,
                          v1::NodeStatus* response) override;
  grpc::Status TearDownStore(grpc::ServerContext* context, const v1::TearDownStoreRequest* request,
                             v1::NodeStatus* response) override;
  grpc::Status RotateAccount(grpc::ServerContext* context, const v1::RotateAccountRequest* request,
                             v1::RotateAccountResponse* response) override;
  grpc::Status BackUpStore(grpc::ServerContext* context, const v1::BackUpStoreRequest* request,
                           v1::BackUpStoreResponse* response) override;
  grpc::Status RestoreStore(grpc::ServerContext* context, const v1::RestoreStoreRequest* request,
                            v1::NodeStatus* response) override;
  grpc::Status SetFailover(grpc::ServerContext* context, const v1::SetFailoverRequest* request,
                           v1::FailoverSwitch* response) override;

 private:
  NodeRequests* const node_;
  GuardRequests* const guards_;
};

}  // namespace weft::controller
