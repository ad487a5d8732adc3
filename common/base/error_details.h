#pragma once
// What every error that a person may see carries besides its text: why, what was expected, what was
// found, and what to do next. Travels inside an absl::Status as a payload; common/rpc turns it into
// google.rpc style details.
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft {

struct ErrorDetail {
  // A stable name for programs, UPPER_SNAKE_CASE, at most 63 characters: SERVER_UNREACHABLE,
  // GTID_MODE_OFF.
  std::string reason;
  std::string expected;
  std::string found;
  // A command, an SQL statement or a sentence that mends it.
  std::string next_step;
  // Further named facts, for example {"server", "10.0.0.3:3306"}. Never a secret.
  std::map<std::string, std::string> metadata;

  bool operator==(const ErrorDetail&) const = default;
};

// An error status with `message` and a detail. REQUIRES: code != kOk.
absl::Status Refusal(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                     absl::string_view expected = "", absl::string_view found = "",
                     absl::string_view next_step = "");
absl::Status Refusal(absl::StatusCode code, absl::string_view message, const ErrorDetail& detail);

// Attaches `detail` to `status`, in place of one that it already had. No effect on an OK status.
void SetErrorDetail(absl::Status& status, const ErrorDetail& detail);

// Adds or replaces one metadata entry; creates a detail of reason "" when there is none. No effect
// on OK.
void AddErrorMetadata(absl::Status& status, absl::string_view key, absl::string_view value);

// The detail of `status`; nullopt when it has none (or when its payload is not ours).
std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status);

// The reason of `status`, "" when it has none: `if (ErrorReason(status) == "UNKNOWN_GROUP") ...`
std::string ErrorReason(const absl::Status& status);

// `status` with `prefix` and ": " before its message; code and payloads are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix);

// For terminals and logs: the message, then lines "expected: ", "found: ", "to do: " for what is
// known.
std::string DescribeError(const absl::Status& status);

}  // namespace weft
