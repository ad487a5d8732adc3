#include "services/controller/ports/store_errors.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kLookAgain = "read it again and repeat the request on what it says now";
constexpr absl::string_view kSetUp = "run `weft manage setup`";

std::string Describe(const Lease& lease) {
  return absl::StrCat("holder '", lease.holder, "' term ", lease.term, " renewal ", lease.renewal);
}

absl::Status Moved(absl::string_view reason, absl::string_view group, absl::string_view what,
                   uint64_t expected, uint64_t found) {
  return ::weft::Refusal(absl::StatusCode::kAborted, reason,
                         absl::StrCat("group ", group, " has changed meanwhile: its ", what, " is ",
                                      found, ", not ", expected),
                         absl::StrCat(what, " ", expected), absl::StrCat(what, " ", found),
                         kLookAgain);
}

absl::Status Unknown(absl::string_view reason, absl::string_view message,
                     absl::string_view expected, absl::string_view next_step) {
  return ::weft::Refusal(absl::StatusCode::kNotFound, reason, message, expected, "nothing of it",
                         next_step);
}

absl::Status Taken(absl::string_view reason, absl::string_view message, absl::string_view expected,
                   absl::string_view found, absl::string_view next_step) {
  return ::weft::Refusal(absl::StatusCode::kAlreadyExists, reason, message, expected, found,
                         next_step);
}

}  // namespace

absl::Status TermMoved(uint64_t expected, uint64_t found) {
  return ::weft::Refusal(
      absl::StatusCode::kAborted, "TERM_MOVED",
      absl::StrCat("another controller leads: the term is ", found, ", not ", expected),
      absl::StrCat("term ", expected), absl::StrCat("term ", found),
      "send the request to the leading controller");
}

absl::Status RevisionMoved(absl::string_view group, uint64_t expected, uint64_t found) {
  return Moved("REVISION_MOVED", group, "revision", expected, found);
}

absl::Status EpochMoved(absl::string_view group, uint64_t expected, uint64_t found) {
  return Moved("EPOCH_MOVED", group, "epoch", expected, found);
}

absl::Status AcknowledgersMoved(absl::string_view group, uint64_t expected, uint64_t found) {
  return Moved("ACKNOWLEDGERS_MOVED", group, "acknowledger set's version", expected, found);
}

absl::Status UserMoved(absl::string_view name, uint64_t expected, uint64_t found) {
  return ::weft::Refusal(absl::StatusCode::kAborted, "USER_MOVED",
                         absl::StrCat("user ", name, " has changed meanwhile"),
                         absl::StrCat("revision ", expected), absl::StrCat("revision ", found),
                         kLookAgain);
}

absl::Status PromotionForbidden(absl::string_view uuid, absl::string_view group) {
  return ::weft::Refusal(
      absl::StatusCode::kAborted, "PROMOTION_FORBIDDEN",
      absl::StrCat("server ", uuid, " of group ", group, " must not become the primary"),
      "a server whose promotion rule allows it", "promotion rule MUST_NOT", kLookAgain);
}

absl::Status IntentPending(absl::string_view group, absl::string_view operation) {
  return ::weft::Refusal(
      absl::StatusCode::kAborted, "INTENT_PENDING",
      absl::StrCat("operation ", operation, " on group ", group, " has not ended yet"),
      "no other change of primary under way", absl::StrCat("operation ", operation),
      absl::StrCat("wait for operation ", operation, " or cancel it"));
}

absl::Status IntentMoved(absl::string_view group, absl::string_view expected,
                         absl::string_view found) {
  return ::weft::Refusal(
      absl::StatusCode::kAborted, "INTENT_MOVED",
      absl::StrCat("the intent of group ", group, " is no longer that of operation ", expected),
      absl::StrCat("operation ", expected),
      found.empty() ? std::string("no operation") : absl::StrCat("operation ", found), kLookAgain);
}

absl::Status LeaseMoved(const Lease& seen, const Lease& found) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "LEASE_MOVED",
                         absl::StrCat("the lease has changed meanwhile: ", Describe(found)),
                         Describe(seen), Describe(found), "watch the lease again");
}

absl::Status GroupNotEmpty(absl::string_view group, uint64_t servers) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "GROUP_NOT_EMPTY",
                         absl::StrCat("group ", group, " still has ", servers, " servers"),
                         "a group without servers", absl::StrCat(servers, " servers"),
                         "remove its servers first");
}

absl::Status StoreUnfit(const std::vector<StoreDeviation>& deviations) {
  std::string expected, found, mend;
  for (const StoreDeviation& one : deviations) {
    if (!one.blocks) continue;
    const std::string what =
        absl::StrCat(expected.empty() ? "" : "\n", one.member, ": ", one.check);
    absl::StrAppend(&expected, what, ": ", one.expected);
    absl::StrAppend(&found, what, ": ", one.found);
    absl::StrAppend(&mend, what, ": ", one.mend);
  }
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "STORE_UNFIT",
                         "the state store is not as Weft needs it; nothing was made there",
                         expected, found, mend);
}

absl::Status NotConfirmed(absl::string_view group) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "RESTORED",
      absl::StrCat("the record of group ", group,
                   " comes from a backup, and its servers have not confirmed it yet"),
      "a record that all its servers have confirmed", "one from a backup",
      absl::StrCat("weft why ", group, " says what is missing"));
}

absl::Status StoreNotEmpty(uint64_t groups) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "STORE_NOT_EMPTY",
      absl::StrCat("the state store has ", groups, " groups, which the backup would replace"),
      "a state store without groups", absl::StrCat(groups, " groups"),
      "say --surrender to give up what the store has now");
}

absl::Status OperationEnded(absl::string_view id, absl::string_view state) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "OPERATION_ENDED",
                         absl::StrCat("operation ", id, " has already ended: ", state),
                         "a running operation", state, "start a new operation");
}

absl::Status SchemaMissing(int expected) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NO_SCHEMA",
                         "the state store has not been set up",
                         absl::StrCat("schema version ", expected), "no schema", kSetUp);
}

absl::Status SchemaOlder(int found, int expected) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SCHEMA_OLDER",
                         "the state store's schema is older than this program",
                         absl::StrCat("schema version ", expected),
                         absl::StrCat("schema version ", found), kSetUp);
}

absl::Status SchemaNewer(int found, int expected) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                         "the state store's schema is newer than this program",
                         absl::StrCat("schema version ", expected, " or older"),
                         absl::StrCat("schema version ", found),
                         "run the Weft release that set the store up, or a later one");
}

absl::Status NotARecordStep(const Step& step) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "NOT_A_RECORD_STEP",
                         absl::StrCat("the store does not do: ", ToString(step)),
                         "Commit, SetAcknowledgers, SetStatus, BeginSwitchover or GiveUp",
                         ToString(step), "report this as a defect of Weft");
}

absl::Status UnknownGroup(absl::string_view group) {
  return Unknown("UNKNOWN_GROUP", absl::StrCat("there is no group ", group), "an existing group",
                 "`weft group list` shows the groups");
}

absl::Status UnknownServer(absl::string_view uuid) {
  return Unknown("UNKNOWN_SERVER", absl::StrCat("there is no server ", uuid), "a known server",
                 "`weft server list` shows the servers");
}

absl::Status NotInGroup(absl::string_view uuid, absl::string_view group) {
  return Unknown("UNKNOWN_SERVER", absl::StrCat("group ", group, " has no server ", uuid),
                 absl::StrCat("a server of group ", group),
                 absl::StrCat("`weft group show ", group, "` shows its servers"));
}

absl::Status UnknownOperation(absl::string_view id) {
  return Unknown("UNKNOWN_OPERATION", absl::StrCat("there is no operation ", id),
                 "a known operation", "`weft operation list` shows the operations still kept");
}

absl::Status UnknownUser(absl::string_view name) {
  return Unknown("UNKNOWN_USER", absl::StrCat("there is no user ", name), "a known user",
                 "`weft user list` shows the users");
}

absl::Status GroupExists(absl::string_view group) {
  return Taken("GROUP_EXISTS", absl::StrCat("there is already a group ", group),
               "a name that no group has", absl::StrCat("group ", group), "choose another name");
}

absl::Status UuidTaken(absl::string_view uuid) {
  return Taken("UUID_TAKEN", absl::StrCat("server ", uuid, " is already in a group"),
               "a server that is in no group", absl::StrCat("server ", uuid),
               "remove it from its group first; if it is another server with the same uuid, "
               "stop it, delete its auto.cnf and start it");
}

absl::Status AddressTaken(absl::string_view address) {
  return Taken("ADDRESS_TAKEN", absl::StrCat("a server at ", address, " is already in a group"),
               "an address that no server has", absl::StrCat("a server at ", address),
               "remove that server from its group first");
}

absl::Status OperationExists(absl::string_view id) {
  return Taken("OPERATION_EXISTS", absl::StrCat("there is already an operation ", id),
               "a new operation id", absl::StrCat("operation ", id), "use another id");
}

absl::Status UserExists(absl::string_view name) {
  return Taken("USER_EXISTS", absl::StrCat("there is already a user ", name),
               "a name that no user has", absl::StrCat("user ", name),
               "choose another name, or change that user");
}

absl::Status RequestKnown(absl::string_view request_id) {
  return Taken("REQUEST_KNOWN", absl::StrCat("request ", request_id, " was made before"),
               "a new request id", absl::StrCat("an operation of request ", request_id),
               "look at the earlier operation, or use another request id");
}

absl::Status StoreUnavailable(absl::string_view cause) {
  return ::weft::Refusal(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                         absl::StrCat("the state store does not answer: ", cause),
                         "an answer of the state store", cause,
                         "start the state store; Weft goes on by itself when it is back");
}

absl::Status OutcomeUnknown(absl::string_view cause) {
  return ::weft::Refusal(absl::StatusCode::kUnavailable, "STORE_OUTCOME_UNKNOWN",
                         absl::StrCat("the answer of the state store to a write was lost: ", cause),
                         "an answer of the state store", cause,
                         "look whether it took effect before repeating it");
}

}  // namespace weft::controller
