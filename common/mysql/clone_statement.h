#pragma once
// What every use of the CLONE plugin has in common: the statement at work, and what the server says
// about it.
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/mysql/result_set.h"
#include "common/mysql/session.h"

namespace weft::mysql {

// The CLONE statement on a session of its own, in a thread of its own: it runs as long as the copy
// takes and ends with the server's restart. The session is cut as soon as it has ended (a server
// that finds one when it restarts waits for two seconds), and by the destructor. Thread-safe.
class CloneStatement {
 public:
  // `sql` holds a password, so no error of this class has its text.
  CloneStatement(std::unique_ptr<Session> session, std::string sql);
  ~CloneStatement();
  CloneStatement(const CloneStatement&) = delete;
  CloneStatement& operator=(const CloneStatement&) = delete;

  // To be killed by.
  uint64_t id() const { return session_->connection_id(); }
  bool done() const;
  // Of the end; OK before it.
  absl::Status status() const;

 private:
  void Run();

  const std::unique_ptr<Session> session_;
  const std::string sql_;
  mutable Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses all of the above
};

// How a CLONE statement ended, by its status. It "fails" when it succeeds, as the restart cuts it.
enum class CloneEnd {
  kRestarting,    // wait for the server, then ask HasCompleted
  kNoSupervisor,  // the data are there, and somebody must start the server
  kFailed,
};
CloneEnd CloneEndOf(const absl::Status& status);

// INTERNAL CLONE_FAILED: the clone onto `recipient` ("host:port") failed.
absl::Status CloneFailed(absl::string_view recipient, absl::string_view why);

// When the last clone onto the server began (rows of kCloneStatus); empty: there was none.
std::string CloneBeganAt(const ResultSet& status);

// Whether the clone onto `recipient` is over, by the server's own `status` (kCloneStatus) once the
// statement has ended; false: not yet. `earlier`: when the clone before it began, empty where there
// was none. INTERNAL CLONE_FAILED when it failed, and when it never began: the word of an earlier
// clone is not its own.
absl::StatusOr<bool> HasCompleted(absl::string_view recipient, const ResultSet& status,
                                  const std::string& earlier);

// Bytes so far and in all, by rows of kCloneProgress.
struct CloneBytes {
  uint64_t done = 0;
  uint64_t estimate = 0;
};
CloneBytes BytesOf(const ResultSet& stages);

}  // namespace weft::mysql
