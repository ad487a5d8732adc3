#include "services/provisioner/machines_service.h"

#include <utility>

#include "common/rpc/caller.h"
#include "common/rpc/status.h"
#include "services/provisioner/convert.h"

namespace weft::provisioner {
namespace {

// Of a question to a provider within a call.
constexpr absl::Duration kAsk = absl::Seconds(20);

template <typename Request>
Caller CallerOf(const grpc::ServerContextBase& context, const Request& request) {
  return {rpc::CallerOf(context), request.request_id(), request.validate_only()};
}

// Gives a result to `use`, which fills the response; an error goes to the client.
template <typename T, typename Use>
grpc::Status Answer(absl::StatusOr<T> result, Use use) {
  if (!result.ok()) return rpc::ToGrpc(result.status());
  use(*std::move(result));
  return grpc::Status::OK;
}

// None was begun where the request was only to be checked.
template <typename Response>
void SetOperation(const Job& job, Response* response) {
  if (!job.id.empty()) *response->mutable_operation() = ToProto(job);
}

template <typename Response>
grpc::Status AnswerJob(absl::StatusOr<Job> job, Response* response) {
  return Answer(std::move(job), [&](const Job& begun) { SetOperation(begun, response); });
}

}  // namespace

grpc::Status MachinesService::RegisterProvider(grpc::ServerContext*,
                                               const v1::RegisterProviderRequest* request,
                                               v1::Provider* response) {
  return Answer(directory_->Register({.record = RecordOf(*request),
                                      .check = request->check(),
                                      .validate_only = request->validate_only()},
                                     Deadline::After(clock_, kAsk)),
                [&](const ProviderEntry& entry) { *response = ToProto(entry); });
}

grpc::Status MachinesService::UnregisterProvider(grpc::ServerContext*,
                                                 const v1::UnregisterProviderRequest* request,
                                                 v1::UnregisterProviderResponse*) {
  const std::string id = BareName(request->name());
  return rpc::ToGrpc(request->validate_only() ? directory_->List(id).status()
                                              : directory_->Unregister(id));
}

grpc::Status MachinesService::ListProviders(grpc::ServerContext*,
                                            const v1::ListProvidersRequest* request,
                                            v1::ListProvidersResponse* response) {
  return Answer(directory_->List(BareName(request->name())),
                [&](const std::vector<ProviderEntry>& entries) {
                  for (const ProviderEntry& entry : entries) {
                    *response->add_providers() = ToProto(entry);
                  }
                });
}

grpc::Status MachinesService::CheckProvider(grpc::ServerContext*,
                                            const v1::CheckProviderRequest* request,
                                            v1::Provider* response) {
  return Answer(directory_->Check(BareName(request->name()), Deadline::After(clock_, kAsk)),
                [&](const ProviderEntry& entry) { *response = ToProto(entry); });
}

grpc::Status MachinesService::CreateMachines(grpc::ServerContext* context,
                                             const v1::CreateMachinesRequest* request,
                                             v1::CreateMachinesResponse* response) {
  return Answer(requests_->Create(OrderOf(*request), CallerOf(*context, *request)),
                [&](const MachineRequests::Begun& begun) {
                  SetOperation(begun.job, response);
                  for (const Machine& machine : begun.machines) {
                    *response->add_machines() = ToProto(machine);
                  }
                });
}

grpc::Status MachinesService::GetMachine(grpc::ServerContext*, const v1::GetMachineRequest* request,
                                         v1::Machine* response) {
  return Answer(requests_->Get(BareName(request->name())),
                [&](const MachineEntry& entry) { *response = ToProto(entry); });
}

grpc::Status MachinesService::ListMachines(grpc::ServerContext*,
                                           const v1::ListMachinesRequest* request,
                                           v1::ListMachinesResponse* response) {
  const std::string provider = BareName(request->provider());
  const auto add = [&](const auto& machines) {
    for (const auto& machine : machines) *response->add_machines() = ToProto(machine);
  };
  if (!request->live()) return Answer(requests_->List(provider), add);
  return Answer(
      requests_->Search(provider, PropertiesOf(request->filters()), PropertiesOf(request->meta())),
      add);
}

grpc::Status MachinesService::DestroyMachine(grpc::ServerContext* context,
                                             const v1::DestroyMachineRequest* request,
                                             v1::DestroyMachineResponse* response) {
  return AnswerJob(requests_->Destroy({.machine = BareName(request->name()),
                                       .provider = BareName(request->provider()),
                                       .force = request->force(),
                                       .unlisted = request->unlisted()},
                                      CallerOf(*context, *request)),
                   response);
}

grpc::Status MachinesService::CreateSnapshot(grpc::ServerContext* context,
                                             const v1::CreateSnapshotRequest* request,
                                             v1::CreateSnapshotResponse* response) {
  return AnswerJob(requests_->CreateSnapshot({.machine = BareName(request->machine()),
                                              .provider = BareName(request->provider()),
                                              .keep = request->keep(),
                                              .unlisted = request->unlisted()},
                                             CallerOf(*context, *request)),
                   response);
}

grpc::Status MachinesService::ListSnapshots(grpc::ServerContext*,
                                            const v1::ListSnapshotsRequest* request,
                                            v1::ListSnapshotsResponse* response) {
  return Answer(
      requests_->ListSnapshots(BareName(request->provider()), BareName(request->machine())),
      [&](const std::vector<SnapshotEntry>& entries) {
        for (const SnapshotEntry& entry : entries) *response->add_snapshots() = ToProto(entry);
      });
}

grpc::Status MachinesService::DestroySnapshots(grpc::ServerContext* context,
                                               const v1::DestroySnapshotsRequest* request,
                                               v1::DestroySnapshotsResponse* response) {
  return AnswerJob(requests_->DestroySnapshots({.machine = BareName(request->machine()),
                                                .provider = BareName(request->provider()),
                                                .name = BareName(request->name()),
                                                .unlisted = request->unlisted()},
                                               CallerOf(*context, *request)),
                   response);
}

grpc::Status MachinesService::RestoreSnapshot(grpc::ServerContext* context,
                                              const v1::RestoreSnapshotRequest* request,
                                              v1::RestoreSnapshotResponse* response) {
  return Answer(requests_->Restore(BareName(request->name()), OrderOf(*request),
                                   CallerOf(*context, *request)),
                [&](const MachineRequests::Begun& begun) {
                  SetOperation(begun.job, response);
                  *response->mutable_machine() = ToProto(begun.machines.front());
                });
}

}  // namespace weft::provisioner
