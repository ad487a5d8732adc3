#pragma once
// A repeated request acts once (design section 4, rule 12), and every change is an operation with
// its user.
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// What every mutating request says of itself.
struct Caller {
  std::string user;
  std::string request_id;  // empty: not protected against repetition
  bool validate_only = false;
};

// Thread-safe.
class RequestLedger {
 public:
  // All outlive this.
  RequestLedger(Store* store, OperationsBoard* board, Clock* clock)
      : store_(store), board_(board), clock_(clock) {}

  // The operation of an earlier request with the caller's id; nullopt: this is the first.
  // INVALID_ARGUMENT REQUEST_ID_REUSED when that was a request of another kind or group.
  absl::StatusOr<std::optional<Operation>> Earlier(const Caller& caller, absl::string_view kind,
                                                   absl::string_view group) const;

  // A new operation, RUNNING, written nowhere yet.
  Operation New(const Caller& caller, absl::string_view kind, absl::string_view group,
                absl::string_view server = "") const;

  // Makes a change that ends within the request, and records it as an operation. A repeated
  // request gets the first one's answer. `change` may be called again where an earlier controller
  // died in it (`again` is true: what is there already was made by this request).
  using Change = std::function<absl::Status(bool again)>;
  absl::Status Once(const Caller& caller, absl::string_view kind, absl::string_view group,
                    absl::string_view server, const Change& change);

 private:
  absl::Status RunAndRecord(Operation operation, bool recorded, bool again, const Change& change);
  // Waits until no other call works on `operation`, and makes it this one's. False after a while.
  bool Begin(const std::string& operation);
  void End(const std::string& operation);

  Store* const store_;
  OperationsBoard* const board_;
  Clock* const clock_;
  Mutex mutex_;
  CondVar ended_;
  std::set<std::string> under_way_ ABSL_GUARDED_BY(mutex_);
};

// How an operation that failed says so to a caller that waited for it.
absl::Status ErrorOf(const Operation& operation);
// Ends `operation` with `status`.
void EndWith(const absl::Status& status, absl::Time now, Operation* operation);

// The answer to a request that names an operation when the store says ALREADY_EXISTS
// REQUEST_KNOWN: two of one id came at the same time.
bool IsRequestKnown(const absl::Status& status);

}  // namespace weft::controller
