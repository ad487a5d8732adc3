#include "services/provisioner/convert.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/model.h"

namespace weft::provisioner {
namespace {

v1::Operation::State StateOf(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return v1::Operation::RUNNING;
    case JobState::kSucceeded:
      return v1::Operation::SUCCEEDED;
    case JobState::kFailed:
      return v1::Operation::FAILED;
    case JobState::kCancelled:
      return v1::Operation::CANCELLED;
  }
  return v1::Operation::STATE_UNSPECIFIED;
}

v1::Machine::State StateOf(Stage stage) {
  switch (stage) {
    case Stage::kCreating:
      return v1::Machine::CREATING;
    case Stage::kReady:
      return v1::Machine::READY;
    case Stage::kDestroying:
      return v1::Machine::DESTROYING;
    case Stage::kOrphan:
      return v1::Machine::ORPHAN;
  }
  return v1::Machine::STATE_UNSPECIFIED;
}

void Fill(const Properties& properties, google::protobuf::Map<std::string, std::string>* map) {
  for (const auto& [key, value] : properties) (*map)[key] = value;
}

absl::Duration ReachTimeout(const google::protobuf::Duration& asked) {
  const absl::Duration timeout = rpc::FromProto(asked);
  return timeout == absl::ZeroDuration() ? MachineRequests::CreateOrder().reach_timeout : timeout;
}

// Of the messages that order machines: they have the same fields.
template <typename Request>
MachineOrder LikeOf(const Request& request) {
  MachineOrder order;
  order.image = PropertiesOf(request.image());
  order.flavor = PropertiesOf(request.flavor());
  order.availability_zone = request.availability_zone();
  order.key_name = request.key_name();
  order.security_groups = {request.security_groups().begin(), request.security_groups().end()};
  order.private_networks = {request.private_networks().begin(), request.private_networks().end()};
  order.public_network = request.public_network();
  order.user_data = request.user_data();
  order.swap = request.swap();
  order.scheduler_hints = PropertiesOf(request.scheduler_hints());
  order.meta = PropertiesOf(request.meta());
  return order;
}

}  // namespace

std::string BareName(absl::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

v1::Operation ToProto(const Job& job) {
  v1::Operation operation;
  operation.set_name(absl::StrCat("operations/", job.id));
  operation.set_kind(job.kind);
  if (!job.group.empty()) operation.set_group(absl::StrCat("groups/", job.group));
  if (!job.server.empty()) operation.set_server(absl::StrCat("servers/", job.server));
  operation.set_state(StateOf(job.state));
  operation.set_progress(job.progress);
  operation.set_phase(job.phase);
  if (job.state == JobState::kFailed) {
    operation.set_error_code(static_cast<int32_t>(absl::StatusCode::kFailedPrecondition));
  }
  operation.set_error_message(job.error_message);
  operation.set_error_reason(job.error_reason);
  operation.set_result_json(job.result);
  operation.set_cancel_requested(job.cancel_requested);
  operation.set_user(job.user);
  *operation.mutable_create_time() = rpc::ToProto(job.created);
  *operation.mutable_update_time() = rpc::ToProto(job.updated);
  return operation;
}

v1::Provider ToProto(const ProviderEntry& entry) {
  v1::Provider provider;
  provider.set_name(absl::StrCat("providers/", entry.record.id));
  provider.set_id(entry.record.id);
  provider.set_type(entry.record.type);
  provider.set_url(entry.record.url);
  provider.set_user(entry.record.user);
  provider.set_tenant(entry.record.tenant);
  provider.set_default_image(entry.record.default_image);
  provider.set_default_flavor(entry.record.default_flavor);
  Fill(entry.record.extra, provider.mutable_extra());
  provider.set_has_password(!entry.record.password.empty());
  *provider.mutable_create_time() = rpc::ToProto(entry.created);
  return provider;
}

v1::Machine ToProto(const Machine& machine) {
  v1::Machine proto;
  proto.set_name(absl::StrCat("machines/", machine.uuid));
  proto.set_uuid(machine.uuid);
  proto.set_provider(absl::StrCat("providers/", machine.provider_id));
  proto.set_state(machine.state == MachineState::kRunning ? v1::Machine::READY
                                                          : v1::Machine::CREATING);
  if (machine.state == MachineState::kFailed || machine.state == MachineState::kStopped) {
    proto.set_state(v1::Machine::ORPHAN);
  }
  proto.set_detail(machine.detail);
  proto.set_native_id(machine.native_id);
  proto.set_zone(machine.zone);
  proto.set_host(machine.host);
  for (const MachineAddress& address : machine.addresses) {
    v1::MachineAddress* const added = proto.add_addresses();
    added->set_network(address.network);
    added->set_host(address.host);
    added->set_port(address.port);
    added->set_is_public(address.is_public);
  }
  Fill(machine.meta, proto.mutable_meta());
  return proto;
}

v1::Machine ToProto(const MachineEntry& entry) {
  v1::Machine proto = ToProto(entry.machine);
  proto.set_state(StateOf(entry.stage));
  if (!entry.operation.empty()) proto.set_operation(absl::StrCat("operations/", entry.operation));
  *proto.mutable_create_time() = rpc::ToProto(entry.created);
  return proto;
}

v1::MachineSnapshot ToProto(const SnapshotEntry& entry) {
  v1::MachineSnapshot proto;
  proto.set_name(absl::StrCat("snapshots/", entry.snapshot.name));
  proto.set_id(entry.snapshot.name);
  proto.set_provider(absl::StrCat("providers/", entry.provider_id));
  proto.set_machine(absl::StrCat("machines/", entry.snapshot.machine_uuid));
  proto.set_native_id(entry.snapshot.native_id);
  *proto.mutable_create_time() = rpc::ToProto(entry.snapshot.created);
  proto.set_bytes(entry.snapshot.bytes);
  return proto;
}

Properties PropertiesOf(const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

ProviderRecord RecordOf(const v1::RegisterProviderRequest& request) {
  ProviderRecord record;
  record.id = request.provider_id();
  record.type = request.type();
  record.url = request.url();
  record.user = request.user();
  record.password = request.password();
  record.tenant = request.tenant();
  record.default_image = request.default_image();
  record.default_flavor = request.default_flavor();
  record.extra = PropertiesOf(request.extra());
  return record;
}

MachineOrder MachineOrderOf(const v1::CreateMachinesRequest& request) { return LikeOf(request); }
MachineOrder MachineOrderOf(const v1::ScalingOrder& order) { return LikeOf(order); }

MachineRequests::CreateOrder OrderOf(const v1::CreateMachinesRequest& request) {
  MachineRequests::CreateOrder order;
  order.provider = BareName(request.provider());
  order.count = request.count() == 0 ? 1 : request.count();
  order.like = MachineOrderOf(request);
  order.unlisted = request.unlisted();
  order.wait = !request.do_not_wait();
  order.reach_timeout = ReachTimeout(request.reach_timeout());
  return order;
}

MachineRequests::CreateOrder OrderOf(const v1::RestoreSnapshotRequest& request) {
  MachineRequests::CreateOrder order;
  order.like.image = PropertiesOf(request.image());
  order.like.flavor = PropertiesOf(request.flavor());
  order.like.meta = PropertiesOf(request.meta());
  order.reach_timeout = ReachTimeout(request.reach_timeout());
  return order;
}

}  // namespace weft::provisioner
