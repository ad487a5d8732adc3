#include "services/controller/convert.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/rpc/group_settings.h"
#include "services/controller/core/durability.h"
#include "services/controller/with_addresses.h"

namespace weft::controller {
namespace {

std::string TextOf(Contact contact) {
  switch (contact) {
    case Contact::kAnswered:
      return "answered";
    case Contact::kRejected:
      return "rejected";
    case Contact::kUnreachable:
      return "unreachable";
  }
  return "";
}

std::string TextOf(ThreadState state) {
  switch (state) {
    case ThreadState::kOff:
      return "off";
    case ThreadState::kConnecting:
      return "connecting";
    case ThreadState::kOn:
      return "on";
  }
  return "";
}

int CodeOf(const Operation& operation) {
  constexpr int kFailedPrecondition = 9, kCancelled = 1;
  if (operation.state == OperationState::kFailed) return kFailedPrecondition;
  return operation.state == OperationState::kCancelled ? kCancelled : 0;
}

v1::Operation::State StateOf(OperationState state) {
  switch (state) {
    case OperationState::kRunning:
      return v1::Operation::RUNNING;
    case OperationState::kSucceeded:
      return v1::Operation::SUCCEEDED;
    case OperationState::kFailed:
      return v1::Operation::FAILED;
    case OperationState::kCancelled:
      return v1::Operation::CANCELLED;
  }
  return v1::Operation::STATE_UNSPECIFIED;
}

void GuardsToProto(const Group& group, v1::Group* proto) {
  *proto->mutable_settings() = rpc::ToProto(group.settings);
  for (const auto& [server, window] : group.settings.maintenance) {
    v1::MaintenanceWindow* const added = proto->add_maintenance();
    if (!server.empty()) added->set_server(absl::StrCat("servers/", server));
    *added->mutable_end_time() = ToProto(window.until);
    added->set_reason(window.reason);
    added->set_user(window.user);
  }
  const LastFailover& last = group.last_failover;
  if (last.epoch != 0) *proto->mutable_last_failover_time() = ToProto(last.when);
  proto->set_last_failover_epoch(last.epoch);
  proto->set_last_failover_acknowledged(last.epoch != 0 &&
                                        last.epoch <= group.settings.acknowledged_epoch);
  proto->set_node_failover_enabled(group.failover_switch.enabled);
  proto->set_restored(group.restored);
}

}  // namespace

v1::Server ToProto(const Server& server) {
  v1::Server proto;
  proto.set_name(ServerName(server.uuid));
  proto.set_uuid(server.uuid.text());
  proto.set_address(server.address.ToString());
  proto.set_group(GroupName(server.group));
  proto.set_status(ToProto(server.status));
  proto.set_mode(ToProto(server.mode));
  proto.set_weight(server.weight);
  proto.set_set_aside(server.set_aside);
  proto.set_errant(server.errant);
  proto.set_promotion_rule(ToProto(server.promotion_rule));
  proto.set_zone(server.zone);
  return proto;
}

v1::ServerHealth HealthOf(const Snapshot& look, const ServerUuid& server, absl::Time looked) {
  const Observation& seen = look.Of(server);
  v1::ServerHealth health;
  health.set_contact(TextOf(seen.contact));
  health.set_error(seen.error);
  *health.mutable_observe_time() = ToProto(looked);
  *health.mutable_since() = ToProto(looked - seen.silent_for);
  if (!seen.reached()) return health;
  health.set_version(seen.version);
  health.set_writable(!seen.read_only);
  health.set_executed_gtids(seen.executed.ToString());
  health.set_received_gtids(seen.received.ToString());
  health.set_semi_sync_source(seen.semi_sync.source_enabled && seen.semi_sync.source_active);
  health.set_semi_sync_replica(seen.semi_sync.replica_enabled);
  if (seen.replication.configured) {
    health.set_receiver(TextOf(seen.replication.receiver));
    health.set_applier_running(seen.replication.applier_running);
    health.set_receiver_error(seen.replication.receiver_error);
    health.set_applier_error(seen.replication.applier_error);
    health.set_source(seen.replication.source.ToString());
    *health.mutable_lag() = ToProto(seen.replication.lag);
  }
  if (const Observation& primary = look.Of(look.group.primary); primary.reached()) {
    health.set_gtids_behind(primary.executed.Minus(seen.executed).Count());
  }
  return health;
}

v1::Group ToProto(const Group& group, const Snapshot* look, absl::Time looked) {
  v1::Group proto;
  proto.set_name(GroupName(group.id));
  proto.set_id(group.id);
  proto.set_description(group.description);
  proto.set_active(group.active);
  proto.set_durability(ToProto(group.durability));
  proto.set_acknowledgements(group.acknowledgements);
  proto.set_primary(ServerName(group.primary));
  proto.set_epoch(group.epoch);
  proto.set_watermark(group.watermark.ToString());
  for (const ServerUuid& uuid : group.acknowledgers.servers) {
    proto.add_acknowledgers(ServerName(uuid));
  }
  for (const Server& server : group.servers) {
    v1::Server* added = proto.add_servers();
    *added = ToProto(server);
    if (look != nullptr && look->seen.count(server.uuid) > 0) {
      *added->mutable_health() = HealthOf(*look, server.uuid, looked);
    }
  }
  proto.set_effective_durability(
      EffectiveDurability(look != nullptr ? *look : Snapshot{.group = group}));
  proto.set_pending_operation(OperationName(group.intent.operation));
  proto.set_etag(EtagOf(group));
  GuardsToProto(group, &proto);
  return proto;
}

v1::GroupRoute RouteOf(const Group& group, const std::set<ServerUuid>& drained) {
  v1::GroupRoute route;
  route.set_name(GroupName(group.id));
  route.set_epoch(group.epoch);
  // Who is the primary is not known before the servers have confirmed the record.
  if (!group.restored) route.set_primary(ServerName(group.primary));
  route.set_active(group.active);
  route.set_description(group.description);
  for (const Server& server : group.servers) {
    v1::ServerRoute* added = route.add_servers();
    added->set_name(ServerName(server.uuid));
    added->set_uuid(server.uuid.text());
    added->set_address(server.address.ToString());
    const bool unconfirmed = group.restored && server.status == ServerStatus::kPrimary;
    added->set_status(ToProto(unconfirmed ? ServerStatus::kSecondary : server.status));
    // While it is rewound or rebuilt, too: clients know it as FAULTY until it is back.
    if (!server.set_aside.empty()) added->set_status(v1::FAULTY);
    const bool takes_no_reads =
        server.mode == ServerMode::kReadOnly && drained.count(server.uuid) > 0;
    added->set_mode(ToProto(unconfirmed      ? ServerMode::kReadOnly
                            : takes_no_reads ? ServerMode::kOffline
                                             : server.mode));
    added->set_weight(server.weight);
  }
  return route;
}

v1::Operation ToProto(const Operation& operation) {
  v1::Operation proto;
  proto.set_name(OperationName(operation.id));
  proto.set_kind(operation.kind);
  proto.set_group(GroupName(operation.group));
  proto.set_server(ServerName(operation.server));
  proto.set_state(StateOf(operation.state));
  proto.set_progress(operation.progress);
  proto.set_phase(operation.phase);
  proto.set_error_code(CodeOf(operation));
  proto.set_error_message(operation.error_message);
  proto.set_error_reason(operation.error_reason);
  proto.set_result_json(operation.result);
  proto.set_cancel_requested(operation.cancel_requested);
  // What nobody asked for Weft did by itself.
  proto.set_user(operation.user.empty() ? "weft" : operation.user);
  *proto.mutable_create_time() = ToProto(operation.created);
  *proto.mutable_update_time() = ToProto(operation.updated);
  return proto;
}

v1::Event ToProto(const Event& event) {
  v1::Event proto;
  proto.set_sequence(event.sequence);
  *proto.mutable_time() = ToProto(event.when);
  proto.set_group(GroupName(event.group));
  proto.set_server(ServerName(event.server));
  proto.set_operation(OperationName(event.operation));
  proto.set_kind(event.kind);
  proto.set_text(event.text);
  proto.set_user(event.user);
  return proto;
}

v1::Finding ToProto(const Finding& finding) {
  v1::Finding proto;
  proto.set_code(finding.code);
  switch (finding.severity) {
    case Severity::kInfo:
      proto.set_severity(v1::Finding::INFO);
      break;
    case Severity::kWarning:
      proto.set_severity(v1::Finding::WARNING);
      break;
    case Severity::kCritical:
      proto.set_severity(v1::Finding::CRITICAL);
      break;
  }
  proto.set_server(ServerName(finding.server));
  proto.set_message(finding.message);
  proto.set_next_step(finding.next_step);
  proto.set_muted(finding.muted);
  return proto;
}

v1::PlannedPhase PhaseOf(const Plan& plan, const Group& group) {
  v1::PlannedPhase phase;
  phase.set_phase(plan.phase);
  for (const Step& step : plan.steps) phase.add_steps(WithAddresses(ToString(step), group));
  if (plan.steps.empty() && !plan.waiting_for.empty()) {
    phase.set_phase("wait");
    phase.add_steps(absl::StrCat("for ", WithAddresses(plan.waiting_for, group)));
  }
  return phase;
}

v1::Refusal ToProto(const Refusal& refusal) {
  v1::Refusal proto;
  proto.set_reason(refusal.reason);
  proto.set_message(refusal.message);
  proto.set_next_step(refusal.next_step);
  for (const ServerUuid& server : refusal.servers) proto.add_servers(ServerName(server));
  return proto;
}

v1::ServerProblem ToProto(const AdmissionProblem& problem) {
  v1::ServerProblem proto;
  proto.set_code(problem.code);
  proto.set_expected(problem.expected);
  proto.set_found(problem.found);
  proto.set_remedy(problem.remedy);
  proto.set_fatal(problem.fatal);
  return proto;
}

v1::ObserverReport ToProto(const HealthTable::Entry& entry) {
  v1::ObserverReport proto;
  proto.set_observer(entry.observer);
  proto.set_zone(entry.zone);
  *proto.mutable_receive_time() = ToProto(entry.received);
  v1::ServerReport& report = *proto.mutable_report();
  report.set_uuid(entry.server.text());
  report.set_address(entry.address.empty() ? "" : entry.address.ToString());
  report.set_contact(ToProto(entry.contact));
  report.set_refused(entry.refused);
  report.set_error(entry.error);
  *report.mutable_since() = ToProto(entry.since);
  *report.mutable_latency() = ToProto(entry.latency);
  report.set_receiver(entry.receiver);
  report.set_applier_running(entry.applier_running);
  report.set_replication_error(entry.replication_error);
  if (entry.lag.has_value()) *report.mutable_lag() = ToProto(*entry.lag);
  report.set_executed_gtids(entry.executed_gtids);
  report.set_writable(entry.writable);
  report.set_write_probed(entry.write_probed);
  if (entry.write_failing.has_value()) {
    *report.mutable_write_failing() = ToProto(*entry.write_failing);
  }
  report.set_write_error(entry.write_error);
  return proto;
}

absl::StatusOr<HealthTable::Entry> FromProto(const v1::ServerReport& report) {
  HealthTable::Entry entry;
  absl::StatusOr<ServerUuid> uuid = ServerUuid::Parse(report.uuid());
  if (!uuid.ok()) return uuid.status();
  entry.server = *std::move(uuid);
  if (absl::StatusOr<HostPort> address = HostPort::Parse(report.address()); address.ok()) {
    entry.address = *std::move(address);
  }
  switch (report.contact()) {
    case v1::ServerReport::ANSWERED:
      entry.contact = Contact::kAnswered;
      break;
    case v1::ServerReport::UNREACHABLE:
      entry.contact = Contact::kUnreachable;
      break;
    default:
      // A contact of a later version of the monitor is, at the least, no proof of death (S30).
      entry.contact = Contact::kRejected;
  }
  entry.refused = report.refused();
  entry.error = report.error();
  entry.since = FromProto(report.since());
  entry.latency = FromProto(report.latency());
  if (report.has_lag()) entry.lag = FromProto(report.lag());
  entry.receiver = report.receiver();
  entry.applier_running = report.applier_running();
  entry.replication_error = report.replication_error();
  entry.executed_gtids = report.executed_gtids();
  entry.writable = report.writable();
  entry.write_probed = report.write_probed();
  if (report.has_write_failing()) entry.write_failing = FromProto(report.write_failing());
  entry.write_error = report.write_error();
  return entry;
}

absl::Status StatusOf(const Refusal& refusal) {
  ErrorDetail detail;
  detail.reason = refusal.reason;
  detail.next_step = refusal.next_step;
  std::vector<std::string> servers;
  for (const ServerUuid& server : refusal.servers) servers.push_back(server.text());
  if (!servers.empty()) detail.metadata["servers"] = absl::StrJoin(servers, ",");
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, refusal.message, detail);
}

std::string EtagOf(const Group& group) { return absl::StrCat(group.revision); }

}  // namespace weft::controller
