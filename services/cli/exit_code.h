#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::cli {

// What the process ends with: the table that scripts rely on (docs/cli.md). Values never change
// their meaning.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       // The request was refused, or its operation failed.
  kExitUsage = 2,        // The command line or a value in it is wrong.
  kExitNotFound = 3,     // No such group, server, operation, ...
  kExitUnavailable = 4,  // Controller or state store cannot be reached.
  kExitPermission = 5,   // Not logged in, or not allowed.
  kExitConflict = 6,     // It exists already, or changed meanwhile (expected primary, epoch, etag).
  kExitTimeout = 7,
  kExitAttention = 8,  // Answered, and the answer is "not well": why, health, server check, ...
  kExitInterrupted = 130,
};

// The exit code of an error (kExitOk for OK). CANCELLED is kExitInterrupted when it was this
// process that was interrupted, else kExitFailed (somebody cancelled the operation).
ExitCode ExitCodeOf(const absl::Status& status, bool interrupted);

// "FAILED_PRECONDITION": the name in JSON errors.
absl::string_view CodeName(absl::StatusCode code);

}  // namespace weft::cli
