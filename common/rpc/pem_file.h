#pragma once
// Certificates and keys.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::rpc {

// The whole file. FAILED_PRECONDITION when it cannot be read or holds no PEM block.
absl::StatusOr<std::string> ReadPemFile(absl::string_view path);

}  // namespace weft::rpc
