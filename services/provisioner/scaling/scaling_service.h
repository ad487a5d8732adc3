#pragma once
// The API of groups' sizes (protos/weft/v1/scaling.proto). Each handler converts, calls, converts.
#include <grpcpp/grpcpp.h>

#include "protos/weft/v1/scaling.grpc.pb.h"
#include "services/provisioner/scaling/scaling_requests.h"

namespace weft::provisioner {

// Thread-safe. Served behind a gate (common/rpc/guarded_service.h), which has let the callers in.
class ScalingService {
 public:
  // Outlives this.
  explicit ScalingService(ScalingRequests* requests) : requests_(requests) {}

  grpc::Status ScaleGroup(grpc::ServerContext* context, const v1::ScaleGroupRequest* request,
                          v1::ScaleGroupResponse* response);
  grpc::Status HealGroup(grpc::ServerContext* context, const v1::HealGroupRequest* request,
                         v1::HealGroupResponse* response);

 private:
  ScalingRequests* const requests_;
};

}  // namespace weft::provisioner
