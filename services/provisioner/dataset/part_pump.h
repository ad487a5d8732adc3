#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/mysql/bulk_session.h"
#include "services/provisioner/dataset/table_plan.h"
#include "services/provisioner/dataset/throttle.h"

namespace weft::provisioner {

// Moves the parts of tables over pairs of sessions, a thread each, until none is left or one fails,
// which ends what the others are at.
// Who moves the last part of a table makes its late keys. Large rows are left to the first pair, at
// the end: in each pair's buffers there is room for the largest row that it has met.
// Thread-safe.
class PartPump {
 public:
  struct Pair {
    mysql::BulkSession* reader;
    std::unique_ptr<mysql::BulkSession> loader;
  };

  // Begins at once. `throttle` and the readers outlive this.
  PartPump(std::vector<Pair> pairs, std::vector<Part> parts, Throttle* throttle);
  // Stops what is not done, and waits. Readers that were stopped are of no further use.
  ~PartPump();

  // From any thread: all ends soon, CANCELLED.
  void Stop();
  // Whether all threads have ended; then the first failure, or OK.
  bool done() const;
  absl::Status status() const;
  // Whether that was a reader that lost its server.
  bool source_lost() const { return source_lost_; }

  // Whether there are parts that nobody has begun with.
  bool parts_left() const { return next_ < parts_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t rows() const { return rows_; }

 private:
  // Some rows of a part.
  struct LargeRows {
    const Part* part;
    uint64_t count;
  };

  void Work(Pair& pair);
  absl::Status MoveParts(Pair& pair);
  absl::Status MoveLargeRows(Pair& pair);
  const Part* Next();
  // All but the large rows, which are noted.
  absl::Status Move(Pair& pair, const Part& part);
  // Returns how many rows of `select` were large and left out. `marked`: its last column says so.
  absl::StatusOr<uint64_t> MoveRows(Pair& pair, const Part& part, const std::string& select,
                                    bool marked);
  absl::Status OfSource(absl::Status status);
  void Fail(absl::Status status);

  const std::vector<Part> parts_;
  Throttle* const throttle_;
  std::vector<Pair> pairs_;
  std::map<const Table*, std::atomic<size_t>> unmoved_;  // parts of each; never changes its keys
  std::atomic<bool> stop_ = false;
  std::atomic<bool> source_lost_ = false;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> ended_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> rows_ = 0;
  mutable Mutex mutex_;
  CondVar pair_ended_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<LargeRows> large_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace weft::provisioner
