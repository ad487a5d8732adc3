#include "tests/simulation/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weft::simulation {
namespace {

constexpr Millis kReconnect = 200;    // a receiver tries again
constexpr Millis kNetTimeout = 2500;  // a receiver gives its silent source up
constexpr Millis kClientPatience = 1500;

std::string UuidOf(int server) {
  const std::string letter(1, static_cast<char>('a' + server));
  const auto digits = [&](int n) { return std::string(n, letter[0]); };
  return absl::StrCat(digits(8), "-", digits(4), "-", digits(4), "-", digits(4), "-", digits(12));
}

std::vector<std::string> Uuids(int servers) {
  std::vector<std::string> uuids;
  uuids.reserve(servers);
  for (int i = 0; i < servers; ++i) uuids.push_back(UuidOf(i));
  return uuids;
}

}  // namespace

World::World(const Options& options)
    : options_(options),
      chance_(options.seed),
      transactions_(Uuids(options.servers)),
      servers_(options.servers),
      clients_(options.write_every > 0 ? kClients : 0),
      database_(std::make_shared<controller::MemoryDatabase>()) {
  for (int i = 0; i < options.servers; ++i) {
    SimServer& server = servers_[i];
    server.index = i;
    server.uuid = *ServerUuid::Parse(UuidOf(i));
    server.address = HostPort{.host = std::string(1, static_cast<char>('a' + i)), .port = 3306};
    server.old_version = options.old_version;
    server.skip_replica_start = options.skip_replica_start;
    server.gives_accounts = options.own_accounts && !options.old_version;
  }
}

void World::Tick() {
  now_ += kTick;
  TakeAcknowledgements();
  for (SimServer& server : servers_) {
    if (!server.responsive()) continue;
    Replicate(server);
    Complete(server);
    if (!server.statements.empty()) RunStatements(server);
  }
  for (size_t i = 0; i < clients_.size(); ++i) RunClient(static_cast<int>(i));
  for (size_t i = 0; i < actors_.size(); ++i) {
    if (actors_[i].busy) continue;
    actors_[i].busy = true;
    actors_[i].actor();
    actors_[i].busy = false;
  }
}

void World::Replicate(SimServer& replica) {
  if (!replica.configured || replica.stuck) return;
  if (chance_.Percent(options_.apply_percent)) {
    for (int i = 0; i < 4 && replica.ApplyOne(); ++i) {
    }
  }
  if (!replica.receiver_on) return;
  SimServer& source = servers_[replica.source];
  const bool link = Connects(replica.index, source.index);
  if (!replica.connected) {
    if (now_ < replica.reconnect_at || replica.fatal_receiver_error) return;
    // Nobody says no to who asks a host that is cut off, or a process that hangs.
    const bool silent = !link || source.hung;
    if (silent && now_ - replica.reconnect_at < kNetTimeout) return;
    replica.tried = true;
    const bool answers = !silent && !source.down && !source.offline;
    if (answers && source.lets_in(replica)) {
      Connect(replica, source);
    } else {
      replica.connect_error = true;
      replica.login_refused = answers;
      replica.reconnect_at = now_ + kReconnect;
    }
    return;
  }
  if (source.down || now_ - replica.last_heard > kNetTimeout) {
    replica.connected = false;
    replica.reconnect_at = now_ + kReconnect;
    return;
  }
  if (!link || source.hung) return;
  replica.last_heard = now_;
  Deliver(replica, source);
}

void World::Connect(SimServer& replica, SimServer& source) {
  if ((source.purged & ~replica.held()).any()) {
    replica.receiver_on = false;
    replica.fatal_receiver_error = true;  // 1236: the source has purged what it needs
    return;
  }
  replica.connected = true;
  replica.connect_error = replica.login_refused = false;
  replica.receiver_semi_sync = replica.replica_flag;
  replica.position = 0;
  replica.last_heard = now_;
  // What it already has counts as acknowledged by its request.
  if (!replica.receiver_semi_sync) return;
  for (const SimServer::Commit& commit : source.waiting) {
    if (!replica.held()[commit.transaction]) break;
    Acknowledge(replica, commit.transaction);
  }
}

void World::Deliver(SimServer& replica, SimServer& source) {
  for (int sent = 0; sent < 4 && replica.position < source.binlog.size();) {
    const int transaction = source.binlog[replica.position];
    if (replica.executed[transaction] || replica.received[transaction]) {
      ++replica.position;
      continue;
    }
    if (!chance_.Percent(options_.receive_percent)) return;
    ++replica.position;
    ++sent;
    replica.relay_log.push_back(transaction);
    replica.received.set(transaction);
    if (replica.receiver_semi_sync && source.armed()) Acknowledge(replica, transaction);
  }
}

void World::Acknowledge(const SimServer& replica, int transaction) {
  checkers_.OnAcknowledgement(record_, replica, now_ - disturbed_);
  acknowledgements_.push_back({now_ + kTick, replica.index, replica.source, transaction});
}

void World::TakeAcknowledgements() {
  std::vector<Acknowledgement> later;
  for (const Acknowledgement& one : acknowledgements_) {
    SimServer& source = servers_[one.to];
    const bool reaches = Reaches(one.from, one.to);
    // A network that is away for a moment only delays what a connection carries.
    if (source.down || (!reaches && !servers_[one.from].connected)) continue;
    if (one.arrives > now_ || source.hung || !reaches) {
      later.push_back(one);
      continue;
    }
    // It covers everything before it in the binary log.
    const auto end = std::find_if(source.waiting.begin(), source.waiting.end(),
                                  [&](const auto& c) { return c.transaction == one.transaction; });
    if (end == source.waiting.end()) continue;  // another's was faster
    for (auto commit = source.waiting.begin(); commit <= end; ++commit) {
      commit->acknowledged_by.insert(one.from);
    }
  }
  acknowledgements_.swap(later);
}

void World::Complete(SimServer& server) {
  while (!server.waiting.empty()) {
    const SimServer::Commit commit = server.waiting.front();
    if (server.armed() && commit.acknowledged_by.size() < server.wait_for) return;
    server.waiting.pop_front();
    server.executed.set(commit.transaction);
    End(server, commit, /*waited=*/server.armed());
  }
}

void World::End(SimServer& server, const SimServer::Commit& commit, bool waited) {
  if (commit.client < 0) return;
  Client& client = clients_[commit.client];
  if (client.transaction != commit.transaction) return;
  client.transaction = -1;
  checkers_.OnAcked(
      record_, servers_,
      {.transaction = commit.transaction, .server = server.index, .at = now_, .waited = waited});
}

void World::RunStatements(SimServer& server) {
  // Sessions run side by side: one that is blocked does not hold up the next.
  for (size_t i = 0; i < server.statements.size() && server.responsive();) {
    const SimServer::Statement& statement = server.statements[i];
    if (statement.due > now_ || !statement.run(server)) {
      ++i;
      continue;
    }
    *statement.done = true;
    server.statements.erase(server.statements.begin() + static_cast<int64_t>(i));
  }
}

bool World::Begin(SimServer& server, int client) {
  if (server.read_only || server.read_only_pending() || transactions_.full()) return false;
  if (server.offline && client != kAdministrator) return false;
  const int transaction = transactions_.Begin(server.index);
  server.binlog.push_back(transaction);
  if (client >= 0) clients_[client].transaction = transaction;
  SimServer::Commit commit{
      .transaction = transaction, .client = client, .acknowledged_by = {}, .since = now_};
  if (server.armed() || !server.waiting.empty()) {
    server.waiting.push_back(commit);
  } else {
    server.executed.set(transaction);
    End(server, commit, /*waited=*/false);
  }
  return true;
}

void World::RunClient(int index) {
  Client& client = clients_[index];
  if (client.waits_since > 0) {
    const bool ended = client.transaction < 0;
    if (!ended && now_ - client.waits_since < kClientPatience && !servers_[client.server].down) {
      return;
    }
    client.transaction = -1;
    client.waits_since = 0;
  }
  if (now_ < client.next || clients_stopped_) return;
  client.next = now_ + chance_.Between(1, 2 * options_.write_every);
  // A pooled session stays where it was until it fails, and a stale client even then.
  const bool stays = client.server >= 0 && servers_[client.server].responsive() &&
                     !servers_[client.server].read_only;
  if (!stays && !(stale_clients_ && index == 0 && client.server >= 0)) {
    client.server = -1;
    for (const SimServer& server : servers_) {
      if (server.uuid == record_.primary) client.server = server.index;
    }
  }
  if (client.server < 0) return;
  SimServer& server = servers_[client.server];
  if (server.down) return;
  const bool writes = !server.read_only && !server.read_only_pending();
  if (server.hung || (server.stuck && writes)) {
    server.queued.push_back(
        {.transaction = -1, .client = index, .acknowledged_by = {}, .since = now_});
    return;
  }
  client.waits_since = now_;
  if (!Begin(server, index)) client.waits_since = 0;
}

void World::Crash(int server) {
  if (servers_[server].down) return;
  for (Client& client : clients_) {
    if (client.server == server) client.transaction = -1;
  }
  servers_[server].Crash();
  for (SimServer& other : servers_) {
    if (other.connected && other.source == server && Connects(other.index, server)) {
      other.connected = false;
      other.reconnect_at = now_ + kReconnect;
    }
  }
}

void World::Restart(int server) {
  if (servers_[server].down) servers_[server].Restart(now_);
}

void World::Hang(int server) {
  if (!servers_[server].down) servers_[server].hung = true;
}

void World::Wake(int server) {
  SimServer& woken = servers_[server];
  if (woken.down || !woken.hung) return;
  woken.hung = false;
  if (!woken.stuck) RunQueued(woken);
}

void World::Stick(int server) { servers_[server].stuck = true; }

void World::Free(int server) {
  if (!std::exchange(servers_[server].stuck, false)) return;
  if (!servers_[server].hung) RunQueued(servers_[server]);
}

void World::RunQueued(SimServer& server) {
  // What was in its sockets runs now, whether anybody still waits for it or not.
  for (const SimServer::Commit& queued : std::exchange(server.queued, {})) {
    Client& client = clients_[queued.client];
    const bool still_there = client.server == server.index && client.waits_since == 0;
    Begin(server, still_there ? queued.client : -1);
  }
}

void World::WriteErrant(int server) {
  SimServer& victim = servers_[server];
  if (!victim.responsive() || transactions_.full() || victim.uuid == record_.primary) return;
  const int transaction = transactions_.Begin(server);
  victim.Execute(transaction);
  // What is there before a group's first primary is its data.
  if (record_.epoch > 0) checkers_.OnErrant(transaction, now_);
}

void World::Purge(int server) {
  SimServer& source = servers_[server];
  source.purged = source.executed;
  std::erase_if(source.binlog, [&](int transaction) { return source.purged[transaction]; });
  for (SimServer& other : servers_) {
    if (other.source != server || !other.connected) continue;
    other.position = 0;
    if ((source.purged & ~other.held()).any()) other.connected = false;  // and 1236 when it returns
  }
}

void World::Disarm(int server) {
  servers_[server].source_enabled = false;
  Complete(servers_[server]);
}

void World::ReleaseCommits(int server) {
  const bool enabled = servers_[server].source_enabled;
  Disarm(server);
  servers_[server].source_enabled = enabled;
}

void World::KillClients(int server) {
  for (SimServer::Commit& commit : servers_[server].waiting) commit.client = -1;
  for (Client& client : clients_) {
    if (client.server == server) client = Client{.next = now_ + kTick};
  }
}

void World::CutOff(int server) {
  servers_[server].offline = true;
  for (SimServer::Commit& commit : servers_[server].waiting) {
    if (commit.client != kAdministrator) commit.client = -1;
  }
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (static_cast<int>(i) == kAdministrator || clients_[i].server != server) continue;
    clients_[i] = Client{.next = now_ + kTick};
  }
  for (SimServer& other : servers_) {
    if (!other.connected || other.source != server) continue;
    other.connected = false;
    other.reconnect_at = now_ + kReconnect;
  }
}

void World::LockOut(int server, int replica) {
  servers_[server].accounts[replica] = true;
  SimServer& other = servers_[replica];
  if (!other.connected || other.source != server || !other.own_account) return;
  other.connected = false;
  other.reconnect_at = now_ + kReconnect;
}

int World::Hearing(int server) const {
  const std::deque<SimServer::Commit>& waiting = servers_[server].waiting;
  return static_cast<int>(
      std::count_if(waiting.begin(), waiting.end(), [&](const SimServer::Commit& one) {
        return one.client >= 0 && clients_[one.client].transaction == one.transaction;
      }));
}

void World::Publish(const Group& group) {
  if (group.revision <= record_.revision) return;
  checkers_.OnRecord(record_, group, transactions_.FromGtids(record_.watermark), servers_, now_);
  checkers_.OnIntent(record_, group, WallTime());
  record_ = group;
}

absl::Time SimClock::Now() { return world_->WallTime(); }
absl::Duration SimClock::MonotonicNow() { return absl::Milliseconds(world_->now()); }
void SimClock::Sleep(absl::Duration duration) {
  const Millis end = world_->now() + absl::ToInt64Milliseconds(duration);
  while (world_->now() < end) world_->Tick();
}
bool SimClock::WaitFor(CondVar*, Mutex*, absl::Duration) { return false; }

}  // namespace weft::simulation
