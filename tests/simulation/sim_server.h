#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/model/ids.h"
#include "services/controller/core/snapshot.h"
#include "tests/simulation/transactions.h"

namespace weft::simulation {

// A model of one MySQL server, as far as the control plane can tell one from a real one. Passive:
// the world moves it. What is modelled was seen on real servers (semi-sync, relay logs, hangs).
struct SimServer {
  // A client's statement that commits; `client` < 0: nobody waits for its end any more.
  struct Commit {
    int transaction = -1;
    int client = -1;
    std::set<int> acknowledged_by;
    Millis since = 0;  // when it began
  };

  // A statement of a controller's session. It is run when the server gets to it, whether the
  // controller still waits or not; `run` returns false while it is blocked and has to be tried
  // again.
  struct Statement {
    int controller = -1;
    uint64_t term = 0;
    Millis due = 0;
    std::function<bool(SimServer&)> run;
    std::shared_ptr<bool> done;
  };

  int index = 0;
  ServerUuid uuid;
  HostPort address;
  bool old_version = false;  // 5.6: no semi-sync, repointing needs the relay log to be applied

  // --- the process
  bool down = false;
  bool hung = false;
  bool rejects = false;  // too many connections
  bool stuck = false;    // its disk: it answers, and no commit ends
  std::deque<Statement> statements;

  // --- variables; what a restart sets is in Restart
  bool read_only = true;
  bool offline = false;  // offline_mode: clients and replicas are cut off, administrators are not
  // Of the statement that sets it read-only and waits for commits to end: no write begins
  // meanwhile. Gone with its session.
  std::weak_ptr<bool> read_only_asked;
  bool source_enabled = false;
  uint32_t wait_for = 1;
  bool replica_flag = false;
  bool replica_preset = false;  // the flag is ON in its my.cnf
  // Neither its my.cnf nor what is persisted on it has it start read-only.
  bool starts_writable = false;
  bool skip_replica_start = false;

  // --- data
  std::vector<int> binlog;  // everything here survives a crash
  TransactionSet executed;
  TransactionSet purged;
  std::deque<Commit> waiting;  // in the binary log, not yet committed in the engine
  std::vector<Commit> queued;  // sent by clients to a hung server

  // --- accounts of replicas' own, by their index: whether each is locked. They survive restarts.
  bool gives_accounts = false;
  std::map<int, bool> accounts;
  bool lets_in(const SimServer& replica) const {
    const auto found = accounts.find(replica.index);
    return !replica.own_account || found == accounts.end() || !found->second;
  }

  // --- replication
  bool configured = false;
  bool own_account = false;
  int source = -1;
  bool receiver_on = false;  // started; connected or trying to be
  bool connected = false;
  bool receiver_semi_sync = false;  // decided when the receiver connects
  bool applier_on = false;
  bool applier_stalled = false;  // a fault: it applies nothing
  bool fatal_receiver_error = false;
  bool tried = false;          // an attempt to connect has ended since it was started
  bool connect_error = false;  // its last attempt failed
  bool login_refused = false;  // because the source did not let it in
  std::vector<int> relay_log;
  size_t applied = 0;  // of the relay log
  TransactionSet received;
  size_t position = 0;  // in the source's binary log
  Millis last_heard = -1;
  Millis reconnect_at = 0;  // when the attempt under way began, or the next one will

  bool responsive() const { return !down && !hung; }
  bool read_only_pending() const {
    const std::shared_ptr<bool> granted = read_only_asked.lock();
    return granted != nullptr && !*granted;
  }
  // Of commits that have begun and not ended: it cannot be made read-only meanwhile.
  bool HoldsCommits() const { return !waiting.empty() || (stuck && !queued.empty()); }
  bool armed() const { return source_enabled && wait_for > 0; }
  TransactionSet held() const { return executed | received; }

  // Everything in memory is gone; prepared transactions are in the binary log and so commit.
  void Crash();
  void Restart(Millis now);
  void StartReceiver(Millis now);
  // What is persisted with it overrules the my.cnf.
  void SetFlag(bool on);
  void StopReceiver();
  // STOP REPLICA; RESET REPLICA ALL.
  void ResetReplica();
  // A transaction that this server begins itself.
  void Execute(int transaction);
  // Applies the next transaction of the relay log, if there is one and it can.
  bool ApplyOne();

  controller::Observation Observe(const std::vector<SimServer>& all, const TransactionTable& table,
                                  Millis now) const;
};

}  // namespace weft::simulation
