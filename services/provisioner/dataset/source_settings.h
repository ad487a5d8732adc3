#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/farm_access.h"

// What a copy of files changes on a running source of this machine for its time: its dirty pages
// are written at once. How it was before is noted in the server's folder first, so that whoever
// comes after a crash puts it back. Sessions are of the manage account. All may be repeated.
namespace weft::provisioner {

absl::Status FlushAtOnce(mysql::Session& manager, const std::string& folder);

// As it was before FlushAtOnce. OK where nothing was noted.
absl::Status FlushAsBefore(mysql::Session& manager, const std::string& folder);

// FlushAsBefore for the server in `folder` of this machine, whose copy may have died. OK where the
// folder is empty or none of a server, and where the server does not run: it starts with its own
// settings. UNAVAILABLE, UNAUTHENTICATED where it runs and cannot be asked.
absl::Status MendSource(const FarmAccess& access, const std::string& folder);

}  // namespace weft::provisioner
