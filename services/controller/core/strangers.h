#pragma once

#include <optional>
#include <string>

#include "services/controller/core/snapshot.h"

namespace weft::controller {

// Who acknowledges the commits of a lossless epoch without being an acknowledger on record: a
// replica that somebody else set up, or one that was removed and goes on (rule 3). Pure.

// Those that the primary counts at this look; nullopt when the acknowledgers explain its count, or
// when it does not answer or waits for nobody. One look proves nothing (Remember waits for more).
std::optional<Strangers> FindStrangers(const Snapshot& snapshot);

// "3 semi-sync replicas are connected to a:3306, 2 are known; UUID is no acknowledger of group g".
std::string StrangersText(const Snapshot& snapshot, const Strangers& found);

}  // namespace weft::controller
