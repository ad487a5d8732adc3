#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "services/controller/core/plan.h"
#include "services/controller/ports/inventory_image.h"
#include "services/controller/ports/users.h"

namespace weft::controller {

enum class OperationState { kRunning, kSucceeded, kFailed, kCancelled };
absl::string_view ToString(OperationState state);  // "SUCCEEDED"
std::optional<OperationState> ParseOperationState(absl::string_view text);

// A long-running request, as the store keeps it.
struct Operation {
  std::string id;    // uuid
  std::string kind;  // "promote", "failover", "add", "rejoin", ...
  std::string group;
  std::string server;      // uuid or empty
  std::string request_id;  // unique where not empty (S35)
  std::string user;
  OperationState state = OperationState::kRunning;
  double progress = 0;        // 0..1
  std::string phase;          // what it is doing now, for people
  std::string error_reason;   // kFailed: UPPER_SNAKE
  std::string error_message;  // kFailed: what was expected, found, and what to do
  std::string result;         // JSON object of figures ("lost_transactions", "write_stop_ms", ...)
  bool cancel_requested = false;
  absl::Time created;
  absl::Time updated;

  bool done() const { return state != OperationState::kRunning; }
  friend bool operator==(const Operation&, const Operation&) = default;
};

// A decision or change with its evidence (rule 11).
struct Event {
  uint64_t sequence = 0;  // given by the store
  absl::Time when;
  std::string group;
  std::string server;
  std::string operation;
  std::string kind;  // "decision", "refusal", "finding", "change", "request", "login"
  std::string text;
  std::string user = {};  // who asked for it; empty: Weft itself
  friend bool operator==(const Event&, const Event&) = default;
};

// The term under which a controller acts.
struct Lease {
  std::string holder;
  uint64_t term = 0;
  uint64_t renewal = 0;
  friend bool operator==(const Lease&, const Lease&) = default;
};

struct SchemaStatus {
  int found = 0;             // 0: no schema
  int expected = 0;          // what this binary needs
  uint64_t incarnation = 0;  // how often a backup was restored
};

// Something of a server of the store that is not as it should be.
struct StoreDeviation {
  std::string member;  // "host:port"
  std::string check;   // what was looked at: "sync_binlog"
  std::string expected;
  std::string found;
  std::string mend;     // SQL, or what else to do
  bool blocks = false;  // the store must not be set up like this
  friend bool operator==(const StoreDeviation&, const StoreDeviation&) = default;
};

// All of a store at one instant, but for what nothing is decided by: no events, and of the
// operations those that run and the newest that have ended.
struct StoreImage {
  absl::Time taken;
  uint64_t incarnation = 0;  // raised by each restore
  Lease lease;
  std::vector<Group> groups;          // ordered by id
  std::vector<Operation> operations;  // oldest first
  UserSet users;
  FailoverSwitch failover;
  InventoryImage inventory;  // ordered by key

  friend bool operator==(const StoreImage&, const StoreImage&) = default;
};
// How many operations that have ended an image holds, the newest.
inline constexpr size_t kImageOperations = 1000;

// The state store. The only durable state; only controllers write it. Thread-safe. Every call ends
// within its deadline (an option of the implementation): UNAVAILABLE at once when the store is
// down. Every write compares: the lease term (ABORTED "TERM_MOVED" when another leads), and what
// its comment says. A write of unknown outcome returns UNAVAILABLE and counts as done until
// read back. Implementations: MemoryStore (whole, for tests and the simulator), mysql/.
class Store {
 public:
  virtual ~Store() = default;

  // --- schema. SetUp applies forward migrations under a lock; FAILED_PRECONDITION when the schema
  // --- is newer than this binary. TearDown drops everything.
  virtual absl::Status SetUp() = 0;
  virtual absl::Status TearDown() = 0;
  // Looks at every server of the store, at each for seconds at most. What cannot be asked is a
  // deviation, too.
  virtual std::vector<StoreDeviation> Inspect() = 0;
  virtual absl::StatusOr<SchemaStatus> Schema() = 0;

  // --- lease. A challenger reads, watches the renewal stand still on its own monotonic clock, then
  // --- takes it by comparing the whole row. FAILED_PRECONDITION when the row moved.
  virtual absl::StatusOr<Lease> ReadLease() = 0;
  virtual absl::StatusOr<Lease> TakeLease(const Lease& seen, const std::string& holder) = 0;
  virtual absl::StatusOr<Lease> RenewLease(const Lease& held) = 0;
  // Writes below are made under this term from now on.
  virtual void SetTerm(uint64_t term) = 0;

  // --- groups. NOT_FOUND, ALREADY_EXISTS. Load returns group and servers of one instant.
  virtual absl::StatusOr<std::vector<std::string>> ListGroups() = 0;
  virtual absl::StatusOr<Group> Load(const std::string& group) = 0;
  virtual absl::Status CreateGroup(const Group& group) = 0;
  // FAILED_PRECONDITION unless it has no servers.
  virtual absl::Status DestroyGroup(const std::string& group, uint64_t revision) = 0;
  // Writes description, active, durability, acknowledgements, settings. Compares `group.revision`.
  // Where what commits wait for changes (durability, acknowledgements, on_last_acknowledger_lost)
  // the acknowledgers' version rises: a step that was decided before is refused.
  virtual absl::Status UpdateGroup(const Group& group) = 0;

  // --- servers. ALREADY_EXISTS when uuid or address is taken. Both compare the group's revision.
  virtual absl::Status AddServer(const std::string& group, uint64_t revision,
                                 const Server& server) = 0;
  virtual absl::Status RemoveServer(const std::string& group, uint64_t revision,
                                    const ServerUuid& server) = 0;
  // Writes status, mode, weight, address, set_aside, errant, promotion_rule, zone. Compares the
  // group's revision. `uuid` names the record; `server.uuid` may differ (a clone gives a server a
  // new one).
  virtual absl::Status UpdateServer(const std::string& group, uint64_t revision,
                                    const ServerUuid& uuid, const Server& server) = 0;
  // The server of that uuid, in whatever group.
  virtual absl::StatusOr<Server> FindServer(const ServerUuid& uuid) = 0;

  // --- intent: writes it with its operation (created in the same transaction), compares revision.
  // --- ALREADY_EXISTS when the operation or its request id is known. ABORTED "INTENT_PENDING" when
  // --- another intent is not finished. The pending intent's own operation may change that intent
  // --- (a switchover whose primary died): then `operation` is not written.
  virtual absl::Status SetIntent(const std::string& group, uint64_t revision, const Intent& intent,
                                 const Operation& operation) = 0;
  // Back to kKeep and ends the intent's operation, in one transaction. Compares the intent's
  // operation id: ABORTED "INTENT_MOVED".
  virtual absl::Status EndIntent(const std::string& group, const Operation& ended) = 0;

  // --- record steps of a plan. `seen` is the group as the snapshot had it: epoch and version of
  // --- the acknowledger set are compared. Handles Commit, SetAcknowledgers, SetStatus, and
  // --- BeginSwitchover and GiveUp (which write only fields of the pending intent).
  // --- A Commit appends to the history, gives the new primary PRIMARY/READ_WRITE, the old one
  // --- its status and mode, and sets intent.target to the primary (record_steps.h has it exactly).
  virtual absl::Status Apply(const Group& seen, const Step& step, absl::Time now) = 0;

  // --- operations. Create: ALREADY_EXISTS when the request id is known (the earlier operation is
  // --- found by FindByRequest). Update writes state, progress, phase, error, result; an operation
  // --- that has ended keeps everything but its result, which may still be completed by the same
  // --- state (FAILED_PRECONDITION for another one).
  virtual absl::Status CreateOperation(const Operation& operation) = 0;
  virtual absl::Status UpdateOperation(const Operation& operation) = 0;
  virtual absl::StatusOr<Operation> GetOperation(const std::string& id) = 0;
  virtual absl::StatusOr<std::optional<Operation>> FindByRequest(const std::string& request_id) = 0;
  // Newest first; `group` may be empty for all; at most `limit` after `before` (empty: newest).
  virtual absl::StatusOr<std::vector<Operation>> ListOperations(const std::string& group, int limit,
                                                                const std::string& before) = 0;
  virtual absl::Status RequestCancel(const std::string& id) = 0;

  // --- events. List: newest first.
  virtual absl::Status AppendEvent(const Event& event) = 0;
  virtual absl::StatusOr<std::vector<Event>> ListEvents(const std::string& group, int limit,
                                                        uint64_t before) = 0;

  // --- users. Load gives all of them, or nullopt while the version is still `known`. A set-up
  // store
  // --- has a key and no user. Create: ALREADY_EXISTS. Update writes all of the user, Delete
  // forgets
  // --- it: NOT_FOUND; both compare its revision (ABORTED "USER_MOVED").
  virtual absl::StatusOr<std::optional<UserSet>> LoadUsers(uint64_t known) = 0;
  virtual absl::Status CreateUser(const User& user) = 0;
  virtual absl::Status UpdateUser(const User& user) = 0;
  virtual absl::Status DeleteUser(const std::string& name, uint64_t revision) = 0;
  // INVALID_ARGUMENT unless it has 32 bytes.
  virtual absl::Status SetUserKey(const std::string& key) = 0;

  // --- guards. Replaces what the programs of the pending intent have answered, or of the one whose
  // --- answers the record holds: ABORTED "INTENT_MOVED" when `hooks.operation` is of neither.
  virtual absl::Status RecordHooks(const std::string& group, const HookRecord& hooks) = 0;
  // The node's kill switch; Load gives it with each group, too.
  virtual absl::StatusOr<FailoverSwitch> LoadFailoverSwitch() = 0;
  virtual absl::Status SetFailoverSwitch(const FailoverSwitch& failover) = 0;

  // --- backup. Everything of one instant, `now` being when it is taken. It holds secrets.
  virtual absl::StatusOr<StoreImage> BackUp(absl::Time now) = 0;
  // Replaces all but the events by what restored.h makes of `image`, in one transaction, and takes
  // the lease from whoever holds it: nobody may write under the present term afterwards.
  // FAILED_PRECONDITION STORE_NOT_EMPTY where there are groups, unless `surrender`.
  virtual absl::Status Restore(const StoreImage& image, bool surrender, absl::Time now) = 0;
};

}  // namespace weft::controller
