#pragma once
// The errors of Inventory, made in one place so that every implementation gives the same codes,
// reasons and words.

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// --- NOT_FOUND
absl::Status UnknownProvider(absl::string_view id);
absl::Status UnknownMachine(absl::string_view uuid);
absl::Status UnknownSnapshot(absl::string_view name);
absl::Status UnknownOperation(absl::string_view id);

// --- ALREADY_EXISTS
absl::Status ProviderExists(absl::string_view id);
absl::Status RequestKnown(absl::string_view request_id);

absl::Status ProviderInUse(absl::string_view id);  // FAILED_PRECONDITION PROVIDER_IN_USE
absl::Status ClaimMoved(absl::string_view id);     // ABORTED CLAIM_MOVED

// Of a store that does not answer, and of one whose members have no primary just now.
inline constexpr char kStoreUnavailableReason[] = "STORE_UNAVAILABLE";
inline constexpr char kStoreHasNoPrimaryReason[] = "STORE_NO_PRIMARY";
// Whether an error says one of these, and so nothing of what was asked for.
bool IsStoreAway(const absl::Status& status);

// What an operation that lost its claim ended with.
inline constexpr char kInterruptedReason[] = "INTERRUPTED";
inline constexpr char kInterruptedMessage[] =
    "the state store was restored from a backup while it ran; look at what it left";

}  // namespace weft::provisioner
