#pragma once

#include "absl/status/statusor.h"
#include "protos/weft/v1/operations.pb.h"
#include "services/cli/context.h"

namespace weft::cli {

// What Ctrl-C means while an operation is waited for.
enum class OnInterrupt {
  // It is this command's own: ask to cancel it, wait up to 5 s for it to end. A second Ctrl-C stops
  // waiting at once.
  kCancel,
  // It is somebody else's: stop waiting, leave it alone.
  kDetach,
};

// Waits for an operation's end with progress on stderr; returns it when it succeeded. When the
// controller is lost meanwhile another one goes on telling; where none does, they are looked for
// for 30 s: the operation survives them.
//   the operation failed     its own code, message and reason
//   it was cancelled         CANCELLED
//   interrupted              CANCELLED (context.interrupt() is raised), with what became of it
//   --timeout is over        DEADLINE_EXCEEDED; it goes on
// All name the operation, in the message and as metadata "operation".
absl::StatusOr<v1::Operation> Await(Context& context, const v1::Operation& started,
                                    OnInterrupt on_interrupt);

// Await, unless --no-wait was given or there is nothing to wait for.
absl::StatusOr<v1::Operation> AwaitIfWanted(Context& context, const v1::Operation& started);

// The end of an operation as a status: OK while it runs and when it succeeded.
absl::Status StatusOf(const v1::Operation& operation);

}  // namespace weft::cli
