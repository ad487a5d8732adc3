#pragma once
// Replaces what a secret's file holds, so that after a crash at any point the old or the new secret
// is known.
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weft::controller {

// The secret that is to follow the one in `file`: the one that an earlier call kept beside it
// ("FILE.next", mode 0600), or a new one, which is on disk when this returns.
absl::StatusOr<std::string> NextSecret(const std::string& file);

// The secret of NextSecret is the file's from now on. Atomic.
absl::Status AdoptNextSecret(const std::string& file);

}  // namespace weft::controller
