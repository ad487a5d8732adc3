#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace weft {

// FNV-1a: the same in every build and on every machine, unlike absl's. For names and for what is
// compared with what another process wrote; not for secrets.
constexpr uint64_t StableHash(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace weft
