#include "services/cli/waiting.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "services/cli/progress.h"

namespace weft::cli {
namespace {

using v1::Operation;

constexpr absl::Duration kLookForController = absl::Seconds(30);
constexpr absl::Duration kLookPause = absl::Milliseconds(500);
constexpr absl::Duration kCancelPatience = absl::Seconds(5);

bool HasEnded(const Operation& operation) {
  return operation.state() != Operation::RUNNING &&
         operation.state() != Operation::STATE_UNSPECIFIED;
}

Step StepOf(const Operation& operation) {
  std::string of = operation.group().empty() ? operation.server() : operation.group();
  of = of.substr(of.find('/') + 1);
  return {.what = absl::StrCat(operation.kind(), of.empty() ? "" : " ", of),
          .phase = operation.phase(),
          .progress = operation.progress()};
}

ErrorDetail DetailOf(const Operation& operation, absl::string_view reason) {
  ErrorDetail detail;
  detail.reason = std::string(reason);
  detail.metadata["operation"] = operation.name();
  return detail;
}

absl::Status StillRunning(const Operation& operation, absl::StatusCode code,
                          absl::string_view reason, absl::string_view why) {
  ErrorDetail detail = DetailOf(operation, reason);
  detail.next_step = absl::StrCat("weft operation wait ", operation.name(),
                                  ", or weft operation cancel ", operation.name());
  return Refusal(code, absl::StrCat(why, "; ", operation.name(), " goes on"), detail);
}

// One stream from each controller that is asked, until the operation has ended or none goes on.
absl::Status WatchOnce(Context& context, Client& client, Operation& operation, Progress& progress) {
  v1::GetOperationRequest request;
  request.set_name(operation.name());
  return client.Run(context.Remaining(),
                    [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* call) {
                      v1::Operations::Stub stub(channel);
                      const auto stream = stub.WatchOperation(call, request);
                      Operation update;
                      while (stream->Read(&update)) {
                        operation = update;
                        progress.Update(StepOf(operation));
                      }
                      const grpc::Status status = stream->Finish();
                      return HasEnded(operation) ? grpc::Status::OK : status;
                    });
}

// Watches until the end, over lost controllers.
absl::Status WatchToEnd(Context& context, Operation& operation, Progress& progress) {
  WEFT_ASSIGN_OR_RETURN(Client * client, context.Connect());
  const int interrupts = context.interrupt().count();
  Deadline patience = Deadline::After(&context.clock(), kLookForController);
  while (!HasEnded(operation)) {
    const std::string before = operation.SerializeAsString();
    absl::Status status = WatchOnce(context, *client, operation, progress);
    if (HasEnded(operation)) return absl::OkStatus();
    if (context.interrupt().count() > interrupts) return absl::CancelledError("interrupted");
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    if (operation.SerializeAsString() != before) {
      patience = Deadline::After(&context.clock(), kLookForController);
    }
    if (patience.Passed()) return status;
    Step step = StepOf(operation);
    step.phase = "no controller answers; looking for one";
    progress.Update(step);
    if (context.interrupt().AwaitBeyond(interrupts, kLookPause)) {
      return absl::CancelledError("interrupted");
    }
  }
  return absl::OkStatus();
}

// After Ctrl-C in a command that started the operation itself.
absl::Status CancelAndReport(Context& context, Operation operation, Progress& progress) {
  // The calls below must not be ended by the interruption that they answer.
  Interrupt fresh;
  WEFT_ASSIGN_OR_RETURN(Client * client, context.Connect());
  const int interrupts = context.interrupt().count();
  const Interrupt::Scope again(&context.interrupt(), [&, calls = 0]() mutable {
    if (++calls > 1) fresh.Raise();  // The first call is for the interruption of before.
  });
  Step step = StepOf(operation);
  step.phase = "cancelling (Ctrl-C again to stop waiting)";
  progress.Update(step);
  v1::CancelOperationRequest request;
  request.set_name(operation.name());
  const auto asked =
      client->With(&fresh).Call(&v1::Operations::Stub::CancelOperation, request, kCancelPatience);
  if (asked.ok() && !HasEnded(*asked) && context.interrupt().count() == interrupts) {
    v1::WaitOperationRequest wait;
    wait.set_name(operation.name());
    wait.mutable_timeout()->set_seconds(absl::ToInt64Seconds(kCancelPatience));
    const auto waited = client->With(&fresh).Call(&v1::Operations::Stub::WaitOperation, wait,
                                                  kCancelPatience + absl::Seconds(1));
    if (waited.ok()) operation = *waited;
  } else if (asked.ok()) {
    operation = *asked;
  }
  if (!HasEnded(operation)) {
    return StillRunning(operation, absl::StatusCode::kCancelled, "INTERRUPTED", "interrupted");
  }
  const absl::string_view end = operation.state() == Operation::CANCELLED ? "was cancelled"
                                : operation.state() == Operation::SUCCEEDED
                                    ? "had succeeded already"
                                    : "failed";
  return Refusal(absl::StatusCode::kCancelled,
                 absl::StrCat("interrupted; ", operation.name(), " ", end),
                 DetailOf(operation, "INTERRUPTED"));
}

}  // namespace

absl::Status StatusOf(const Operation& operation) {
  ErrorDetail detail = DetailOf(operation, operation.error_reason());
  if (operation.state() == Operation::FAILED) {
    const auto code = operation.error_code() == 0
                          ? absl::StatusCode::kUnknown
                          : static_cast<absl::StatusCode>(operation.error_code());
    return Refusal(code,
                   operation.error_message().empty()
                       ? absl::StrCat(operation.kind(), " failed (", operation.name(), ")")
                       : absl::StrCat(operation.error_message(), " (", operation.name(), ")"),
                   detail);
  }
  if (operation.state() == Operation::CANCELLED) {
    if (detail.reason.empty()) detail.reason = "CANCELLED";
    return Refusal(absl::StatusCode::kCancelled,
                   absl::StrCat(operation.kind(), " was cancelled (", operation.name(), ")"),
                   detail);
  }
  return absl::OkStatus();
}

absl::StatusOr<Operation> Await(Context& context, const Operation& started,
                                OnInterrupt on_interrupt) {
  Operation operation = started;
  {
    Progress progress(&context.console(), &context.clock(), context.style());
    progress.Update(StepOf(operation));
    const absl::Status status = WatchToEnd(context, operation, progress);
    if (!HasEnded(operation)) {
      if (absl::IsCancelled(status) && context.interrupt().raised()) {
        if (on_interrupt == OnInterrupt::kCancel) {
          return CancelAndReport(context, operation, progress);
        }
        return StillRunning(operation, absl::StatusCode::kCancelled, "INTERRUPTED", "interrupted");
      }
      if (absl::IsDeadlineExceeded(status)) {
        return StillRunning(operation, absl::StatusCode::kDeadlineExceeded, "TIMEOUT",
                            "it has not ended in the time given");
      }
      if (absl::IsUnavailable(status)) {
        return StillRunning(operation, absl::StatusCode::kUnavailable, "CONTROLLER_UNREACHABLE",
                            "the controller has gone and did not come back");
      }
      return status;
    }
  }
  WEFT_RETURN_IF_ERROR(StatusOf(operation));
  return operation;
}

absl::StatusOr<Operation> AwaitIfWanted(Context& context, const Operation& started) {
  if (started.name().empty() || !context.waits()) return started;
  return Await(context, started, OnInterrupt::kCancel);
}

}  // namespace weft::cli
