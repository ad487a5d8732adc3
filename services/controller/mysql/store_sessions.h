#pragma once
// Sessions to the state store: borrowed, checked, ended, and tried again where that is safe.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/mysql/pool.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/store_circuit.h"
#include "services/controller/mysql/store_place.h"

namespace weft::controller {

// A session that carries a write whose answer was lost.
struct LostWrite {
  std::string session;  // its name
  std::string address;  // of the server that it was sent to
};

// Thread-safe.
class LostWrites {
 public:
  void Add(const LostWrite& lost);
  void Remove(const std::string& session);
  std::vector<LostWrite> List() const;

 private:
  mutable Mutex mutex_;
  std::vector<LostWrite> writes_ ABSL_GUARDED_BY(mutex_);
};

// Thread-safe. Each call blocks for at most acquire_timeout + connect_timeout + call_timeout, and
// not at all (some 100 microseconds) while nothing listens at the store's address.
//
// A write whose answer is lost may still run on the server, for long if that is stopped. So each
// session holds a lock of its own there (GET_LOCK), and before the next call of whoever shares the
// same LostWrites does anything, the session of the lost write is ended and seen gone by its lock.
// What is read back is therefore final: the write has taken effect by then, or never will.
//
// Of a replicated store another member may be the primary by then. What the one before it could
// still commit, the others had agreed on before they elected; and the new one is read only after
// it applied that (kReadAfterFailover). So there is nothing to end there.
class StoreSessions {
 public:
  struct Options {
    mysql::ConnectOptions connect;  // with the database
    size_t max_sessions = 8;
    absl::Duration acquire_timeout = absl::Milliseconds(500);
    // No retry begins later than this after the start of a call.
    absl::Duration call_timeout = absl::Seconds(2);
    // How long callers get the last error without a new try, after a failed contact.
    absl::Duration rest = absl::Milliseconds(100);
    int schema_version = 0;  // sessions to a store of another one are refused
    Clock* clock = nullptr;
    std::function<double()> random;  // uniform in [0, 1), for the jitter of retries
    LostWrites* lost = nullptr;      // outlives this
    StorePlace* place = nullptr;     // outlives this
  };

  explicit StoreSessions(const Options& options);

  // A statement without effect, tried again on another session if its own dies.
  absl::StatusOr<mysql::ResultSet> Read(absl::string_view sql, const mysql::Params& params);

  // One statement that is a whole transaction; the number of rows that it says it changed. Tried
  // again after a deadlock. UNAVAILABLE STORE_OUTCOME_UNKNOWN when the answer was lost. What the
  // server refuses is returned as FromMysql has it: see StatementFailure.
  absl::StatusOr<uint64_t> Write(absl::string_view sql, const mysql::Params& params);

  // Closes all sessions: the schema or the login has changed.
  void Reset(const mysql::ConnectOptions& connect);

 private:
  absl::StatusOr<std::unique_ptr<mysql::Session>> Open(const mysql::ConnectOptions& connect);
  absl::Status Prepare(mysql::Session& session);
  // A session to where the store is now.
  absl::StatusOr<mysql::Pool::Lease> Borrow();
  // Runs `work` on a session, with the retries that are safe. All errors but those of the server
  // are translated.
  absl::Status Run(bool is_write, absl::FunctionRef<absl::Status(mysql::Session&)> work);
  absl::Status Lost(mysql::Session& session, const absl::Status& status, bool is_write);
  // Ends the sessions of lost writes.
  absl::Status Settle(mysql::Session& session);
  absl::Status EndSession(mysql::Session& session, const std::string& name);

  const Options options_;
  const std::string process_;  // makes the names of sessions unique
  StoreCircuit circuit_;

  Mutex mutex_;
  mysql::ConnectOptions connect_ ABSL_GUARDED_BY(mutex_);
  uint64_t opened_ ABSL_GUARDED_BY(mutex_) = 0;

  mysql::Pool pool_;  // last: its opener uses the above
};

}  // namespace weft::controller
