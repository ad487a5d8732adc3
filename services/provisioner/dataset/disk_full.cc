#include "services/provisioner/dataset/disk_full.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"

namespace weft::provisioner {

bool SaysFull(const absl::Status& failure) {
  if (ErrorReason(failure) == "DISK_FULL") return true;
  const int code = mysql::MysqlErrorCode(failure);
  for (const int full : {mysql::kErrDiskFull, mysql::kErrTableFull, mysql::kErrCloneNoRoom}) {
    if (code == full) return true;
  }
  // 28 is ENOSPC. Servers say it behind numbers of their own, which mean any error of the system.
  for (const absl::string_view words : {"No space left on device", "errno: 28", "Got error 28 "}) {
    if (absl::StrContains(failure.message(), words)) return true;
  }
  return false;
}

absl::Status DiskTooSmall(const HostPort& target, absl::string_view expected,
                          absl::string_view found) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "DISK_TOO_SMALL",
                 absl::StrCat("the disk of ", target.ToString(), " is too small"), expected, found,
                 "make room, or name another target");
}

}  // namespace weft::provisioner
