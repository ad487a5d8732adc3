#pragma once
// Secrets come from files, never from command lines.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft {

// The first line of a file, without its line feed. FAILED_PRECONDITION SECRET_FILE_EXPOSED when
// others than its owner and group may read or write it, NOT_FOUND, PERMISSION_DENIED, or
// INVALID_ARGUMENT when it is empty or longer than 4 KiB. Never repeats what the file holds.
absl::StatusOr<std::string> ReadSecretFile(absl::string_view path);

}  // namespace weft
