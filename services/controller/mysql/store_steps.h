#pragma once
// Which procedure of the state store does a record step, with what arguments. Pure.
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/mysql/quote.h"
#include "services/controller/core/plan.h"
#include "services/controller/mysql/store_failure.h"

namespace weft::controller {

struct StepCall {
  absl::string_view sql;
  mysql::Params params;  // without the term
  Wanted wanted;
};

// What ApplyRecordStep (record_steps.h) does, as one CALL. INVALID_ARGUMENT for steps that it does
// not do either.
absl::StatusOr<StepCall> CallOf(const Group& seen, const Step& step, absl::Time now);

}  // namespace weft::controller
