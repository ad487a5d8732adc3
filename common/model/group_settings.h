#pragma once
// What an operator may set of a group besides its description and durability. To add a setting:
// a field here, a row of the table in group_settings.cc, a field of the same name in weft.v1's
// GroupSettings. The store, the API, the command line and its completion read the table. Pure.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft {

// What becomes of commits when fewer servers than they need can acknowledge them.
enum class OnLastAcknowledgerLost {
  kWait,      // they wait: nothing is lost, and nothing is written
  kContinue,  // they go on: a failover is refused until a secondary has caught up
};

// What is done about a primary that answers but cannot commit.
enum class PrimarySick {
  kAlert,     // it is said
  kFailover,  // another is promoted, where no acknowledged write can be lost by it
};

// Until then Weft changes nothing unasked; people's orders pass.
struct Maintenance {
  absl::Time until;
  std::string reason;
  std::string user;  // who asked for it

  friend bool operator==(const Maintenance&, const Maintenance&) = default;
};

// What becomes of a server that was set aside with transactions of its own.
enum class RejoinPolicy {
  kManual,           // nothing until somebody says so
  kRewind,           // they are undone; where that cannot be done, as kManual
  kRewindOrRebuild,  // they are undone; where that cannot be done, as kRebuild
  kRebuild,          // its data are replaced by a clone
};

struct GroupSettings {
  OnLastAcknowledgerLost on_last_acknowledger_lost = OnLastAcknowledgerLost::kWait;
  // False: no automatic failover (the group's kill switch). People's orders pass.
  bool failover_enabled = true;
  // After a failover no automatic one for this long, unless acknowledged (S24). nullopt ("auto"):
  // as long as the controller's option says, and not longer than the group needs to heal.
  std::optional<absl::Duration> cool_down;
  // A primary that answers but cannot commit, on the word of two observers.
  PrimarySick primary_sick = PrimarySick::kAlert;
  // An automatic failover of an asynchronous group promotes no server that was farther behind than
  // this; in a lossless one such a server comes after the others. nullopt ("off"): no bound.
  std::optional<absl::Duration> max_lag;
  // A secondary that is farther behind, or has not replicated for this long, takes no reads until
  // it is half as far, while another is left that does. nullopt ("off"): reads go to it all the
  // same.
  std::optional<absl::Duration> drain_lag;
  // Where an automatic failover may find the next primary (S23): "any", "same" (as the dead
  // primary's zone), or names of zones with commas between them.
  std::string promotion_zones = "any";
  // Names of programs of the controller's hooks file; empty: none.
  std::string before_failover;
  std::string after_failover;
  std::string before_switchover;
  std::string after_switchover;
  // Ends a dead primary for certain (STONITH), before another is promoted.
  std::string fence;
  RejoinPolicy rejoin = RejoinPolicy::kManual;

  // --- not of the table: what requests of their own write.
  // Failovers up to the one that began this epoch are acknowledged: they cool nothing down.
  uint64_t acknowledged_epoch = 0;
  // By server uuid; "" is the whole group. A window that is over may still be here.
  std::map<std::string, Maintenance> maintenance;

  // What a later version has set, by name. Kept, so that versions can work side by side.
  std::map<std::string, std::string> unknown;

  friend bool operator==(const GroupSettings&, const GroupSettings&) = default;
};

// One row of the table.
struct GroupSetting {
  std::string name;                  // snake_case; also the field's name in the API
  std::string help;                  // one line, no full stop
  std::string expected;              // what values there are: "true or false"
  std::vector<std::string> choices;  // the values, where they can be listed; for completion
  // False when the text is no value of this setting; then the field is as it was.
  std::function<bool(absl::string_view text, GroupSettings* settings)> parse;
  // The text that `parse` takes.
  std::function<std::string(const GroupSettings& settings)> print;
};

// In the order in which they are shown.
const std::vector<GroupSetting>& AllGroupSettings();
// Of those that name a program of the hooks file, in the same order.
const std::vector<std::string>& HookSettings();
// nullptr: there is none of that name.
const GroupSetting* FindGroupSetting(absl::string_view name);

// INVALID_ARGUMENT: UNKNOWN_SETTING names those there are, BAD_SETTING what was expected.
absl::Status SetGroupSetting(absl::string_view name, absl::string_view text,
                             GroupSettings* settings);

// The document that the store keeps: the text of each setting that is not at its default, and
// `unknown`. What does not parse (a value of a later version) is read as unknown.
std::map<std::string, std::string> DocumentOf(const GroupSettings& settings);
GroupSettings GroupSettingsOf(const std::map<std::string, std::string>& document);

}  // namespace weft
