#include "tests/simulation/sim_server.h"

namespace weft::simulation {

void SimServer::Crash() {
  down = true;
  hung = false;
  statements.clear();
  queued.clear();
  waiting.clear();
  for (const int transaction : binlog) executed.set(transaction);
  StopReceiver();
}

void SimServer::Restart(Millis now) {
  down = false;
  hung = false;
  read_only = !starts_writable;
  offline = false;
  source_enabled = false;
  replica_flag = replica_preset;
  // relay_log_recovery=1: what was received and not applied is fetched again.
  relay_log.clear();
  applied = 0;
  received = executed;
  if (configured && !skip_replica_start) {
    applier_on = true;
    StartReceiver(now);
  } else {
    applier_on = false;
  }
}

void SimServer::StartReceiver(Millis now) {
  receiver_on = true;
  connected = false;
  fatal_receiver_error = connect_error = login_refused = tried = false;
  reconnect_at = now;
}

void SimServer::SetFlag(bool on) {
  replica_flag = on;
  if (!old_version) replica_preset = false;
}

void SimServer::StopReceiver() { receiver_on = connected = false; }

void SimServer::ResetReplica() {
  StopReceiver();
  applier_on = configured = own_account = false;
  source = -1;
  relay_log.clear();
  applied = 0;
  received.reset();
}

void SimServer::Execute(int transaction) {
  binlog.push_back(transaction);
  executed.set(transaction);
}

bool SimServer::ApplyOne() {
  // A replica armed as a source waits for acknowledgements of what it applies: for ever.
  if (!applier_on || applier_stalled || armed()) return false;
  while (applied < relay_log.size() && executed[relay_log[applied]]) ++applied;
  if (applied == relay_log.size()) return false;
  Execute(relay_log[applied++]);
  return true;
}

controller::Observation SimServer::Observe(const std::vector<SimServer>& all,
                                           const TransactionTable& table, Millis now) const {
  controller::Observation seen;
  seen.contact = controller::Contact::kAnswered;
  seen.uuid = uuid;
  seen.version = old_version ? "5.6.24" : "9.7.4";
  seen.read_only = seen.super_read_only = read_only;
  seen.may_start_writable = starts_writable && !read_only;
  seen.offline = offline;
  seen.gives_accounts = gives_accounts;
  for (const auto& [replica, locked] : accounts) seen.accounts[all[replica].uuid] = locked;
  seen.can_semi_sync = seen.receiver_only_change = !old_version;
  seen.executed = table.ToGtids(executed);
  seen.received = table.ToGtids(received);
  seen.purged = table.ToGtids(purged);
  controller::Replication& replication = seen.replication;
  replication.configured = configured;
  if (configured) {
    replication.source = all[source].address;
    replication.source_uuid = all[source].uuid;
    replication.auto_position = true;
    replication.own_account = own_account;
    replication.receiver = !receiver_on ? controller::ThreadState::kOff
                           : connected  ? controller::ThreadState::kOn
                                        : controller::ThreadState::kConnecting;
    replication.login_refused = login_refused;
    replication.first_attempt = receiver_on && !tried;
    replication.applier_running = applier_on;
    if (fatal_receiver_error) {
      replication.receiver_error = "Got fatal error 1236 from source";
    } else if (connect_error) {
      replication.receiver_error = "error connecting to source";
    }
    if (last_heard >= 0) replication.heard_ago = absl::Milliseconds(now - last_heard);
  }
  controller::SemiSync& semi_sync = seen.semi_sync;
  semi_sync.installed = !old_version;
  semi_sync.source_enabled = semi_sync.source_endless = semi_sync.source_active = source_enabled;
  semi_sync.source_wait_for = wait_for;
  semi_sync.source_waiting = static_cast<uint32_t>(waiting.size());
  semi_sync.replica_enabled = replica_flag;
  semi_sync.replica_active = connected && receiver_semi_sync;
  semi_sync.replica_preset = replica_preset;
  for (const SimServer& other : all) {
    if (!other.connected || other.source != index) continue;
    seen.streaming_to.push_back(other.uuid);
    if (other.receiver_semi_sync) ++semi_sync.source_clients;
  }
  return seen;
}

}  // namespace weft::simulation
