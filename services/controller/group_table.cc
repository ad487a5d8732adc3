#include "services/controller/group_table.h"

#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {

GroupTable::Keeper GroupTable::Find(const std::string& group) const {
  MutexLock lock(&mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second;
}

std::vector<GroupTable::Keeper> GroupTable::All() const {
  MutexLock lock(&mutex_);
  std::vector<Keeper> all;
  for (const auto& [id, keeper] : groups_) all.push_back(keeper);
  return all;
}

bool GroupTable::loaded() const {
  MutexLock lock(&mutex_);
  return loaded_;
}

absl::StatusOr<Group> GroupTable::Refresh(const std::string& group) {
  const absl::StatusOr<Group> record = shared_->store->Load(group);
  if (absl::IsNotFound(record.status())) Drop(group);
  if (!record.ok()) return record.status();
  Keeper keeper;
  {
    MutexLock lock(&mutex_);
    if (stopping_) return absl::UnavailableError("this controller is stopping");
    Keeper& entry = groups_[group];
    if (entry == nullptr) {
      entry = std::make_shared<GroupKeeper>(*record, shared_);
      entry->worker().Start();
    }
    keeper = entry;
  }
  keeper->Take(*record);
  return record;
}

absl::Status GroupTable::LoadAll() {
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, shared_->store->ListGroups());
  const std::set<std::string> existing(names.begin(), names.end());
  for (const Keeper& keeper : All()) {
    const std::string id = keeper->record().id;
    if (existing.count(id) == 0) Drop(id);
  }
  std::set<std::string> unreadable;
  for (const std::string& name : existing) {
    const absl::Status status = Refresh(name).status();
    if (absl::IsDataLoss(status)) {  // which must not keep the others from being looked after
      unreadable.insert(name);
      NoteUnreadable(name, status);
    } else if (!status.ok() && !absl::IsNotFound(status)) {
      return status;
    }
  }
  MutexLock lock(&mutex_);
  unreadable_ = std::move(unreadable);
  loaded_ = true;
  return absl::OkStatus();
}

void GroupTable::NoteUnreadable(const std::string& group, const absl::Status& error) {
  MutexLock lock(&mutex_);
  if (!unreadable_.insert(group).second) return;  // it was said when it was found
  WEFT_LOG(kError, "group cannot be read, nothing is done for it",
           {{"group", group}, {"error", error}});
}

void GroupTable::Drop(const std::string& group) {
  Keeper keeper;
  {
    MutexLock lock(&mutex_);
    const auto found = groups_.find(group);
    if (found == groups_.end()) return;
    keeper = std::move(found->second);
    groups_.erase(found);
  }
  keeper->Remove();
}

void GroupTable::DropAll() {
  for (const Keeper& keeper : All()) Drop(keeper->record().id);
  MutexLock lock(&mutex_);
  loaded_ = false;
}

void GroupTable::WakeAll() {
  for (const Keeper& keeper : All()) keeper->worker().Wake();
}

void GroupTable::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (const Keeper& keeper : All()) keeper->worker().Stop();
}

}  // namespace weft::controller
