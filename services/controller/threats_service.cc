#include "services/controller/threats_service.h"

#include <optional>

#include "services/controller/answer.h"
#include "services/controller/convert.h"

namespace weft::controller {
namespace {

ThreatRequests::Threat ThreatOf(const grpc::ServerContext& context,
                                const v1::ReportThreatRequest& request) {
  return {request.server(), request.reporter(), request.error(), CallerOf(context),
          request.request_id()};
}

}  // namespace

grpc::Status ThreatsService::ReportError(grpc::ServerContext* context,
                                         const v1::ReportThreatRequest* request,
                                         v1::ReportThreatResponse*) {
  return rpc::ToGrpc(threats_->ReportError(ThreatOf(*context, *request)));
}

grpc::Status ThreatsService::ReportFailure(grpc::ServerContext* context,
                                           const v1::ReportThreatRequest* request,
                                           v1::ReportThreatResponse* response) {
  return Answer(threats_->ReportFailure(ThreatOf(*context, *request)),
                [&](const std::optional<Operation>& failover) {
                  if (!failover.has_value()) return;
                  *response->mutable_operation() = ToProto(*failover);
                });
}

}  // namespace weft::controller
