// The users of a MemoryStore.
#include "common/base/status_macros.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

absl::StatusOr<std::optional<UserSet>> MemoryStore::LoadUsers(uint64_t known) {
  std::optional<UserSet> found;
  WEFT_RETURN_IF_ERROR(Read("LoadUsers", [&](Data& data) {
    if (data.users.version != known) found = data.users;
    return absl::OkStatus();
  }));
  return found;
}

absl::Status MemoryStore::CreateUser(const User& user) {
  WEFT_RETURN_IF_ERROR(CheckStorable(user));
  return Write("CreateUser", [&](Data& data) {
    const auto [created, is_new] = data.users.users.try_emplace(user.name, user);
    if (!is_new) return UserExists(user.name);
    created->second.revision = 1;
    ++data.users.version;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::WriteUser(absl::string_view call, const std::string& name,
                                    uint64_t revision, Body body) {
  return Write(call, [&](Data& data) {
    const auto found = data.users.users.find(name);
    if (found == data.users.users.end()) return UnknownUser(name);
    if (found->second.revision != revision) {
      return UserMoved(name, revision, found->second.revision);
    }
    WEFT_RETURN_IF_ERROR(body(data));
    ++data.users.version;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::UpdateUser(const User& user) {
  WEFT_RETURN_IF_ERROR(CheckStorable(user));
  return WriteUser("UpdateUser", user.name, user.revision, [&](Data& data) {
    User& kept = data.users.users[user.name];
    kept = user;
    ++kept.revision;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::DeleteUser(const std::string& name, uint64_t revision) {
  return WriteUser("DeleteUser", name, revision, [&](Data& data) {
    data.users.users.erase(name);
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::SetUserKey(const std::string& key) {
  WEFT_RETURN_IF_ERROR(CheckUserKey(key));
  return Write("SetUserKey", [&](Data& data) {
    data.users.key = key;
    ++data.users.version;
    return absl::OkStatus();
  });
}

}  // namespace weft::controller
