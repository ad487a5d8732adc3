#pragma once

#include <string>

#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What holds now, whatever the policy asks for: "lossless", or "async" with the reason when the
// policy asks for more ("async: a:3306 (5.6.24) has no lossless semi-synchronous replication").
// Not lossless either: commits that somebody outside of the acknowledger set may acknowledge.
// While the primary does not answer: what its epoch had. Pure.
std::string EffectiveDurability(const Snapshot& snapshot);

}  // namespace weft::controller
