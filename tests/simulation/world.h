#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/controller/ports/memory_store.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/checkers.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/transactions.h"

namespace weft::simulation {

inline constexpr Millis kTick = 5;
inline constexpr int kClients = 3;
// The client whose account offline_mode does not cut off.
inline constexpr int kAdministrator = 2;

// Everything outside the controllers: servers, the network between all, clients, the store, and
// time. One thread; deterministic for a seed and a sequence of faults.
class World {
 public:
  struct Options {
    uint64_t seed = 1;
    int servers = 3;
    int controllers = 1;
    int monitors = 2;
    bool old_version = false;
    bool skip_replica_start = false;
    bool own_accounts = false;  // of replicas can be made
    // Chance per tick, in percent, that a replica receives, and that it applies.
    int receive_percent = 90;
    int apply_percent = 90;
    // Mean time between the writes of one client; 0: no clients.
    Millis write_every = 60;
  };

  // Something with a turn of its own in each tick: a controller.
  using Actor = std::function<void()>;

  explicit World(const Options& options);

  Millis now() const { return now_; }
  absl::Time WallTime() const { return absl::FromUnixMillis(1'700'000'000'000 + now_); }
  Chance& chance() { return chance_; }
  const Options& options() const { return options_; }
  std::vector<SimServer>& servers() { return servers_; }
  TransactionTable& transactions() { return transactions_; }
  Checkers& checkers() { return checkers_; }
  const std::shared_ptr<controller::MemoryDatabase>& database() { return database_; }

  // One step of time: replication, statements, clients, then the actors. An actor may tick itself
  // while it waits; it is not called again meanwhile.
  void Tick();
  void AddActor(Actor actor) { actors_.push_back({std::move(actor), false}); }

  // --- the network. Nodes are servers, then controllers, then monitors.
  int ControllerNode(int controller) const { return options_.servers + controller; }
  int MonitorNode(int monitor) const { return ControllerNode(options_.controllers) + monitor; }
  bool Reaches(int from, int to) const { return cut_[from][to] == 0; }
  bool Connects(int a, int b) const { return Reaches(a, b) && Reaches(b, a); }
  // Faults may overlap: each cut is undone once.
  void Cut(int from, int to, int by) { cut_[from][to] += by; }

  // --- faults
  void Crash(int server);
  void Restart(int server);
  void Hang(int server);
  void Wake(int server);
  // Its disk takes no write any more; and does again.
  void Stick(int server);
  void Free(int server);
  // A privileged user writes on a server that is not the primary.
  void WriteErrant(int server);
  // The binary logs up to what the server itself has executed are deleted.
  void Purge(int server);

  // --- semi-sync
  void Disarm(int server);
  // The same for a moment.
  void ReleaseCommits(int server);
  // The clients' sessions end; who waited for a commit will not learn its end.
  void KillClients(int server);
  // offline_mode: the same, but for the administrator's session; replicas lose their source, too.
  void CutOff(int server);
  // The account of `replica` is locked there, and its connection ended.
  void LockOut(int server, int replica);
  // Clients that would be told of the end of a commit there.
  int Hearing(int server) const;

  // What the controllers' store says, as clients and checkers see it: kept by the controllers.
  void Publish(const Group& group);
  const Group& record() const { return record_; }
  void StopClients() { clients_stopped_ = true; }
  // A fault is active now.
  void Disturb() { disturbed_ = now_; }
  // Some clients write to where the primary was, too.
  void set_stale_clients(bool stale) { stale_clients_ = stale; }

 private:
  struct Client {
    int server = -1;       // where its session is
    int transaction = -1;  // of the write that it waits for
    Millis waits_since = 0;
    Millis next = 0;
  };
  struct Acknowledgement {
    Millis arrives;
    int from;
    int to;
    int transaction;
  };
  struct ActorSlot {
    Actor actor;
    bool busy;
  };

  void Replicate(SimServer& replica);
  void Deliver(SimServer& replica, SimServer& source);
  void Connect(SimServer& replica, SimServer& source);
  void Acknowledge(const SimServer& replica, int transaction);
  void TakeAcknowledgements();
  void Complete(SimServer& server);
  void End(SimServer& server, const SimServer::Commit& commit, bool waited);
  void RunStatements(SimServer& server);
  void RunClient(int index);
  bool Begin(SimServer& server, int client);
  void RunQueued(SimServer& server);

  const Options options_;
  Chance chance_;
  Millis now_ = 0;
  TransactionTable transactions_;
  std::vector<SimServer> servers_;
  std::array<std::array<int8_t, 16>, 16> cut_{};
  std::vector<Acknowledgement> acknowledgements_;
  std::vector<Client> clients_;
  bool clients_stopped_ = false;
  bool stale_clients_ = false;
  std::vector<ActorSlot> actors_;
  std::shared_ptr<controller::MemoryDatabase> database_;
  Group record_;
  Millis disturbed_ = 0;
  Checkers checkers_;
};

// The world's time as a Clock. Sleep ticks the world.
class SimClock : public Clock {
 public:
  explicit SimClock(World* world) : world_(world) {}
  absl::Time Now() override;
  absl::Duration MonotonicNow() override;
  void Sleep(absl::Duration duration) override;
  bool WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

 private:
  World* const world_;
};

}  // namespace weft::simulation
