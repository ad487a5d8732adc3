#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/ports/memory_inventory.h"
#include "services/provisioner/scaling/group_editor.h"

namespace weft::provisioner {

// One lossless group, "g", in memory: its primary writes between any two looks, and who follows it
// is one look behind. Keeps every promise of GroupEditor. Thread-safe.
class FakeGroups : public GroupEditor {
 public:
  // Controllers' operations are recorded in `inventory`, which outlives this.
  explicit FakeGroups(MemoryInventory* inventory) : inventory_(inventory) {}

  // "uuid" of the member at port 3300 + number.
  static ServerUuid Uuid(int number);
  void Put(int number, ServerStatus status, double weight = 1);
  // Changes a member as somebody else would.
  void Edit(int number, const std::function<void(MemberView*)>& edit);
  // "db:3301 PRIMARY READ_WRITE 1", ordered by address.
  std::vector<std::string> Members() const;
  // What was done once each: "add cloud:4001", "update db:3302 OFFLINE", "remove db:3302".
  std::vector<std::string> Done() const;

  // The next calls of that name ("look", "add", "remove", "update") fail so, until OK is set.
  void Fail(const std::string& call, const absl::Status& error);
  // Members that are added never catch up, or fail in their operation.
  void SetLagging(bool lagging);
  void SetAddFails(const std::string& reason);
  // Called without a lock before and after each call: an error is what the caller gets, whatever
  // was done. Set before the first call.
  std::function<absl::Status()> gate;

  absl::StatusOr<GroupView> Look(const std::string& group) override;
  absl::StatusOr<Begun> Add(const std::string& group, const HostPort& address, const Place& place,
                            const By& by) override;
  absl::StatusOr<Begun> Remove(const std::string& group, const ServerUuid& server,
                               const By& by) override;
  absl::Status Update(const ServerUuid& server, const Change& change, const By& by) override;
  absl::Status Cancel(const std::string& operation, const std::string& user) override;

 private:
  absl::StatusOr<GroupView> LookNow() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Begun> AddNow(const HostPort& address, const Place& place, const By& by)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Begun> RemoveNow(const ServerUuid& server, const By& by)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status UpdateNow(const ServerUuid& server, const Change& change, const By& by)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status ErrorOf(const std::string& call) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  MemberView* Find(const ServerUuid& server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // An operation that has ended.
  std::string Ended(const char* kind, const std::string& reason);

  MemoryInventory* const inventory_;
  mutable Mutex mutex_;
  std::vector<MemberView> members_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Begun> ledger_ ABSL_GUARDED_BY(mutex_);  // by request id
  std::vector<std::string> done_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> errors_ ABSL_GUARDED_BY(mutex_);
  std::string add_fails_ ABSL_GUARDED_BY(mutex_);
  bool lagging_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t written_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace weft::provisioner
