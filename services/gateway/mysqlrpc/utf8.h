#pragma once
// Whether bytes are UTF-8.
#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc {

// True for well-formed UTF-8: no surrogates, no overlong forms, nothing beyond U+10FFFF.
bool IsUtf8(absl::string_view text);

// The longest beginning of `text` of at most `limit` bytes that cuts no character in two, if
// `text` is UTF-8.
absl::string_view CutUtf8(absl::string_view text, size_t limit);

}  // namespace weft::gateway::mysqlrpc
