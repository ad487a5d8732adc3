#pragma once
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/controller/node_requests.h"

namespace weft::controller {

// weft.v1.Node: converts, asks, converts.
class NodeService : public v1::Node::Service {
 public:
  // `node` outlives this.
  explicit NodeService(NodeRequests* node) : node_(node) {}

  grpc::Status GetNodeStatus(grpc::ServerContext* context, const v1::GetNodeStatusRequest* request,
                             v1::NodeStatus* response) override;
  grpc::Status SetUpStore(grpc::ServerContext* context, const v1::SetUpStoreRequest* request,
                          v1::NodeStatus* response) override;
  grpc::Status TearDownStore(grpc::ServerContext* context, const v1::TearDownStoreRequest* request,
                             v1::NodeStatus* response) override;
  grpc::Status RotateAccount(grpc::ServerContext* context, const v1::RotateAccountRequest* request,
                             v1::RotateAccountResponse* response) override;

 private:
  NodeRequests* const node_;
};

}  // namespace weft::controller
