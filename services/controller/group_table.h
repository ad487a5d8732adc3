#pragma once
// The groups that a controller knows, each with its worker.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "services/controller/group_keeper.h"

namespace weft::controller {

// Thread-safe.
class GroupTable {
 public:
  using Keeper = std::shared_ptr<GroupKeeper>;

  // `shared` outlives the table.
  explicit GroupTable(const GroupKeeper::Shared* shared) : shared_(shared) {}

  // nullptr where it is not known.
  Keeper Find(const std::string& group) const;
  std::vector<Keeper> All() const;
  // Every group that exists has been read once.
  bool loaded() const;

  // Reads one record, or all of them. What does not exist any more is dropped; of all, those that
  // cannot be understood (DATA_LOSS) are left out and logged.
  absl::StatusOr<Group> Refresh(const std::string& group);
  absl::Status LoadAll();

  void DropAll();
  void WakeAll();
  // Ends every worker; nothing is added afterwards.
  void Stop();

 private:
  void Drop(const std::string& group);
  void NoteUnreadable(const std::string& group, const absl::Status& error);

  const GroupKeeper::Shared* const shared_;
  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool loaded_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Keeper> groups_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> unreadable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
