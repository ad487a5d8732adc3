#include "services/provisioner/provisioner.h"

#include <functional>
#include <utility>

#include "common/access/users.h"
#include "common/base/interrupt.h"
#include "common/base/status_macros.h"
#include "common/rpc/controllers.h"
#include "common/rpc/guarded_service.h"
#include "common/rpc/leader_client.h"
#include "common/rpc/login_reports.h"
#include "common/rpc/status.h"
#include "common/rpc/user_watch.h"
#include "protos/weft/v1/copies.grpc.pb.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "protos/weft/v1/scaling.grpc.pb.h"
#include "services/provisioner/copies/controller_directory.h"
#include "services/provisioner/copies/copies_service.h"
#include "services/provisioner/gate.h"
#include "services/provisioner/identity.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/machine_work.h"
#include "services/provisioner/machines_service.h"
#include "services/provisioner/mysql/store_servers.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/reach.h"
#include "services/provisioner/restored_server.h"
#include "services/provisioner/scaling/client_sessions.h"
#include "services/provisioner/scaling/controller_editor.h"
#include "services/provisioner/scaling/scaling_requests.h"
#include "services/provisioner/scaling/scaling_service.h"
#include "services/provisioner/sealing.h"
#include "services/provisioner/snapshot_work.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kAskController = absl::Seconds(2);

// Whether a controller takes a login: any that answers will do.
absl::Status AskControllers(const std::vector<rpc::ChannelOptions>& controllers,
                            const std::string& authorization) {
  // The caller's login goes in place of this process's own; not in plain text over a network.
  rpc::Credentials login;
  login.token = rpc::BearerToken(authorization);
  if (login.token.empty()) {
    WEFT_ASSIGN_OR_RETURN(login, rpc::ParseBasicAuthorization(authorization));
  }
  absl::Status last = absl::UnavailableError("no controller is known");
  for (rpc::ChannelOptions options : controllers) {
    options.credentials = login;
    const auto channel = rpc::Connect(options);
    if (!channel.ok()) return channel.status();
    const auto node = v1::Node::NewStub(*channel);
    grpc::ClientContext context;
    rpc::SetDeadline(context, kAskController);
    v1::NodeStatus status;
    last = rpc::FromGrpc(node->GetNodeStatus(&context, v1::GetNodeStatusRequest(), &status));
    if (!absl::IsUnavailable(last) && !absl::IsDeadlineExceeded(last)) return last;
  }
  return last;
}

std::unique_ptr<grpc::Service> Guarded(MachinesService* service, rpc::CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Machines/RegisterProvider", service, &MachinesService::RegisterProvider);
  guarded->Add("/weft.v1.Machines/UnregisterProvider", service,
               &MachinesService::UnregisterProvider);
  guarded->Add("/weft.v1.Machines/ListProviders", service, &MachinesService::ListProviders);
  guarded->Add("/weft.v1.Machines/CheckProvider", service, &MachinesService::CheckProvider);
  guarded->Add("/weft.v1.Machines/CreateMachines", service, &MachinesService::CreateMachines);
  guarded->Add("/weft.v1.Machines/GetMachine", service, &MachinesService::GetMachine);
  guarded->Add("/weft.v1.Machines/ListMachines", service, &MachinesService::ListMachines);
  guarded->Add("/weft.v1.Machines/DestroyMachine", service, &MachinesService::DestroyMachine);
  guarded->Add("/weft.v1.Machines/CreateSnapshot", service, &MachinesService::CreateSnapshot);
  guarded->Add("/weft.v1.Machines/ListSnapshots", service, &MachinesService::ListSnapshots);
  guarded->Add("/weft.v1.Machines/DestroySnapshots", service, &MachinesService::DestroySnapshots);
  guarded->Add("/weft.v1.Machines/RestoreSnapshot", service, &MachinesService::RestoreSnapshot);
  return guarded;
}

std::unique_ptr<grpc::Service> Guarded(CopiesService* service, rpc::CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Copies/CloneServer", service, &CopiesService::CloneServer);
  guarded->Add("/weft.v1.Copies/CheckRecipe", service, &CopiesService::CheckRecipe);
  return guarded;
}

std::unique_ptr<grpc::Service> Guarded(ScalingService* service, rpc::CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Scaling/ScaleGroup", service, &ScalingService::ScaleGroup);
  guarded->Add("/weft.v1.Scaling/HealGroup", service, &ScalingService::HealGroup);
  return guarded;
}

absl::StatusOr<Job> BeginClone(CopyRequests* copies, const std::string& group,
                               const HostPort& target, const GroupEditor::By& by) {
  CopyAsked asked;
  asked.group = group;
  asked.target = target.ToString();
  asked.request_id = by.request_id;
  asked.user = by.user;
  WEFT_ASSIGN_OR_RETURN(CopyRequests::Begun begun, copies->Clone(asked));
  return std::move(begun.job);
}

// The state store is never a target.
CopyOptions WithStore(CopyOptions options, StoreServers* store) {
  options.is_store = [store](const HostPort& server, const ServerUuid& uuid) {
    return store->Has(server, uuid);
  };
  return options;
}

std::function<absl::Status(const MachineAddress&)> Reaching(const Provisioner::Options& options) {
  return [login = options.manage, patience = options.reach_patience](
             const MachineAddress& address) { return Reach(address, login, patience); };
}

MysqlInventory::Options With(MysqlInventory::Options options, absl::Duration patience,
                             Clock* clock) {
  options.patience = patience;
  options.clock = clock;
  return options;
}

}  // namespace

// In the order of their needs: what is below uses what is above.
struct Provisioner::Parts {
  Parts(const Options& options, std::shared_ptr<const Seal> seal,
        std::shared_ptr<rpc::Controllers> to, rpc::Metrics* metrics, Clock* clock)
      : controllers(std::move(to)),
        claims(With(options.store, absl::ZeroDuration(), clock)),
        inventory(With(options.store, options.jobs.ttl, clock)),
        directory(&inventory, std::move(seal), {.clock = clock, .content = options.content}),
        access(options.access),
        groups(rpc::LeaderClient(controllers, &interrupt)),
        machine_work(
            {.reach = Reaching(options),
             .detach =
                 [this](const MachineAddress& address) { return DetachRestored(access, address); }},
            &inventory, &directory, Members(), clock),
        snapshot_work(&inventory, &directory, clock),
        runner(options.jobs, &claims, clock),
        requests(&inventory, &directory, Members(), &runner, clock),
        machines(&directory, &requests, clock),
        store_servers(options.store),
        copy_requests(WithStore(options.copies, &store_servers), &access, &groups, &inventory,
                      &runner, clock),
        copies(&copy_requests, &access, clock),
        editor(rpc::LeaderClient(controllers, &interrupt)),
        scaling_requests({.editor = &editor,
                          .inventory = &inventory,
                          .directory = &directory,
                          .machines = &requests,
                          .members = Members(),
                          .clone =
                              [this](const std::string& group, const HostPort& target,
                                     const GroupEditor::By& by) {
                                return BeginClone(&copy_requests, group, target, by);
                              },
                          .reach = Reaching(options),
                          .sessions =
                              [this, own = options.own_users](const HostPort& server) {
                                return CountClientSessions(access, server, own);
                              },
                          .clock = clock},
                         {}, &runner),
        scaling(&scaling_requests),
        logins({.process = options.jobs.name}, controllers, metrics, clock),
        gate({.admin = options.admin,
              .ask =
                  [all = options.controllers](const std::string& authorization) {
                    return AskControllers(all, authorization);
                  },
              .failed = [this](const std::string& user,
                               const std::string& peer) { logins.Failed("grpc", user, peer); }},
             &users, clock),
        user_watch(controllers->all(), &users, clock) {
    machine_work.Serve(&runner);
    snapshot_work.Serve(&runner);
    services.push_back(Guarded(&machines, &gate));
    services.push_back(Guarded(&copies, &gate));
    services.push_back(Guarded(&scaling, &gate));
  }

  MembershipPorts Members() {
    return {.groups = &groups,
            .server_at = [this](const HostPort& address) { return ServerAt(access, address); },
            .addresses_of = &AddressesOf};
  }

  const std::shared_ptr<rpc::Controllers> controllers;
  access::Users users;
  // Claims are renewed in time or lost. What jobs are about waits for a store that is away until
  // theirs is: then each leaves what it did to be resumed, in place of undoing it.
  MysqlInventory claims;
  MysqlInventory inventory;
  ProviderDirectory directory;
  FarmAccess access;
  Interrupt interrupt;
  ControllerDirectory groups;
  MachineWork machine_work;
  SnapshotWork snapshot_work;
  JobRunner runner;
  MachineRequests requests;
  MachinesService machines;
  StoreServers store_servers;
  CopyRequests copy_requests;
  CopiesService copies;
  ControllerEditor editor;
  ScalingRequests scaling_requests;
  ScalingService scaling;
  rpc::LoginReports logins;
  Gate gate;
  rpc::UserWatch user_watch;
  std::vector<std::unique_ptr<grpc::Service>> services;
};

Provisioner::Provisioner(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
// Jobs use what is below the runner.
Provisioner::~Provisioner() { parts_->runner.Stop(); }

absl::StatusOr<std::unique_ptr<Provisioner>> Provisioner::Start(Options options,
                                                                rpc::Metrics* metrics,
                                                                Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<const Seal> seal, ReadSeal(options.key_file));
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<rpc::Controllers> controllers,
                        rpc::Controllers::Create(options.controllers));
  auto parts =
      std::make_unique<Parts>(options, std::move(seal), std::move(controllers), metrics, clock);
  parts->runner.Start();
  return std::unique_ptr<Provisioner>(new Provisioner(std::move(parts)));
}

std::vector<grpc::Service*> Provisioner::services() const {
  std::vector<grpc::Service*> services;
  for (const auto& service : parts_->services) services.push_back(service.get());
  return services;
}

std::vector<std::string> Provisioner::service_names() {
  return {v1::Machines::service_full_name(), v1::Copies::service_full_name(),
          v1::Scaling::service_full_name()};
}

}  // namespace weft::provisioner
