#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

// What of the data of a server of this machine lies outside its data folder, where a copy of the
// folder would lose it, or lead to the same files: links, tablespaces, logs of InnoDB. Paths, for
// people; empty: all is in the folder. `session` is of the backup account.
absl::StatusOr<std::vector<std::string>> DataOutside(mysql::Session& session,
                                                     const std::string& data_folder);

// Whether a server takes `path` for a place outside; a relative one is of the data folder. A path
// that is there is judged with its links followed.
bool LiesOutside(const std::string& data_folder, const std::string& path);

// A link, or a file by which a server finds a table elsewhere. By the path alone, and what is
// there.
bool LeadsElsewhere(const std::string& path);

}  // namespace weft::provisioner
