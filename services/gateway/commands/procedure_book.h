#pragma once
// The procedures that this gateway began, as event.wait_for_procedures asks for them, and the
// result sets that Fabric makes of one.
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/fabric/value.h"

namespace weft::gateway {

// What a procedure did: what it returns, and the jobs it went through, by the names of the original
// ("_create_group"), which old clients read.
struct Deed {
  fabric::Value result = {true};
  std::vector<std::string> actions;
};

// A procedure at its end.
struct Ended {
  std::string uuid;
  // The error as FabricError made it, or what was done.
  absl::StatusOr<Deed> outcome;
  absl::Time begun;
  absl::Time end;
};

// The two sets of one that succeeded: its result, and three rows for each job.
std::vector<fabric::ResultSet> SetsOf(const Ended& ended);
// The set of one that was only begun.
fabric::ResultSet UuidSet(const std::vector<std::string>& uuids);
// The set of one that failed, as event.wait_for_procedures shows it.
fabric::ResultSet FailureSet(const std::string& uuid, const std::string& error);

// Thread-safe.
class ProcedureBook {
 public:
  // Keeps at most `kept` that have ended, the last ones.
  explicit ProcedureBook(size_t kept) : kept_(kept) {}

  void Begin(const std::string& uuid);
  // It was begun in vain: it is as if it had not been.
  void Forget(const std::string& uuid);
  void End(Ended ended);

  bool Knows(const std::string& uuid) const;
  // Blocks until it has ended, at most `timeout`; nullopt when that is over, or where it is not
  // known.
  std::optional<Ended> Wait(const std::string& uuid, absl::Duration timeout);
  // From now on nobody waits.
  void Close();

 private:
  const size_t kept_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::optional<Ended>> all_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> ended_ ABSL_GUARDED_BY(mutex_);  // in the order of their ends
};

}  // namespace weft::gateway
