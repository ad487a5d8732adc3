#include "services/controller/ports/stored.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";
constexpr size_t kMaxName = 255;
constexpr size_t kMaxId = 64;

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the UTF-8 character that `text` begins with, 0 when it begins with none.
size_t CharacterLength(absl::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  // Overlong forms, surrogates, and beyond U+10FFFF.
  if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F) ||
      (lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F)) {
    return 0;
  }
  return length;
}

absl::Status CheckLength(absl::string_view what, absl::string_view text, size_t least,
                         size_t most) {
  if (text.size() >= least && text.size() <= most) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_LENGTH",
                         absl::StrCat(what, " has ", text.size(), " bytes"),
                         absl::StrCat(least, " to ", most, " bytes"),
                         absl::StrCat(text.size(), " bytes"), absl::StrCat("shorten the ", what));
}

}  // namespace

std::string StoredText(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    absl::StrAppend(&out, length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

absl::Time StoredTime(absl::Time time) {
  static const absl::Time kFirst = absl::FromCivil(absl::CivilYear(1000), absl::UTCTimeZone());
  static const absl::Time kLast =
      absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone()) - absl::Microseconds(1);
  return absl::FromUnixMicros(absl::ToUnixMicros(std::clamp(time, kFirst, kLast)));
}

absl::Duration StoredDuration(absl::Duration duration) {
  if (duration == absl::InfiniteDuration() || duration == -absl::InfiniteDuration()) {
    return duration;
  }
  return absl::Trunc(duration, absl::Microseconds(1));
}

Group Stored(Group group) {
  group.description = StoredText(group.description);
  group.intent = Stored(std::move(group.intent));
  group.settings = Stored(group.settings);
  group.last_failover.when = StoredTime(group.last_failover.when);
  for (Epoch& epoch : group.history) epoch.started = StoredTime(epoch.started);
  for (Server& server : group.servers) {
    server.group = group.id;
    server = Stored(std::move(server));
  }
  std::sort(group.servers.begin(), group.servers.end(),
            [](const Server& a, const Server& b) { return a.uuid < b.uuid; });
  return group;
}

GroupSettings Stored(const GroupSettings& settings) {
  std::map<std::string, std::string> document;
  for (const auto& [name, text] : DocumentOf(settings))
    document[StoredText(name)] = StoredText(text);
  return GroupSettingsOf(document);
}

HookRecord Stored(HookRecord hooks) {
  hooks.operation = StoredText(hooks.operation);
  hooks.when = StoredTime(hooks.when);
  for (auto& [occasion, outcome] : hooks.outcomes) outcome = StoredText(outcome);
  return hooks;
}

FailoverSwitch Stored(FailoverSwitch failover) {
  failover.reason = StoredText(failover.reason);
  failover.user = StoredText(failover.user);
  failover.since = StoredTime(failover.since);
  return failover;
}

Server Stored(Server server) {
  server.set_aside = StoredText(server.set_aside);
  server.errant = StoredText(server.errant);
  return server;
}

Intent Stored(Intent intent) {
  intent.given_up = StoredText(intent.given_up);
  intent.given_up_message = StoredText(intent.given_up_message);
  intent.write_stop_budget = StoredDuration(intent.write_stop_budget);
  return intent;
}

Operation Stored(Operation operation) {
  for (std::string* text : {&operation.kind, &operation.group, &operation.server,
                            &operation.request_id, &operation.user, &operation.phase,
                            &operation.error_reason, &operation.error_message, &operation.result}) {
    *text = StoredText(*text);
  }
  operation.created = StoredTime(operation.created);
  operation.updated = StoredTime(operation.updated);
  return operation;
}

Event Stored(Event event) {
  for (std::string* text :
       {&event.group, &event.server, &event.operation, &event.kind, &event.text, &event.user}) {
    *text = StoredText(*text);
  }
  event.when = StoredTime(event.when);
  return event;
}

absl::Status CheckStorable(const Group& group) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(group.id));
  for (const Server& server : group.servers) WEFT_RETURN_IF_ERROR(CheckStorable(server));
  return CheckLength("operation id of the intent", group.intent.operation, 0, kMaxId);
}

absl::Status CheckStorable(const Server& server) {
  WEFT_RETURN_IF_ERROR(CheckLength("server uuid", server.uuid.text(), 1, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("host name", server.address.host, 1, kMaxName));
  WEFT_RETURN_IF_ERROR(ValidateZone(server.zone));
  if (std::isfinite(server.weight)) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_WEIGHT",
                         "the weight is not a number", "0 to 1", absl::StrCat(server.weight),
                         "give a weight from 0 to 1");
}

absl::Status CheckStorable(const Operation& operation) {
  WEFT_RETURN_IF_ERROR(CheckLength("operation id", operation.id, 1, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("operation kind", operation.kind, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("group id", operation.group, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("server uuid", operation.server, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("request id", operation.request_id, 0, kMaxName));
  return CheckLength("user name", operation.user, 0, kMaxName);
}

absl::Status CheckStorable(const Event& event) {
  WEFT_RETURN_IF_ERROR(CheckLength("group id", event.group, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("server uuid", event.server, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("operation id", event.operation, 0, kMaxId));
  WEFT_RETURN_IF_ERROR(CheckLength("user name", event.user, 0, kMaxName));
  return CheckLength("event kind", event.kind, 0, kMaxId);
}

absl::Status CheckStorable(const User& user) {
  WEFT_RETURN_IF_ERROR(access::ValidateUserName(user.name));
  WEFT_RETURN_IF_ERROR(CheckLength("digest hash", user.digest_ha1, 0, 32));
  WEFT_RETURN_IF_ERROR(CheckLength("native hash", user.native_hash, 0, 40));
  WEFT_RETURN_IF_ERROR(CheckLength("verifier", user.verifier, 0, kMaxName));
  for (const std::string& role : user.roles) {
    WEFT_RETURN_IF_ERROR(CheckLength("role", role, 1, kMaxId));
  }
  return absl::OkStatus();
}

absl::Status CheckUserKey(const std::string& key) {
  return CheckLength("key of the users", key, 32, 32);
}

}  // namespace weft::controller
