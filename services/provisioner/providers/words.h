#pragma once
// Texts that people write on command lines. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// As a shell splits: at blanks, but not within '...' or "..."; '\' takes the next character as it
// is, except within '...'. BAD_ORDER, naming `field`, where a quote does not end.
absl::StatusOr<std::vector<std::string>> ShellWords(absl::string_view field,
                                                    absl::string_view text);

// "600m", "1.5g", "64K", "1048576": in bytes, units are powers of 1024. BAD_ORDER.
absl::StatusOr<int64_t> Bytes(absl::string_view field, absl::string_view text);

}  // namespace weft::provisioner
