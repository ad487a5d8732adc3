#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/model/ids.h"

namespace weft::provisioner {

// Whether a failure is a disk, or a table, that takes no more: by the reason that files of this
// machine give, by a server's number, or by the server's words for an error of its system. Pure.
bool SaysFull(const absl::Status& failure);

// FAILED_PRECONDITION DISK_TOO_SMALL; `found` says how much there is, or what failed.
absl::Status DiskTooSmall(const HostPort& target, absl::string_view expected,
                          absl::string_view found);

}  // namespace weft::provisioner
