#pragma once

#include <string>
#include <vector>

#include "services/controller/core/snapshot.h"

namespace weft::controller {

// Whether the primary of record, which answers, can commit (rule 7: a sick primary is not dead).
enum class Health {
  kWell,       // or nobody can tell
  kSuspected,  // the probes of one observer fail, or of no majority
  kSick,       // those of two observers and of most of them, and nothing else explains it
};

struct Sickness {
  Health health = Health::kWell;
  // Its replicas hear nothing of it, so that nobody can catch up from it.
  bool is_cut_off = false;
  std::string evidence;  // one line for the record; empty while it is well
};

// Commits that wait for acknowledgers that are not there or lag (other than because it is cut off
// from all of them, which answer the controller), and writes to a primary that is closed, are other
// findings: they are not its sickness.
Sickness JudgeHealth(const Snapshot& snapshot);

// True when commits could be acknowledged at once: by enough who hold what is before them.
bool EnoughAreAbreast(const Snapshot& snapshot);

// True when two observers and most of them cannot write to the primary, whatever the reason.
bool WritesFail(const Snapshot& snapshot);

// Secondaries that answer and hear nothing from the primary, which is open: none unless that is
// true of all of them.
std::vector<ServerUuid> CutOffReplicas(const Snapshot& snapshot);

// True when it lets two monitors, and most of them, not in for want of connections.
bool IsCrowded(const Snapshot& snapshot);

// True when the group's policy is to have a sick primary hand over to another in order.
bool HandsOverSick(const Group& group);

// True when the group's policy is to replace a sick primary, and no acknowledged write can be lost
// by it: only its acknowledgers can be taken from a server that may not answer for long (rule 2).
bool ReplacesSick(const Group& group);

// The same look as if the primary of record had not answered: what may be done without it.
Snapshot WithoutPrimary(Snapshot snapshot);

}  // namespace weft::controller
