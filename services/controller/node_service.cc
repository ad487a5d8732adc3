#include "services/controller/node_service.h"

#include <string>
#include <vector>

#include "common/base/error_details.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"

namespace weft::controller {
namespace {

v1::FailoverSwitch ToProto(const FailoverSwitch& failover) {
  v1::FailoverSwitch proto;
  proto.set_enabled(failover.enabled);
  proto.set_reason(failover.reason);
  proto.set_user(failover.user);
  if (failover.since != absl::UnixEpoch()) {
    *proto.mutable_since() = controller::ToProto(failover.since);
  }
  return proto;
}

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
  if (status.failover.has_value()) *proto.mutable_failover() = ToProto(*status.failover);
  proto.set_incarnation(status.schema.incarnation);
  proto.set_restored_groups(status.restored_groups);
  for (const StoreDeviation& one : status.deviations) {
    v1::StoreDeviation* const added = proto.add_deviations();
    added->set_member(one.member);
    added->set_check(one.check);
    added->set_expected(one.expected);
    added->set_found(one.found);
    added->set_mend(one.mend);
    added->set_blocks(one.blocks);
  }
  return proto;
}

}  // namespace

grpc::Status NodeService::GetNodeStatus(grpc::ServerContext*, const v1::GetNodeStatusRequest*,
                                        v1::NodeStatus* response) {
  *response = ToProto(node_->Get());
  return grpc::Status::OK;
}

grpc::Status NodeService::SetUpStore(grpc::ServerContext*, const v1::SetUpStoreRequest* request,
                                     v1::NodeStatus* response) {
  return Answer(node_->SetUp({request->members().begin(), request->members().end()},
                             request->validate_only()),
                [&](const NodeRequests::Status& status) { *response = ToProto(status); });
}

grpc::Status NodeService::TearDownStore(grpc::ServerContext*,
                                        const v1::TearDownStoreRequest* request,
                                        v1::NodeStatus* response) {
  return Answer(node_->TearDown(request->confirm(), request->abandon_machines()),
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

grpc::Status NodeService::BackUpStore(grpc::ServerContext*, const v1::BackUpStoreRequest*,
                                      v1::BackUpStoreResponse* response) {
  return Answer(node_->BackUp(), [&](const NodeRequests::Backup& backup) {
    response->set_backup(backup.text);
    *response->mutable_take_time() = controller::ToProto(backup.taken);
    response->set_groups(backup.groups);
    response->set_machines(backup.machines);
  });
}

grpc::Status NodeService::RestoreStore(grpc::ServerContext* context,
                                       const v1::RestoreStoreRequest* request,
                                       v1::NodeStatus* response) {
  const Caller caller{CallerOf(*context), "", false};
  return Answer(node_->Restore(request->backup(), request->surrender(), caller),
                [&](const NodeRequests::Status& status) { *response = ToProto(status); });
}

grpc::Status NodeService::SetFailover(grpc::ServerContext* context,
                                      const v1::SetFailoverRequest* request,
                                      v1::FailoverSwitch* response) {
  const Caller caller{CallerOf(*context), request->request_id(), false};
  return Answer(guards_->SetFailover(request->enabled(), request->reason(), caller),
                [&](const FailoverSwitch& failover) { *response = ToProto(failover); });
}

}  // namespace weft::controller
