#pragma once
// The errors of Provider, each by its reason: one wording for all providers. `who` is the provider
// as people know it ("docker at unix:///run/docker.sock"). What is quoted of an answer must already
// be free of credentials.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// UNAVAILABLE PROVIDER_UNREACHABLE.
absl::Status ProviderUnreachable(absl::string_view who, absl::string_view why);
// The same, of one that was not reached with the request at all, or that put it off.
absl::Status ProviderNeverAsked(absl::string_view who, absl::string_view why);
// Whether, after an error of a provider's, what it was asked for may still come to be: it did not
// answer.
bool MayYetBeDone(const absl::Status& status);
// DEADLINE_EXCEEDED PROVIDER_TOO_SLOW. What was asked for may still come to be.
absl::Status ProviderTooSlow(absl::string_view who, absl::string_view waited_for);
// UNAUTHENTICATED PROVIDER_REFUSES_CREDENTIALS.
absl::Status ProviderRefusesCredentials(absl::string_view who, absl::string_view why);
// RESOURCE_EXHAUSTED PROVIDER_QUOTA.
absl::Status ProviderQuota(absl::string_view who, absl::string_view why);
// INTERNAL PROVIDER_GARBAGE. Quotes the answer's first 200 characters, what is not printable as
// '?'.
absl::Status ProviderGarbage(absl::string_view who, absl::string_view expected,
                             absl::string_view answer);
// CANCELLED CANCELLED: who asked for it asked for its end.
absl::Status ProviderCancelled(absl::string_view who, absl::string_view what);
// ABORTED WORK_MOVED: another goes on with it (CopyTerms::lost).
absl::Status ProviderWorkMoved(absl::string_view who, absl::string_view what);
// FAILED_PRECONDITION PROVIDER_REFUSED: it understood, and will not.
absl::Status ProviderRefused(absl::string_view who, absl::string_view what, absl::string_view why);
// UNIMPLEMENTED NOT_OFFERED.
absl::Status NotOffered(absl::string_view who, absl::string_view what, absl::string_view next_step);

// NOT_FOUND, each with its own reason: MACHINE_UNKNOWN, SNAPSHOT_UNKNOWN, IMAGE_UNKNOWN,
// FLAVOR_UNKNOWN, NETWORK_UNKNOWN. `what` names it, or what was searched for.
absl::Status MachineUnknown(absl::string_view who, absl::string_view uuid);
absl::Status SnapshotUnknown(absl::string_view who, absl::string_view name);
absl::Status ImageUnknown(absl::string_view who, absl::string_view what);
absl::Status FlavorUnknown(absl::string_view who, absl::string_view what);
absl::Status NetworkUnknown(absl::string_view who, absl::string_view label);

// INVALID_ARGUMENT BAD_ORDER: a field of an order ("flavor", "meta ports") or of a search.
absl::Status BadOrder(absl::string_view field, absl::string_view expected, absl::string_view found);
// INVALID_ARGUMENT BAD_PROVIDER: a field of a provider's record ("url", "extra namespace").
absl::Status BadProvider(absl::string_view field, absl::string_view expected,
                         absl::string_view found);

}  // namespace weft::provisioner
