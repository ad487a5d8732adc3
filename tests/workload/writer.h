#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "tests/workload/ledger.h"

namespace weft::testing {

// An application: inserts rows one after the other into whichever of its servers accepts writes,
// and remembers every OK. It knows nothing of Weft. A row whose OK did not come is never written
// again. One thread a server, each with a held connection, so that a server that hangs keeps
// nobody else waiting.
class Writer {
 public:
  struct Options {
    std::vector<HostPort> servers;
    std::string user;
    std::string password;  // secret
    std::string database;
    // Of the first row; the next ones count up. Rows below it are another writer's.
    uint64_t first_id = 1;
    double rate = 200;  // rows a second; 0: as fast as the server answers
    absl::Duration statement_timeout = absl::Seconds(1);
    absl::Duration search_period = absl::Milliseconds(2);  // looking for a writable server
  };
  // Called from a server's thread at each move, with the ledger's lock held: must not block.
  using MoveListener = std::function<void(const Ledger::Move& move)>;

  Writer(Options options, Clock* clock, MoveListener listener);
  ~Writer();

  void Start();
  // No row is being written when it returns (bounded by statement_timeout).
  void Pause();
  void Resume();

  // Reads the rows of the server that accepts writes now and compares. UNAVAILABLE when none does
  // within `timeout`. Call it while paused.
  absl::StatusOr<Ledger::Audit> Check(absl::Duration timeout);

  uint64_t acked() const;
  absl::Duration longest_gap() const;
  // The server that acknowledged last; empty: none yet.
  std::string current() const;

 private:
  // What a server's thread does next.
  enum class Turn {
    kWrite,    // its server gets the rows, and the next row is due
    kSearch,   // nobody accepts rows: ask its server
    kStandBy,  // another server gets the rows, or the writer is paused: keep a connection ready
  };

  void Loop(int index);
  // Blocks until the next row is due (kWrite), or for a moment (kStandBy).
  Turn NextTurn(int index);
  void Search(int index, std::unique_ptr<mysql::Session>& session);
  void GiveUp(int index);
  // Opens a session if none is held. False: not now.
  bool Connected(int index, std::unique_ptr<mysql::Session>& session);
  // One row to server `index`, unless it lost its turn. False when no OK came.
  bool WriteOne(int index, mysql::Session& session);
  bool IsWritable(mysql::Session& session);
  mysql::ConnectOptions ConnectTo(int index) const;

  const Options options_;
  Clock* const clock_;
  const MoveListener listener_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ledger_exists_{false};

  mutable Mutex mutex_;
  CondVar changed_;
  int current_ ABSL_GUARDED_BY(mutex_) = -1;  // who gets the rows; -1: nobody accepts them
  bool paused_ ABSL_GUARDED_BY(mutex_) = true;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_due_ ABSL_GUARDED_BY(mutex_);
  Ledger ledger_ ABSL_GUARDED_BY(mutex_);
  std::string last_server_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace weft::testing
