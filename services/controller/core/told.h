#pragma once

#include <string>
#include <vector>

#include "common/model/group.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"

namespace weft::controller {

// What the record says of a server that was set aside, where what only it has must be of the time
// when it was the primary: when it was found errant it had been FAULTY, closed to writes and
// without a source ever since. What was written there later is its own affair.
inline constexpr char kOfItsReign[] = "left over from when it was the primary";

// How the reign of a primary ended, by the result of the operation that ended it.
struct EndOfReign {
  ServerUuid old_primary;
  ServerUuid new_primary;
  std::string durability;  // in effect before: "lossless" or "async..."; empty: not known
  friend bool operator==(const EndOfReign&, const EndOfReign&) = default;
};

// Of transactions that a group lacks: whether they were acknowledged, as far as that is known.
struct Told {
  // Of a primary whose commits waited for a replica's acknowledgement, and its successor holds
  // whatever a replica that could give one had (rule 3). So no client was told OK.
  GtidSet no;
  // Their commits waited for nobody: a client that was still there was told OK.
  GtidSet yes;
  GtidSet unknown;
  friend bool operator==(const Told&, const Told&) = default;
};

// `server` was set aside for `errant`; `ends`: all that are known of the group. A member that never
// was its primary waits for nobody. Of a former primary all its reigns must have ended alike, and
// what is `server`'s own must be kOfItsReign to be called not acknowledged. Of others nothing is
// known.
Told WhoWasTold(const Group& group, const Server& server, const GtidSet& errant,
                const std::vector<EndOfReign>& ends);

// "not acknowledged", "2 acknowledged [...], ...". Empty for none.
std::string ToString(const Told& told);

}  // namespace weft::controller
