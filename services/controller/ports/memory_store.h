#pragma once
// A whole Store in memory, for tests and the simulator.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "services/controller/ports/memory_database.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// What becomes of one call.
enum class StoreFault {
  kNone,
  kUnavailable,  // UNAVAILABLE, and nothing happened
  kAnswerLost,  // a write takes effect (if its comparisons hold) and says UNAVAILABLE; a read fails
};

// One controller's way to a MemoryDatabase. Thread-safe. Never blocks. Deterministic.
class MemoryStore : public Store {
 public:
  // Asked before each call with the name of the method, such as "Apply". Called without locks.
  using Faults = std::function<StoreFault(absl::string_view call, bool is_write)>;

  MemoryStore() : MemoryStore(std::make_shared<MemoryDatabase>()) {}
  explicit MemoryStore(std::shared_ptr<MemoryDatabase> database);

  // From now on every call fails (true) or works again.
  void SetUnavailable(bool unavailable);
  // The next write gets `fault`; reads before it do not.
  void FailNextWrite(StoreFault fault);
  // Decides about every call that the above let through.
  void SetFaults(Faults faults);

  absl::Status SetUp() override;
  absl::Status TearDown() override;
  std::vector<StoreDeviation> Inspect() override { return {}; }
  absl::StatusOr<SchemaStatus> Schema() override;
  absl::StatusOr<Lease> ReadLease() override;
  absl::StatusOr<Lease> TakeLease(const Lease& seen, const std::string& holder) override;
  absl::StatusOr<Lease> RenewLease(const Lease& held) override;
  void SetTerm(uint64_t term) override;
  absl::StatusOr<std::vector<std::string>> ListGroups() override;
  absl::StatusOr<Group> Load(const std::string& group) override;
  absl::Status CreateGroup(const Group& group) override;
  absl::Status DestroyGroup(const std::string& group, uint64_t revision) override;
  absl::Status UpdateGroup(const Group& group) override;
  absl::Status AddServer(const std::string& group, uint64_t revision,
                         const Server& server) override;
  absl::Status RemoveServer(const std::string& group, uint64_t revision,
                            const ServerUuid& server) override;
  absl::Status UpdateServer(const std::string& group, uint64_t revision, const ServerUuid& uuid,
                            const Server& server) override;
  absl::StatusOr<Server> FindServer(const ServerUuid& uuid) override;
  absl::Status SetIntent(const std::string& group, uint64_t revision, const Intent& intent,
                         const Operation& operation) override;
  absl::Status EndIntent(const std::string& group, const Operation& ended) override;
  absl::Status Apply(const Group& seen, const Step& step, absl::Time now) override;
  absl::Status CreateOperation(const Operation& operation) override;
  absl::Status UpdateOperation(const Operation& operation) override;
  absl::StatusOr<Operation> GetOperation(const std::string& id) override;
  absl::StatusOr<std::optional<Operation>> FindByRequest(const std::string& request_id) override;
  absl::StatusOr<std::vector<Operation>> ListOperations(const std::string& group, int limit,
                                                        const std::string& before) override;
  absl::Status RequestCancel(const std::string& id) override;
  absl::Status AppendEvent(const Event& event) override;
  absl::StatusOr<std::vector<Event>> ListEvents(const std::string& group, int limit,
                                                uint64_t before) override;
  absl::StatusOr<std::optional<UserSet>> LoadUsers(uint64_t known) override;
  absl::Status CreateUser(const User& user) override;
  absl::Status UpdateUser(const User& user) override;
  absl::Status DeleteUser(const std::string& name, uint64_t revision) override;
  absl::Status SetUserKey(const std::string& key) override;
  absl::Status RecordHooks(const std::string& group, const HookRecord& hooks) override;
  absl::StatusOr<FailoverSwitch> LoadFailoverSwitch() override;
  absl::Status SetFailoverSwitch(const FailoverSwitch& failover) override;
  absl::StatusOr<StoreImage> BackUp(absl::Time now) override;
  absl::Status Restore(const StoreImage& image, bool surrender, absl::Time now) override;

 private:
  using Data = MemoryDatabase::Data;
  using Body = absl::FunctionRef<absl::Status(Data&)>;
  using GroupBody = absl::FunctionRef<absl::Status(Data&, Group&)>;

  StoreFault NextFault(absl::string_view call, bool is_write);
  absl::Status Read(absl::string_view call, Body body);
  // `body` must change nothing when it fails.
  absl::Status Write(absl::string_view call, Body body);
  absl::Status WriteLease(absl::string_view call, Body body);
  absl::Status WriteGroup(absl::string_view call, const std::string& group, GroupBody body);
  // Also compares the revision, and raises it when `body` succeeds.
  absl::Status WriteRevision(absl::string_view call, const std::string& group, uint64_t revision,
                             GroupBody body);
  // Finds the user, compares its revision, and raises the users' version when `body` succeeds.
  absl::Status WriteUser(absl::string_view call, const std::string& name, uint64_t revision,
                         Body body);

  const std::shared_ptr<MemoryDatabase> database_;

  Mutex mutex_;  // never held together with the database's
  uint64_t term_ ABSL_GUARDED_BY(mutex_) = 0;
  bool unavailable_ ABSL_GUARDED_BY(mutex_) = false;
  StoreFault next_write_ ABSL_GUARDED_BY(mutex_) = StoreFault::kNone;
  Faults faults_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
