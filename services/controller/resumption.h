#pragma once
// What a new leader makes of the operations that the one before it left running.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/controller/group_table.h"
#include "services/controller/operation_runner.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// How an operation goes on, by its kind.
using Resumers = std::map<std::string, std::function<OperationRunner::Work(const Operation&)>>;

// Lets the operations go on that `resumers` know, and ends the others as INTERRUPTED. Left alone
// are those of intents, which their groups carry on, those that run here, and short changes whose
// request may come again. Repeatable. Blocks on the store, half a second more where that does not
// answer; what it cannot read then waits for the next leader.
void ResumeOperations(const std::vector<GroupTable::Keeper>& groups, const Resumers& resumers,
                      Store* store, OperationsBoard* board, OperationRunner* runner, Clock* clock);

}  // namespace weft::controller
