#include "services/controller/mysql/store_failure.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/migrations.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

// Numbers that the procedures of schema/ signal. (50000 to 51999 are left to applications.)
enum Signal {
  kTermMoved = 50001,
  kNoGroup = 50002,
  kRevisionMoved = 50003,
  kEpochMoved = 50004,
  kAcknowledgersMoved = 50005,
  kNoServer = 50006,
  kIntentPending = 50007,
  kIntentMoved = 50008,
  kGroupNotEmpty = 50009,
  kNoOperation = 50010,
  kOperationEnded = 50011,
  kNoUser = 50012,
  kUserMoved = 50013,
  kPromotionForbidden = 50014,
  kStoreNotEmpty = 50015,
};

constexpr int kRoutineUnknown = 1305;

// The text that the server gave, without what FromMysql added.
absl::string_view ServerText(const absl::Status& status) {
  absl::string_view text = status.message();
  return text.substr(0, text.rfind(" [MySQL error "));
}

uint64_t Number(absl::string_view text) {
  uint64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

absl::Status Later(absl::string_view reason, absl::string_view cause, absl::string_view next_step) {
  return ::weft::Refusal(absl::StatusCode::kUnavailable, reason,
                         absl::StrCat("the state store cannot do it now: ", cause),
                         "a state store that accepts writes", cause, next_step);
}

// "Duplicate entry 'x' for key 'server.address'".
absl::Status Duplicate(absl::string_view text, const Wanted& wanted) {
  const size_t at = text.rfind(" for key '");
  absl::string_view key = at == absl::string_view::npos ? "" : text.substr(at);
  absl::string_view value = text.substr(0, at);
  absl::ConsumePrefix(&value, "Duplicate entry '");
  absl::ConsumeSuffix(&value, "'");
  if (absl::StrContains(key, "weft_user.")) return UserExists(wanted.user);
  if (absl::StrContains(key, "server.address")) return AddressTaken(value);
  if (absl::StrContains(key, "server.")) return UuidTaken(value);
  if (absl::StrContains(key, "operation.request_id")) return RequestKnown(value);
  if (absl::StrContains(key, "operation.")) return OperationExists(value);
  return GroupExists(wanted.group);
}

absl::Status Signalled(int code, absl::string_view found, const Wanted& wanted) {
  switch (static_cast<Signal>(code)) {
    case kTermMoved:
      return TermMoved(wanted.term, Number(found));
    case kNoGroup:
      return UnknownGroup(wanted.group);
    case kRevisionMoved:
      return RevisionMoved(wanted.group, wanted.revision, Number(found));
    case kEpochMoved:
      return EpochMoved(wanted.group, wanted.epoch, Number(found));
    case kAcknowledgersMoved:
      return AcknowledgersMoved(wanted.group, wanted.acknowledgers, Number(found));
    case kNoServer:
      return NotInGroup(wanted.server, wanted.group);
    case kIntentPending:
      return IntentPending(wanted.group, found);
    case kIntentMoved:
      return IntentMoved(wanted.group, wanted.operation, found);
    case kGroupNotEmpty:
      return GroupNotEmpty(wanted.group, Number(found));
    case kNoOperation:
      return UnknownOperation(wanted.operation);
    case kOperationEnded:
      return OperationEnded(wanted.operation, found);
    case kNoUser:
      return UnknownUser(wanted.user);
    case kUserMoved:
      return UserMoved(wanted.user, wanted.revision, Number(found));
    case kPromotionForbidden:
      return PromotionForbidden(found, wanted.group);
    case kStoreNotEmpty:
      return StoreNotEmpty(Number(found));
  }
  return absl::InternalError(absl::StrCat("the state store signals ", code, ": ", found));
}

bool IsMissingSchema(int code) {
  return code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable ||
         code == kRoutineUnknown;
}

}  // namespace

absl::Status ContactFailure(const absl::Status& status) {
  constexpr absl::string_view kNoSession = "SESSIONS_IN_USE";
  const std::string reason = ErrorReason(status);
  if (!reason.empty() && reason != kNoSession) return status;
  if (IsMissingSchema(mysql::MysqlErrorCode(status))) return SchemaMissing(StoreSchemaVersion());
  if (absl::IsResourceExhausted(status)) {
    return Later("STORE_BUSY", status.message(), "try again; allow the state store more sessions");
  }
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    return ::weft::Refusal(
        absl::StatusCode::kFailedPrecondition, "STORE_LOGIN",
        absl::StrCat("the state store does not let the controller in: ", status.message()),
        "a login that the state store accepts", status.message(),
        "check the controller's user and password file for the state store, and its TLS settings");
  }
  if (absl::IsUnavailable(status)) return StoreUnavailable(status.message());
  return status;
}

absl::Status StatementFailure(const absl::Status& status, const Wanted& wanted) {
  const int code = mysql::MysqlErrorCode(status);
  if (code == 0) return status;  // of our own making, and so says all
  const absl::string_view text = ServerText(status);
  if (code >= kTermMoved && code <= kStoreNotEmpty) return Signalled(code, text, wanted);
  if (code == mysql::kErrDuplicateKey) return Duplicate(text, wanted);
  if (IsMissingSchema(code)) return SchemaMissing(StoreSchemaVersion());
  if (IsReadOnly(status)) {
    return Later("STORE_READ_ONLY", status.message(), "make the state store writable");
  }
  if (absl::IsResourceExhausted(status)) {
    return Later("STORE_FULL", status.message(), "give the state store's machine room");
  }
  if (absl::IsAborted(status)) return Later("STORE_BUSY", status.message(), "try again");
  if (absl::IsPermissionDenied(status)) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "STORE_PRIVILEGES",
                           absl::StrCat("the state store's account lacks a right: ", text),
                           "all rights that Weft needs on its own database", text,
                           "grant what `weft manage setup` names");
  }
  if (absl::IsInvalidArgument(status)) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                           absl::StrCat("the state store cannot keep a value: ", text),
                           "values within the limits of the state store", text,
                           "shorten or correct the value");
  }
  return Annotate(status, "the state store");
}

bool IsReadOnly(const absl::Status& status) {
  constexpr int kReadOnlyTransaction = 1792;
  constexpr int kReadOnlyMode = 1836;
  constexpr int kPluginRefuses = 3100;  // group replication: it is no member any more
  const int code = mysql::MysqlErrorCode(status);
  return code == mysql::kErrReadOnlyOption || code == kReadOnlyTransaction ||
         code == kReadOnlyMode || code == kPluginRefuses;
}

bool IsContention(const absl::Status& status) {
  constexpr int kRolledBackInCommit = 3101;  // group replication found a conflict
  const int code = mysql::MysqlErrorCode(status);
  return code == mysql::kErrDeadlock || code == mysql::kErrLockWaitTimeout ||
         code == kRolledBackInCommit;
}

bool WasNeverSent(const absl::Status& status) {
  constexpr int kDisconnectedForInactivity = 4031;
  const int code = mysql::MysqlErrorCode(status);
  return code == mysql::kErrServerGone || code == kDisconnectedForInactivity;
}

}  // namespace weft::controller
