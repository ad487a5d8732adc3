#pragma once
// The errors of Store, made in one place so that every implementation gives the same codes, reasons
// and words. Each carries a weft::ErrorDetail.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/controller/core/plan.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// --- a comparison failed: ABORTED. Nothing was written; read again and decide again.
absl::Status TermMoved(uint64_t expected, uint64_t found);  // TERM_MOVED: stop acting
absl::Status RevisionMoved(absl::string_view group, uint64_t expected, uint64_t found);
absl::Status EpochMoved(absl::string_view group, uint64_t expected, uint64_t found);
absl::Status AcknowledgersMoved(absl::string_view group, uint64_t expected, uint64_t found);
// USER_MOVED: the user was changed meanwhile.
absl::Status UserMoved(absl::string_view name, uint64_t expected, uint64_t found);
// PROMOTION_FORBIDDEN: its promotion rule has become MUST_NOT.
absl::Status PromotionForbidden(absl::string_view uuid, absl::string_view group);
// INTENT_PENDING: the intent of `operation` is not finished.
absl::Status IntentPending(absl::string_view group, absl::string_view operation);
// INTENT_MOVED: the intent to end is no longer that of `expected`.
absl::Status IntentMoved(absl::string_view group, absl::string_view expected,
                         absl::string_view found);

// --- FAILED_PRECONDITION
absl::Status LeaseMoved(const Lease& seen, const Lease& found);  // LEASE_MOVED
absl::Status GroupNotEmpty(absl::string_view group, uint64_t servers);
// STORE_UNFIT: what keeps the store from being set up, each with what mends it.
absl::Status StoreUnfit(const std::vector<StoreDeviation>& deviations);
// RESTORED: the group's record came from a backup and is not confirmed.
absl::Status NotConfirmed(absl::string_view group);
absl::Status StoreNotEmpty(uint64_t groups);  // STORE_NOT_EMPTY
absl::Status OperationEnded(absl::string_view id, absl::string_view state);
absl::Status SchemaMissing(int expected);
absl::Status SchemaOlder(int found, int expected);
absl::Status SchemaNewer(int found, int expected);

// --- INVALID_ARGUMENT NOT_A_RECORD_STEP: Store::Apply does not do it.
absl::Status NotARecordStep(const Step& step);

// --- NOT_FOUND
absl::Status UnknownGroup(absl::string_view group);
absl::Status UnknownServer(absl::string_view uuid);
absl::Status NotInGroup(absl::string_view uuid, absl::string_view group);  // UNKNOWN_SERVER
absl::Status UnknownOperation(absl::string_view id);
absl::Status UnknownUser(absl::string_view name);

// --- ALREADY_EXISTS
absl::Status GroupExists(absl::string_view group);
absl::Status UuidTaken(absl::string_view uuid);
absl::Status AddressTaken(absl::string_view address);
absl::Status OperationExists(absl::string_view id);
absl::Status UserExists(absl::string_view name);
absl::Status RequestKnown(absl::string_view request_id);  // an earlier operation has it

// --- UNAVAILABLE
// STORE_UNAVAILABLE: the call certainly had no effect.
absl::Status StoreUnavailable(absl::string_view cause);
// STORE_OUTCOME_UNKNOWN: the answer to a write was lost. It counts as done until read back.
absl::Status OutcomeUnknown(absl::string_view cause);

}  // namespace weft::controller
