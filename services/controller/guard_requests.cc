#include "services/controller/guard_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/group_requests.h"
#include "services/controller/ports/with_record.h"

namespace weft::controller {
namespace {

constexpr size_t kMostReason = 500;

absl::Status CheckReason(const std::string& reason) {
  if (reason.size() <= kMostReason) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_REASON", "the reason is too long",
                         absl::StrCat("at most ", kMostReason, " bytes"),
                         absl::StrCat(reason.size(), " bytes"), "say it in a sentence");
}

}  // namespace

absl::Status GuardRequests::Change(
    const std::string& group,
    absl::FunctionRef<absl::Status(const Group&, GroupSettings*)> change) {
  return WithRecord(ports_.store, group, [&](const Group& record) -> absl::Status {
    Group changed = record;
    WEFT_RETURN_IF_ERROR(change(record, &changed.settings));
    // Windows that are over go with the next write.
    std::erase_if(changed.settings.maintenance,
                  [&](const auto& window) { return window.second.until <= ports_.clock->Now(); });
    if (changed == record) return absl::OkStatus();
    return ports_.store->UpdateGroup(changed);
  });
}

absl::StatusOr<Group> GuardRequests::Once(
    const std::string& kind, const std::string& group, const Caller& caller,
    absl::FunctionRef<absl::Status(const Group&, GroupSettings*)> change) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(group));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (caller.validate_only) {
    WEFT_ASSIGN_OR_RETURN(Group record, ports_.store->Load(group));
    WEFT_RETURN_IF_ERROR(change(record, &record.settings));
    return record;
  }
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, kind, group, "", [&](bool) { return Change(group, change); }));
  ports_.reconciler->Wake(group);
  return ports_.reconciler->Refresh(group);
}

absl::StatusOr<Group> GuardRequests::Acknowledge(const std::string& group, const Caller& caller) {
  return Once("acknowledge", group, caller,
              [](const Group& record, GroupSettings* settings) -> absl::Status {
                settings->acknowledged_epoch =
                    std::max(settings->acknowledged_epoch, record.last_failover.epoch);
                return absl::OkStatus();
              });
}

absl::StatusOr<Group> GuardRequests::SetMaintenance(const Window& window, const Caller& caller) {
  if (window.duration < absl::ZeroDuration() || window.duration > kLongestWindow) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_WINDOW",
                           "a window of maintenance cannot be that long",
                           absl::StrCat("up to ", DurationText(kLongestWindow)),
                           DurationText(window.duration), "open it again when it is over");
  }
  WEFT_RETURN_IF_ERROR(CheckReason(window.reason));
  return Once("maintenance", window.group, caller,
              [&](const Group& record, GroupSettings* settings) -> absl::Status {
                std::string key;
                if (!window.server.empty()) {
                  WEFT_ASSIGN_OR_RETURN(const Server server, ServerOfGroup(record, window.server));
                  key = server.uuid.text();
                }
                if (window.duration == absl::ZeroDuration()) {
                  settings->maintenance.erase(key);
                } else {
                  settings->maintenance[key] = {ports_.clock->Now() + window.duration,
                                                window.reason, caller.user};
                }
                return absl::OkStatus();
              });
}

absl::StatusOr<FailoverSwitch> GuardRequests::SetFailover(bool enabled, const std::string& reason,
                                                          const Caller& caller) {
  WEFT_RETURN_IF_ERROR(CheckReason(reason));
  if (!enabled && reason.empty()) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "NO_REASON",
                           "automatic failover is turned off for a reason", "a reason", "none",
                           "weft manage failover off --reason 'moving the racks'");
  }
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  const FailoverSwitch wanted{
      .enabled = enabled, .reason = reason, .user = caller.user, .since = ports_.clock->Now()};
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, enabled ? "failover on" : "failover off", "", "",
                          [&](bool) { return ports_.store->SetFailoverSwitch(wanted); }));
  for (const Group& group : ports_.reconciler->CachedAll()) {
    ports_.reconciler->Refresh(group.id).status().IgnoreError();
    ports_.reconciler->Wake(group.id);
  }
  return ports_.store->LoadFailoverSwitch();
}

}  // namespace weft::controller
