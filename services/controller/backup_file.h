#pragma once
// The text of a backup of the state store: one JSON object a line. The first says what it is, the
// last has the SHA-256 of all before it, so that one that was cut off or changed is noticed.
//
// It holds no secret: what is kept of users' passwords, and the key of tokens, are left out, and
// those of providers are sealed with a key that only provisioners have. Nor what a restore does not
// bring back: intents, what programs answered, and the work of provisioners.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

std::string EncodeBackup(const StoreImage& image);

// INVALID_ARGUMENT: BACKUP_CORRUPT (cut off, changed, or no backup at all), BACKUP_NEWER (made by a
// version whose format this one does not know).
absl::StatusOr<StoreImage> DecodeBackup(absl::string_view text);

}  // namespace weft::controller
