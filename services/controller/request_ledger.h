#pragma once
// A repeated request acts once (design section 4, rule 12), and every change is an operation with
// its user.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "services/controller/event_journal.h"
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
  // All outlive this. Requests, and how they ended, are told to `journal` where there is one.
  RequestLedger(Store* store, OperationsBoard* board, Clock* clock, EventJournal* journal = nullptr)
      : store_(store), board_(board), clock_(clock), journal_(journal) {}
  // Blocks for a call of the store at most.
  ~RequestLedger();

  // The operation of an earlier request with the caller's id; nullopt: this is the first.
  // INVALID_ARGUMENT REQUEST_ID_REUSED when that was a request of another kind or group.
  absl::StatusOr<std::optional<Operation>> Earlier(const Caller& caller, absl::string_view kind,
                                                   absl::string_view group) const;

  // A new operation, RUNNING, written nowhere yet.
  Operation New(const Caller& caller, absl::string_view kind, absl::string_view group,
                absl::string_view server = "") const;

  // Records that somebody asked for `operation`, and what came of it at once. Once does it itself.
  void Tell(const Operation& operation, const absl::Status& status) const;

  // Makes a change that ends within the request, and records it as an operation. A repeated
  // request gets the first one's answer. `change` may be called again where an earlier controller
  // died in it (`again` is true: what is there already was made by this request).
  using Change = std::function<absl::Status(bool again)>;
  // A failure that passes (the store was down, say) is no answer to keep: the same request may be
  // tried again for `patience`, and its operation is RUNNING meanwhile. If it is not, it ends as
  // FAILED by itself.
  absl::Status Once(const Caller& caller, absl::string_view kind, absl::string_view group,
                    absl::string_view server, const Change& change);

  static constexpr absl::Duration kPatience = absl::Seconds(30);

  // Ends what was not asked for again in time. Called by a thread of its own, each second, while
  // there is anything; tests may.
  void EndForgotten();

 private:
  absl::Status RunAndRecord(Operation operation, bool recorded, bool again, const Change& change);
  // Waits until no other call works on `operation`, and makes it this one's. False after a while.
  bool Begin(const std::string& operation);
  void End(const std::string& operation);
  struct Forgotten {
    Operation operation;  // as it is to end
    absl::Duration since;
  };
  void Remember(const Operation& operation, const absl::Status& status);
  void Loop();

  Store* const store_;
  OperationsBoard* const board_;
  Clock* const clock_;
  EventJournal* const journal_;
  Mutex mutex_;
  CondVar ended_;
  std::set<std::string> under_way_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Forgotten> forgotten_ ABSL_GUARDED_BY(mutex_);  // by request id
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

// How an operation that failed says so to a caller that waited for it.
absl::Status ErrorOf(const Operation& operation);
// Ends `operation` with `status`.
void EndWith(const absl::Status& status, absl::Time now, Operation* operation);

// A request id of Weft's own, for what is to be done once with a server, also over several leaders:
// the same for the same arguments, and short enough for every store.
std::string RequestIdOf(absl::string_view what, const ServerUuid& server, absl::string_view about);

// The answer to a request that names an operation when the store says ALREADY_EXISTS
// REQUEST_KNOWN: two of one id came at the same time.
bool IsRequestKnown(const absl::Status& status);

}  // namespace weft::controller
