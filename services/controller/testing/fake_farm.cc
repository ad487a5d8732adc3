#include "services/controller/testing/fake_farm.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"

namespace weft::controller {
namespace {

absl::Status Silent(const HostPort& address) {
  return absl::UnavailableError(absl::StrCat(address.ToString(), ": connection refused"));
}

}  // namespace

ServerUuid FakeFarm::UuidOf(int n) {
  const std::string digits(8, static_cast<char>('0' + n));
  return ServerUuid::Parse(absl::StrCat(digits, "-0000-4000-8000-000000000000")).value();
}

HostPort FakeFarm::AddressOf(int n) { return HostPort{absl::StrCat("s", n), 3306}; }

ServerUuid FakeFarm::Add(int n) {
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[UuidOf(n)];
  server.uuid = UuidOf(n);
  server.address = AddressOf(n);
  return server.uuid;
}

bool FakeFarm::WriteOn(const ServerUuid& uuid) {
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[uuid];
  if (!server.up || server.super_read_only) return false;
  const std::string& text = uuid.text();
  server.executed.Add({text, "", server.executed.LastNumber(text, "") + 1});
  Replicate();
  return true;
}

void FakeFarm::WriteAstray(const ServerUuid& uuid, const std::string& table) {
  MutexLock lock(&mutex_);
  ++servers_[uuid].astray[table];
  GtidSet& executed = servers_[uuid].executed;
  executed.Add({uuid.text(), "", executed.LastNumber(uuid.text(), "") + 1});
}

void FakeFarm::Kill(const ServerUuid& server) {
  MutexLock lock(&mutex_);
  servers_[server].up = false;
}

void FakeFarm::Start(const ServerUuid& uuid) {
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[uuid];
  server.up = true;
  server.super_read_only = true;
  server.source_enabled = server.replica_enabled = false;
  server.received = server.executed;
}

void FakeFarm::Edit(const ServerUuid& server, const std::function<void(FakeServer&)>& edit) {
  MutexLock lock(&mutex_);
  edit(servers_[server]);
}

FakeFarm::FakeServer FakeFarm::Get(const ServerUuid& server) const {
  MutexLock lock(&mutex_);
  return servers_.at(server);
}

std::vector<std::string> FakeFarm::Applied() const {
  MutexLock lock(&mutex_);
  return applied_;
}

void FakeFarm::FailNext(const ServerUuid& server, absl::Status status) {
  MutexLock lock(&mutex_);
  failures_[server] = std::move(status);
}

void FakeFarm::SetTerm(uint64_t term, std::function<bool()>) {
  MutexLock lock(&mutex_);
  term_ = term;
}

uint64_t FakeFarm::term() const {
  MutexLock lock(&mutex_);
  return term_;
}

void FakeFarm::Replicate() {
  for (auto& [uuid, replica] : servers_) {
    if (!replica.up || replica.stuck || !replica.receiver_on) continue;
    const auto source = servers_.find(replica.source);
    if (source == servers_.end() || !source->second.up) continue;
    replica.received = replica.received.Union(source->second.executed);
    replica.executed = replica.executed.Union(replica.received);
  }
}

Observation FakeFarm::Look(const FakeServer& server) {
  Observation seen;
  if (!server.up) {
    seen.refused = true;
    seen.error = "connection refused";
    return seen;
  }
  if (server.unseen || hanging_.contains(server.uuid)) {
    seen.error = "no answer in time";
    return seen;
  }
  if (server.unwhole) {
    seen.contact = Contact::kRejected;
    seen.unwhole = true;
    seen.error = "its data are not whole";
    return seen;
  }
  if (server.rejects) {
    seen.contact = Contact::kRejected;
    seen.error = "too many connections";
    return seen;
  }
  seen.contact = Contact::kAnswered;
  seen.uuid = server.uuid;
  seen.version = "9.7.4";
  seen.read_only = seen.super_read_only = server.super_read_only;
  seen.can_semi_sync = seen.receiver_only_change = true;
  seen.executed = server.executed;
  seen.received = server.received;
  if (!server.source.empty()) {
    const auto source = servers_.find(server.source);
    const bool alive = source != servers_.end() && source->second.up;
    seen.replication.configured = seen.replication.auto_position = true;
    seen.replication.source_uuid = server.source;
    if (source != servers_.end()) seen.replication.source = source->second.address;
    seen.replication.receiver = !server.receiver_on ? ThreadState::kOff
                                : alive             ? ThreadState::kOn
                                                    : ThreadState::kConnecting;
    seen.replication.applier_running = true;
    if (alive) seen.replication.heard_ago = absl::ZeroDuration();
  }
  seen.semi_sync.installed = seen.semi_sync.source_endless = true;
  seen.semi_sync.source_enabled = seen.semi_sync.source_active = server.source_enabled;
  seen.semi_sync.source_wait_for = server.wait_for;
  seen.semi_sync.replica_enabled = server.replica_enabled;
  seen.semi_sync.replica_active =
      server.replica_enabled && seen.replication.receiver == ThreadState::kOn;
  for (const auto& [uuid, other] : servers_) {
    if (!other.up || !other.receiver_on || other.source != server.uuid) continue;
    seen.streaming_to.push_back(uuid);
    if (other.replica_enabled) ++seen.semi_sync.source_clients;
  }
  return seen;
}

void FakeFarm::FailRewind(const ServerUuid& server, absl::Status status) {
  MutexLock lock(&mutex_);
  rewind_failures_[server] = std::move(status);
}

void FakeFarm::Hang(const ServerUuid& server) {
  MutexLock lock(&mutex_);
  hanging_.insert(server);
}

void FakeFarm::Wake(const ServerUuid& server) {
  MutexLock lock(&mutex_);
  hanging_.erase(server);
  hung_.erase(server);
  woken_.NotifyAll();
}

bool FakeFarm::HasHung(const ServerUuid& server) const {
  MutexLock lock(&mutex_);
  return hung_.contains(server);
}

void FakeFarm::SlowLooks(absl::Duration time) {
  MutexLock lock(&mutex_);
  look_time_ = time;
}

std::map<ServerUuid, Observation> FakeFarm::Probe(const Group& group, absl::Duration) {
  absl::Duration time;
  {
    MutexLock lock(&mutex_);
    time = look_time_;
  }
  RealClock::Get()->Sleep(time);
  MutexLock lock(&mutex_);
  Replicate();
  std::map<ServerUuid, Observation> seen;
  for (const Server& server : group.servers) seen[server.uuid] = Look(servers_[server.uuid]);
  return seen;
}

absl::Status FakeFarm::Do(const Step& step, FakeServer* server) {
  if (std::holds_alternative<Fence>(step)) {
    server->super_read_only = true;
  } else if (std::holds_alternative<Unfence>(step)) {
    server->super_read_only = false;
  } else if (std::holds_alternative<StopReceiver>(step) ||
             std::holds_alternative<StopReplica>(step)) {
    server->receiver_on = false;
  } else if (const auto* catch_up = std::get_if<CatchUp>(&step)) {
    server->executed = server->executed.Union(server->received);
    if (!server->executed.Contains(catch_up->goal)) {
      return absl::DeadlineExceededError("it does not catch up");
    }
  } else if (const auto* follow = std::get_if<Follow>(&step)) {
    server->source = follow->source;
    server->receiver_on = true;
    server->replica_enabled = follow->acknowledge;
  } else if (std::holds_alternative<Detach>(step)) {
    server->source = ServerUuid();
    server->receiver_on = server->replica_enabled = false;
    server->received = server->executed;
  } else if (const auto* arm = std::get_if<ArmSource>(&step)) {
    server->source_enabled = arm->wait_for > 0;
    server->wait_for = arm->wait_for;
  }
  return absl::OkStatus();
}

absl::Status FakeFarm::Apply(const Group&, const Step& step, absl::Duration) {
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[ServerOf(step)];
  while (hanging_.contains(server.uuid)) {
    hung_.insert(server.uuid);
    woken_.Wait(&mutex_);
  }
  if (const auto failure = failures_.find(server.uuid); failure != failures_.end()) {
    const absl::Status status = failure->second;
    failures_.erase(failure);
    return status;
  }
  if (!server.up) return Silent(server.address);
  applied_.push_back(ToString(step));
  const absl::Status status = Do(step, &server);
  Replicate();
  return status;
}

FakeFarm::FakeServer* FakeFarm::At(const HostPort& address) {
  for (auto& [uuid, server] : servers_) {
    if (server.address == address && server.up) return &server;
  }
  return nullptr;
}

absl::StatusOr<Admission> FakeFarm::Admit(const Group&, const HostPort& address, absl::Duration) {
  MutexLock lock(&mutex_);
  const FakeServer* const server = At(address);
  if (server == nullptr) return Silent(address);
  return Admission{Look(*server), server->problems, server->clone_would_help};
}

absl::StatusOr<ServerUuid> FakeFarm::Identify(const HostPort& address, absl::Duration) {
  MutexLock lock(&mutex_);
  const FakeServer* const server = At(address);
  if (server == nullptr) return Silent(address);
  return server->uuid;
}

absl::StatusOr<Farm::Neighbours> FakeFarm::Discover(const HostPort& address, absl::Duration) {
  MutexLock lock(&mutex_);
  const FakeServer* const server = At(address);
  if (server == nullptr) return Silent(address);
  Neighbours neighbours;
  if (!server->source.empty()) neighbours.source = servers_[server->source].address;
  for (const auto& [uuid, other] : servers_) {
    if (other.source == server->uuid) neighbours.replicas.push_back(other.address);
  }
  return neighbours;
}

absl::StatusOr<ServerUuid> FakeFarm::Clone(const Group&, const ServerUuid& recipient,
                                           const ServerUuid& donor,
                                           std::function<void(double)> progress, absl::Duration) {
  if (progress) progress(0.5);
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[recipient];
  if (!server.up) return Silent(server.address);
  if (const auto failure = failures_.find(recipient); failure != failures_.end()) {
    const absl::Status status = failure->second;
    failures_.erase(failure);
    return status;
  }
  applied_.push_back(absl::StrCat("clone ", recipient.text(), " <- ", donor.text()));
  server.executed = server.received = servers_[donor].executed;
  server.astray.clear();
  server.unwhole = false;
  server.source = ServerUuid();
  server.receiver_on = server.replica_enabled = false;
  server.super_read_only = true;
  return recipient;
}

absl::StatusOr<std::string> FakeFarm::SaveTransactions(const Group& group, const ServerUuid& server,
                                                       const GtidSet& set, absl::Duration) {
  MutexLock lock(&mutex_);
  applied_.push_back(absl::StrCat("save ", set.ToString(), " of ", server.text()));
  return absl::StrCat("rescue/", group.id, ".sql");
}

absl::StatusOr<Farm::Rewound> FakeFarm::Rewind(const Group& group, const ServerUuid& uuid,
                                               const GtidSet& errant, bool dry_run,
                                               std::function<void(double)> progress,
                                               absl::Duration) {
  if (progress) progress(0.5);
  MutexLock lock(&mutex_);
  FakeServer& server = servers_[uuid];
  if (!server.up) return Silent(server.address);
  if (const auto failure = rewind_failures_.find(uuid); failure != rewind_failures_.end()) {
    const absl::Status status = failure->second;
    if (!dry_run) rewind_failures_.erase(failure);
    return status;
  }
  Rewound rewound;
  rewound.path = absl::StrCat("rescue/", group.id, ".sql");
  rewound.transactions = errant;
  rewound.rows = server.astray;
  if (dry_run) return rewound;
  server.astray.clear();
  applied_.push_back(absl::StrCat("rewind ", errant.ToString(), " of ", uuid.text()));
  server.executed = server.executed.Minus(errant);
  server.received = server.executed;
  server.source = ServerUuid();
  server.receiver_on = server.replica_enabled = server.source_enabled = false;
  server.super_read_only = true;
  return rewound;
}

absl::Status FakeFarm::RotatePassword(const Group& group, absl::string_view duty, absl::string_view,
                                      absl::Duration) {
  MutexLock lock(&mutex_);
  applied_.push_back(absl::StrCat("rotate ", duty, " in ", group.id));
  return absl::OkStatus();
}

void FakeFarm::Forget(const HostPort& address) {
  MutexLock lock(&mutex_);
  applied_.push_back(absl::StrCat("forget ", address.ToString()));
}

}  // namespace weft::controller
