#pragma once
// What is asked for of a group's size, as jobs keep it: JSON, so that whoever resumes a job does
// what was planned. Pure.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/scaling/plan.h"

namespace weft::provisioner {

// The kinds of jobs.
inline constexpr char kScaleGroup[] = "scale-group";
inline constexpr char kHealGroup[] = "heal-group";

struct ScalingWish {
  std::optional<int> servers;  // that the group is to have; absent: to heal it
  std::vector<ScalingStep> steps;
  MachineOrder like;  // of each machine, but for the uuid; user_data sealed (CloseSecret)
  absl::Duration reach_timeout = absl::Minutes(10);
  absl::Duration catch_up_timeout = absl::Minutes(30);
  absl::Duration drain_timeout = absl::Seconds(30);
  absl::Time asked;  // by the wall clock of the provisioner that was asked
};

// What its work keeps for who resumes it. Steps by their index in the wish.
struct ScalingNotes {
  int joining = -1;   // is, or may already be, added to the group
  int draining = -1;  // is, or may already be, taken out of routing; it was READ_ONLY
  // Their machines stay: it came out meanwhile that only they have some transactions.
  std::set<int> kept;
  // Why the whole is given up: nothing more is begun, and what did not become a member is
  // destroyed.
  std::optional<absl::Status> given_up;
};

// What became of one step.
struct ScaledServer {
  std::string server;   // uuid
  std::string address;  // "host:port"
  std::string machine;  // uuid; empty: none that Weft made
  bool machine_destroyed = false;
};

std::string ToJson(const ScalingWish& wish);
std::string ToJson(const ScalingNotes& notes);
// DATA_LOSS: it is no such JSON.
absl::StatusOr<ScalingWish> ParseScalingWish(const std::string& json);
// No notes were kept yet for "".
absl::StatusOr<ScalingNotes> ParseScalingNotes(const std::string& json);

// {"added": [{"server", "address", "machine"}], "removed": [the same and "machine_destroyed"],
// "seconds"}
std::string ScalingResult(const std::vector<ScaledServer>& added,
                          const std::vector<ScaledServer>& removed, absl::Duration took);

}  // namespace weft::provisioner
