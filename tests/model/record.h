#pragma once

#include <string>

#include "tests/model/decisions.h"
#include "tests/model/state.h"

namespace weft::model {

// The leader does what was decided by `look`. `broken` tells when the decision itself breaks a
// rule: a failover of a primary that is alive (7), of one who may not lead or is errant (5, 6).
void TakeOn(const Decision& decision, const Look& look, State* state, std::string* broken);

// The leader's step on the record, as services/controller/ports/record_steps.h has it; rules 1, 3.
// One whose intent has gone meanwhile fails.
void ApplyRecord(State* state, std::string* broken);

std::string TextOf(const RecordStep& step);

}  // namespace weft::model
