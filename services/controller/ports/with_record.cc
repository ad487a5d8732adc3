#include "services/controller/ports/with_record.h"

#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::controller {
namespace {

constexpr int kTries = 10;

}  // namespace

absl::Status WithRecord(Store* store, const std::string& group,
                        absl::FunctionRef<absl::Status(const Group&)> write) {
  for (int attempt = 1;; ++attempt) {
    WEFT_ASSIGN_OR_RETURN(const Group record, store->Load(group));
    const absl::Status status = write(record);
    if (ErrorReason(status) != "REVISION_MOVED" || attempt >= kTries) return status;
  }
}

}  // namespace weft::controller
