#pragma once
// What a store keeps of a value, and what it refuses to keep; the same in every implementation.
// Pure.
//
// Instants and durations are kept to the microsecond, instants between the years 1000 and 9999.
// Texts are kept as UTF-8: each byte that belongs to no character is replaced by U+FFFD, since a
// message quoted from a server must not keep an event from being recorded.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/server.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

std::string StoredText(absl::string_view text);
absl::Time StoredTime(absl::Time time);
absl::Duration StoredDuration(absl::Duration duration);

// Servers' `group` becomes the group's id, and servers are ordered by uuid.
Group Stored(Group group);
GroupSettings Stored(const GroupSettings& settings);
HookRecord Stored(HookRecord hooks);
FailoverSwitch Stored(FailoverSwitch failover);
Server Stored(Server server);
Intent Stored(Intent intent);
Operation Stored(Operation operation);
Event Stored(Event event);

// INVALID_ARGUMENT when a name is missing or longer than stores keep.
absl::Status CheckStorable(const Group& group);  // with its servers
absl::Status CheckStorable(const Server& server);
absl::Status CheckStorable(const Operation& operation);
absl::Status CheckStorable(const Event& event);
absl::Status CheckStorable(const User& user);
// Of Store::SetUserKey.
absl::Status CheckUserKey(const std::string& key);

}  // namespace weft::controller
