#include "services/gateway/commands/fabric_error.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error_details.h"

namespace weft::gateway {
namespace {

constexpr char kTypeUrl[] = "weft/fabric-error-class";

// What Fabric says for a reason of ours. Marks: %g the group, %s the server as it was named, %u its
// uuid, %a its address, %m our message.
struct Words {
  const char* reason;
  const char* type;
  const char* text;
};

constexpr char kNoGroup[] = "Group (%g) does not exist.";
constexpr char kNoServer[] = "Server (%s) does not exist.";
constexpr char kNotAccessed[] = "Error accessing server (%a): %m.";
constexpr char kKnownServer[] = "Server (%u) already exists.";
constexpr char kNoLog[] = "Server (%u) does not have the binary log or gtid enabled.";
constexpr char kPrivileges[] = "User does not have appropriate privileges on server (%a, %u). %m.";
constexpr char kNoSlave[] = "Error trying to configure server (%u) as slave: %m.";
constexpr char kNoCandidate[] =
    "There is no valid candidate that can be automatically chosen in group (%g). Please, choose "
    "one manually.";
constexpr char kBadCandidate[] =
    "Server (%u) is not a valid candidate slave due to the following reason(s): (%m).";
constexpr char kFaulty[] = "Server (%s) is faulty.";

constexpr Words kWords[] = {
    {"UNKNOWN_GROUP", kGroupError, kNoGroup},
    {"MALFORMED_GROUP", kGroupError, kNoGroup},
    {"GROUP_EXISTS", kGroupError, "Group (%g) already exists."},
    {"GROUP_NOT_EMPTY", kGroupError, "Cannot destroy a group (%g) which has associated servers."},
    {"UNKNOWN_SERVER", kServerError, kNoServer},
    {"MALFORMED_SERVER", kServerError, kNoServer},
    {"MALFORMED_UUID", kServerError, kNoServer},
    {"NOT_IN_GROUP", kGroupError, "Group (%g) does not contain server (%s)."},
    {"SERVER_IS_PRIMARY", kServerError,
     "Cannot remove server (%u), which is master in group (%g). Please, demote it first."},
    {"MALFORMED_ADDRESS", kServerError, kNotAccessed},
    {"SERVER_UNREACHABLE", kServerError, kNotAccessed},
    {"SERVER_NOT_REACHED", kServerError, kNotAccessed},
    {"WRONG_SERVER", kServerError, kNotAccessed},
    {"ACCOUNT_REFUSED", kServerError, kNotAccessed},
    {"UUID_TAKEN", kServerError, kKnownServer},
    {"ADDRESS_TAKEN", kServerError, kKnownServer},
    {"DUPLICATE_UUID", kServerError, kKnownServer},
    {"VERSION_UNSUPPORTED", kServerError,
     "Server (%u) has an outdated version. 5.6.8 or greater is required. %m."},
    {"LOG_BIN_OFF", kServerError, kNoLog},
    {"GTID_MODE_OFF", kServerError, kNoLog},
    {"GTID_CONSISTENCY_OFF", kServerError, kNoLog},
    {"ACCOUNT_MANAGE", kServerError, kPrivileges},
    {"PRIVILEGES_MANAGE", kServerError, kPrivileges},
    {"ACCOUNT_REPLICATE", kServerError, kPrivileges},
    {"PRIVILEGES_REPLICATE", kServerError, kPrivileges},
    {"STATE_STORE", kServerError,
     "The MySQL Server instance used as Fabric's state store cannot be managed."},
    {"DOES_NOT_FOLLOW", kServerError, kNoSlave},
    {"SOURCE_WITHOUT_SEMI_SYNC", kServerError, kNoSlave},
    {"ERRANT", kServerError, kNoSlave},
    {"SET_ASIDE", kServerError, kNoSlave},
    {"NO_PRIMARY", kGroupError, "Group (%g) does not have a master."},
    {"ALREADY_PRIMARY", kServerError, "Candidate slave (%s) is already master."},
    {"NO_CANDIDATE", kGroupError, kNoCandidate},
    {"NO_COMPLETE_SERVER", kGroupError, kNoCandidate},
    {"TARGET_STATUS", kServerError, kFaulty},
    {"TARGET_SET_ASIDE", kServerError, kFaulty},
    {"TARGET_NOT_REACHED", kServerError, kNotAccessed},
    {"TARGET_ERRANT", kServerError, kBadCandidate},
    {"TARGET_NOT_REPLICATING", kServerError, kBadCandidate},
    {"TARGET_LAGS", kServerError, kBadCandidate},
    {"TARGET_CANNOT_SEMI_SYNC", kServerError, kBadCandidate},
    {"TARGET_INCOMPLETE", kServerError, kBadCandidate},
    {"PROMOTION_FORBIDDEN", kServerError, kBadCandidate},
};

// A client shows one line, and the last one of many.
std::string OnOneLine(absl::string_view text) {
  std::string line = absl::StrReplaceAll(text, {{"\r\n", "; "}, {"\n", "; "}, {"\r", "; "}});
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

std::string Fill(absl::string_view text, const Subject& subject, absl::string_view message) {
  const std::string& server = subject.server;
  return absl::StrReplaceAll(text, {{"%g", subject.group},
                                    {"%s", server},
                                    {"%u", subject.uuid.empty() ? server : subject.uuid},
                                    {"%a", subject.address.empty() ? server : subject.address},
                                    {"%m", message}});
}

// Without the full stop that Fabric's words have already.
std::string Unstopped(absl::string_view message) {
  while (!message.empty() && (message.back() == '.' || absl::ascii_isspace(message.back()))) {
    message.remove_suffix(1);
  }
  return std::string(message);
}

std::string InOurWords(const absl::Status& error) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(error);
  const std::string message = Unstopped(error.message());
  if (!detail.has_value() || detail->next_step.empty()) return absl::StrCat(message, ".");
  return absl::StrCat(message, ". Please, ", Unstopped(detail->next_step), ".");
}

}  // namespace

absl::Status FabricError(absl::string_view type, absl::string_view message) {
  absl::Status error(absl::StatusCode::kFailedPrecondition, OnOneLine(message));
  error.SetPayload(kTypeUrl, absl::Cord(type));
  return error;
}

absl::Status NotInGroup(absl::string_view group, absl::string_view server) {
  return FabricError(kGroupError,
                     absl::StrCat("Group (", group, ") does not contain server (", server, ")."));
}

bool IsFabricError(const absl::Status& status) { return status.GetPayload(kTypeUrl).has_value(); }

std::string PlainText(const absl::Status& error) { return std::string(error.message()); }

std::string ProcedureText(const absl::Status& error) {
  const absl::optional<absl::Cord> type = error.GetPayload(kTypeUrl);
  return absl::StrCat(type.has_value() ? std::string(*type) : kServiceError, ": ", error.message());
}

absl::Status OfServer(absl::Status error) {
  const bool silent = absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error) ||
                      absl::IsResourceExhausted(error);
  if (!silent || IsFabricError(error) || GetErrorDetail(error).has_value()) return error;
  SetErrorDetail(error, {.reason = "SERVER_UNREACHABLE"});
  return error;
}

absl::Status Translate(const absl::Status& error, const Subject& subject,
                       absl::string_view fallback) {
  if (error.ok() || IsFabricError(error)) return error;
  const std::string reason = ErrorReason(error);
  const auto words = std::find_if(std::begin(kWords), std::end(kWords),
                                  [&](const Words& each) { return reason == each.reason; });
  if (words == std::end(kWords)) {
    const bool of_weft = absl::IsUnavailable(error) || absl::IsUnauthenticated(error) ||
                         absl::IsPermissionDenied(error);
    return FabricError(of_weft ? kServiceError : fallback, InOurWords(error));
  }
  return FabricError(words->type, Fill(words->text, subject, Unstopped(error.message())));
}

}  // namespace weft::gateway
