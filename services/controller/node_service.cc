#include "services/controller/node_service.h"

#include <string>
#include <vector>

#include "common/base/error_details.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"

namespace weft::controller {
namespace {

v1::NodeStatus ToProto(const NodeRequests::Status& status) {
  v1::NodeStatus proto;
  proto.set_version(status.version);
  proto.set_store_address(status.store_address);
  proto.set_store_reachable(status.store.ok());
  proto.set_store_error(std::string(status.store.message()));
  proto.set_schema_found(status.schema.found);
  proto.set_schema_expected(status.schema.expected);
  proto.set_leader(status.lease.holder);
  proto.set_term(status.lease.term);
  proto.set_leading(status.leading);
  *proto.mutable_uptime() = controller::ToProto(status.uptime);
  proto.set_groups(status.groups);
  proto.set_monitors(status.monitors);
  return proto;
}

}  // namespace

grpc::Status NodeService::GetNodeStatus(grpc::ServerContext*, const v1::GetNodeStatusRequest*,
                                        v1::NodeStatus* response) {
  *response = ToProto(node_->Get());
  return grpc::Status::OK;
}

grpc::Status NodeService::SetUpStore(grpc::ServerContext*, const v1::SetUpStoreRequest*,
                                     v1::NodeStatus* response) {
  return Answer(node_->SetUp(),
                [&](const NodeRequests::Status& status) { *response = ToProto(status); });
}

grpc::Status NodeService::TearDownStore(grpc::ServerContext*,
                                        const v1::TearDownStoreRequest* request,
                                        v1::NodeStatus* response) {
  return Answer(node_->TearDown(request->confirm()),
                [&](const NodeRequests::Status& status) { *response = ToProto(status); });
}

grpc::Status NodeService::RotateAccount(grpc::ServerContext* context,
                                        const v1::RotateAccountRequest* request,
                                        v1::RotateAccountResponse* response) {
  const Caller caller{CallerOf(*context), request->request_id(), false};
  return Answer(node_->Rotate(request->duty(), caller),
                [&](const std::vector<ServerUuid>& servers) {
                  for (const ServerUuid& server : servers) {
                    response->add_changed(ServerName(server));
                  }
                });
}

}  // namespace weft::controller
