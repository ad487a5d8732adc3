#pragma once
// Begins what brings a server back without anybody being asked (core/rejoin.h).

#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/event_journal.h"
#include "services/controller/operation_runner.h"
#include "services/controller/ports/store.h"
#include "services/controller/resumption.h"

namespace weft::controller {

struct RejoinPorts {
  const Resumers* resumers = nullptr;  // they know the works by the kinds of operations
  OperationRunner* runner = nullptr;
  EventJournal* journal = nullptr;
  Clock* clock = nullptr;
};

// Begins the operation that `how` (never kManual) stands for, and records the decision. Once for
// each set of transactions and way, over all leaders: what failed is for people to look at. Blocks
// on the store.
void BeginRejoin(const Group& group, const Server& server, RejoinPolicy how,
                 const RejoinPorts& ports);

// Whether `operation` is about what `server` has of its own as it is on record now. What people
// asked for is; what BeginRejoin began is not, once the server has been let in and has something
// else. A work that has begun on the data is to be ended by whoever resumes it.
bool IsMeantFor(const Operation& operation, const Server& server);

}  // namespace weft::controller
