#pragma once
// The API of copies (protos/weft/v1/copies.proto). Each handler converts, calls, converts.
#include <grpcpp/grpcpp.h>

#include "common/base/clock.h"
#include "protos/weft/v1/copies.grpc.pb.h"
#include "services/provisioner/copies/copy_requests.h"
#include "services/provisioner/copies/recipe_check.h"

namespace weft::provisioner {

// Thread-safe. Served behind a gate (common/rpc/guarded_service.h), which has let the callers in.
class CopiesService {
 public:
  // All outlive this.
  CopiesService(CopyRequests* requests, const FarmAccess* access, Clock* clock)
      : requests_(requests), access_(access), clock_(clock) {}

  grpc::Status CloneServer(grpc::ServerContext* context, const v1::CloneServerRequest* request,
                           v1::CloneServerResponse* response);
  grpc::Status CheckRecipe(grpc::ServerContext* context, const v1::CheckRecipeRequest* request,
                           v1::CheckRecipeResponse* response);

 private:
  CopyRequests* const requests_;
  const FarmAccess* const access_;
  Clock* const clock_;
};

}  // namespace weft::provisioner
