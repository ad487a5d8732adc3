#pragma once
// The API of machines (protos/weft/v1/machines.proto). Each handler converts, calls, converts.
#include <grpcpp/grpcpp.h>

#include "common/base/clock.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/provider_directory.h"

namespace weft::provisioner {

// Thread-safe. Served behind a gate (common/rpc/guarded_service.h), which has let the callers in.
class MachinesService {
 public:
  // All outlive this.
  MachinesService(ProviderDirectory* directory, MachineRequests* requests, Clock* clock)
      : directory_(directory), requests_(requests), clock_(clock) {}

  grpc::Status RegisterProvider(grpc::ServerContext* context,
                                const v1::RegisterProviderRequest* request, v1::Provider* response);
  grpc::Status UnregisterProvider(grpc::ServerContext* context,
                                  const v1::UnregisterProviderRequest* request,
                                  v1::UnregisterProviderResponse* response);
  grpc::Status ListProviders(grpc::ServerContext* context, const v1::ListProvidersRequest* request,
                             v1::ListProvidersResponse* response);
  grpc::Status CheckProvider(grpc::ServerContext* context, const v1::CheckProviderRequest* request,
                             v1::Provider* response);
  grpc::Status CreateMachines(grpc::ServerContext* context,
                              const v1::CreateMachinesRequest* request,
                              v1::CreateMachinesResponse* response);
  grpc::Status GetMachine(grpc::ServerContext* context, const v1::GetMachineRequest* request,
                          v1::Machine* response);
  grpc::Status ListMachines(grpc::ServerContext* context, const v1::ListMachinesRequest* request,
                            v1::ListMachinesResponse* response);
  grpc::Status DestroyMachine(grpc::ServerContext* context,
                              const v1::DestroyMachineRequest* request,
                              v1::DestroyMachineResponse* response);
  grpc::Status CreateSnapshot(grpc::ServerContext* context,
                              const v1::CreateSnapshotRequest* request,
                              v1::CreateSnapshotResponse* response);
  grpc::Status ListSnapshots(grpc::ServerContext* context, const v1::ListSnapshotsRequest* request,
                             v1::ListSnapshotsResponse* response);
  grpc::Status DestroySnapshots(grpc::ServerContext* context,
                                const v1::DestroySnapshotsRequest* request,
                                v1::DestroySnapshotsResponse* response);
  grpc::Status RestoreSnapshot(grpc::ServerContext* context,
                               const v1::RestoreSnapshotRequest* request,
                               v1::RestoreSnapshotResponse* response);

 private:
  ProviderDirectory* const directory_;
  MachineRequests* const requests_;
  Clock* const clock_;
};

}  // namespace weft::provisioner
