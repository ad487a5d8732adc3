#pragma once
#include "protos/weft/v1/threats.grpc.pb.h"
#include "services/controller/threat_requests.h"

namespace weft::controller {

// weft.v1.Threats: converts, asks, converts.
class ThreatsService : public v1::Threats::Service {
 public:
  // `threats` outlives this.
  explicit ThreatsService(ThreatRequests* threats) : threats_(threats) {}

  grpc::Status ReportError(grpc::ServerContext* context, const v1::ReportThreatRequest* request,
                           v1::ReportThreatResponse* response) override;
  grpc::Status ReportFailure(grpc::ServerContext* context, const v1::ReportThreatRequest* request,
                             v1::ReportThreatResponse* response) override;

 private:
  ThreatRequests* const threats_;
};

}  // namespace weft::controller
