#pragma once
// Reads what mysqlbinlog wrote of some transactions (a rescue's file) as changes of rows. Pure but
// for the stream.
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/gtid_set.h"
#include "services/controller/mysql/row_events.h"

namespace weft::controller {

struct SavedChanges {
  std::vector<RowChange> rows;  // in the order of the log
  std::string format;           // bytes of the FORMAT_DESCRIPTION event
  GtidSet transactions;
};

// Every statement must be one that a transaction of rows alone is made of, or Weft's own that
// changes nothing; whatever else there is refuses the whole (so the text need not be trusted).
// FAILED_PRECONDITION NOT_REWINDABLE names it; RESOURCE_EXHAUSTED REWIND_TOO_LARGE beyond `limit`
// bytes of rows.
absl::StatusOr<SavedChanges> ReadSavedChanges(std::istream& text, uint64_t limit);

}  // namespace weft::controller
