#include "services/controller/request_ledger.h"

#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/stable_hash.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace weft::controller {
namespace {

// What every store keeps.
constexpr size_t kMaxRequestId = 64;

// How long a repeated request waits for the first one that is still running.
constexpr absl::Duration kWaitForFirst = absl::Seconds(10);

// Between two looks at what was not asked for again.
constexpr absl::Duration kSweep = absl::Seconds(1);

// The client's own condition: it will not hold again.
constexpr char kConditionFailed[] = "ETAG_MOVED";

// Outcomes that say nothing of the request itself: asking again may end otherwise.
bool IsPassing(const absl::Status& status) {
  if (ErrorReason(status) == kConditionFailed) return false;
  return absl::IsUnavailable(status) || absl::IsAborted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

}  // namespace

absl::Status ErrorOf(const Operation& operation) {
  if (operation.state == OperationState::kCancelled) {
    return ::weft::Refusal(absl::StatusCode::kCancelled, "CANCELLED",
                           absl::StrCat("operation ", operation.id, " was cancelled"));
  }
  if (operation.state != OperationState::kFailed) return absl::OkStatus();
  return ::weft::Refusal(operation.error_reason == kConditionFailed
                             ? absl::StatusCode::kAborted
                             : absl::StatusCode::kFailedPrecondition,
                         operation.error_reason, operation.error_message);
}

void EndWith(const absl::Status& status, absl::Time now, Operation* operation) {
  operation->updated = now;
  if (status.ok()) {
    operation->state = OperationState::kSucceeded;
    operation->progress = 1;
    operation->phase = "done";
    return;
  }
  operation->state =
      absl::IsCancelled(status) ? OperationState::kCancelled : OperationState::kFailed;
  operation->error_reason = ErrorReason(status);
  if (operation->error_reason.empty()) {
    operation->error_reason = absl::StatusCodeToString(status.code());
  }
  operation->error_message = DescribeError(status);
}

std::string RequestIdOf(absl::string_view what, const ServerUuid& server, absl::string_view about) {
  return absl::StrCat(what, ":", server.text(), ":", absl::Hex(StableHash(about)));
}

bool IsRequestKnown(const absl::Status& status) {
  return absl::IsAlreadyExists(status) && ErrorReason(status) == "REQUEST_KNOWN";
}

Operation RequestLedger::New(const Caller& caller, absl::string_view kind, absl::string_view group,
                             absl::string_view server) const {
  Operation operation;
  operation.id = RandomUuid();
  operation.kind = std::string(kind);
  operation.group = std::string(group);
  operation.server = std::string(server);
  operation.request_id = caller.request_id;
  operation.user = caller.user;
  operation.created = clock_->Now();
  operation.updated = operation.created;
  return operation;
}

absl::StatusOr<std::optional<Operation>> RequestLedger::Earlier(const Caller& caller,
                                                                absl::string_view kind,
                                                                absl::string_view group) const {
  if (caller.request_id.empty()) return std::optional<Operation>();
  if (caller.request_id.size() > kMaxRequestId) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_REQUEST_ID",
                           "the request id is too long",
                           absl::StrCat("at most ", kMaxRequestId, " characters"),
                           absl::StrCat(caller.request_id.size()), "a UUID is good");
  }
  absl::StatusOr<std::optional<Operation>> earlier = store_->FindByRequest(caller.request_id);
  if (!earlier.ok() || !earlier->has_value()) return earlier;
  const Operation& first = **earlier;
  if (first.kind == kind && first.group == group) return earlier;
  return ::weft::Refusal(
      absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
      absl::StrCat("request id ", caller.request_id, " belongs to another request"),
      absl::StrCat(kind, " of ", group), absl::StrCat(first.kind, " of ", first.group),
      "make a new id, such as a UUID, for each wish");
}

void RequestLedger::Tell(const Operation& operation, const absl::Status& status) const {
  if (journal_ == nullptr) return;
  Event event;
  event.group = operation.group;
  event.server = operation.server;
  event.operation = operation.id;
  event.kind = "request";
  event.user = operation.user;
  event.text = absl::StrCat(operation.user.empty() ? "somebody" : operation.user,
                            " asked for: ", operation.kind,
                            operation.group.empty() ? "" : " of group ", operation.group);
  if (!status.ok()) {
    absl::StrAppend(&event.text, "; refused: ", ErrorReason(status), ": ", status.message());
  } else if (operation.done()) {
    absl::StrAppend(&event.text, "; done");
  }
  journal_->Append(std::move(event));
}

absl::Status RequestLedger::RunAndRecord(Operation operation, bool recorded, bool again,
                                         const Change& change) {
  const absl::Status status = change(again);
  // A passing failure is no answer to keep: the same request may come again and be tried again.
  if (IsPassing(status) && recorded) {
    Remember(operation, status);
    return status;
  }
  EndWith(status, clock_->Now(), &operation);
  const absl::Status written =
      recorded ? store_->UpdateOperation(operation) : store_->CreateOperation(operation);
  if (!written.ok()) {
    WEFT_LOG(kWarning, "operation not recorded",
             {{"operation", operation.id}, {"kind", operation.kind}, {"error", written}});
  }
  board_->Show(operation);
  Tell(operation, status);
  return status;
}

RequestLedger::~RequestLedger() {
  std::thread thread;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    thread = std::move(thread_);
    ended_.NotifyAll();
  }
  if (thread.joinable()) thread.join();
}

void RequestLedger::Remember(const Operation& operation, const absl::Status& status) {
  Forgotten forgotten{operation, clock_->MonotonicNow()};
  EndWith(status, clock_->Now(), &forgotten.operation);
  MutexLock lock(&mutex_);
  if (stopping_) return;
  forgotten_[operation.request_id] = std::move(forgotten);
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
}

void RequestLedger::Loop() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (!stopping_) clock_->WaitFor(&ended_, &mutex_, kSweep);
      if (stopping_) return;
    }
    EndForgotten();
  }
}

void RequestLedger::EndForgotten() {
  std::vector<Operation> due;
  {
    const absl::Duration now = clock_->MonotonicNow();
    MutexLock lock(&mutex_);
    for (auto& [id, forgotten] : forgotten_) {
      // Who asks for the same meanwhile waits, and then finds that it has ended.
      if (now - forgotten.since < kPatience || !under_way_.insert(id).second) continue;
      forgotten.operation.updated = clock_->Now();
      due.push_back(forgotten.operation);
    }
  }
  for (const Operation& operation : due) {
    const absl::Status ended = store_->UpdateOperation(operation);
    const bool again = absl::IsUnavailable(ended) || absl::IsDeadlineExceeded(ended);
    if (ended.ok()) {
      board_->Show(operation);
      Tell(operation, absl::UnavailableError(operation.error_message));
    }
    MutexLock lock(&mutex_);
    // Of another term, or gone: whoever leads now has ended it.
    if (!again) forgotten_.erase(operation.request_id);
    under_way_.erase(operation.request_id);
    ended_.NotifyAll();
  }
}

bool RequestLedger::Begin(const std::string& operation) {
  const Deadline deadline = Deadline::After(clock_, kWaitForFirst);
  MutexLock lock(&mutex_);
  while (!under_way_.insert(operation).second) {
    if (deadline.Passed()) return false;
    clock_->WaitFor(&ended_, &mutex_, deadline.Remaining());
  }
  return true;
}

void RequestLedger::End(const std::string& operation) {
  MutexLock lock(&mutex_);
  under_way_.erase(operation);
  ended_.NotifyAll();
}

absl::Status RequestLedger::Once(const Caller& caller, absl::string_view kind,
                                 absl::string_view group, absl::string_view server,
                                 const Change& change) {
  if (caller.request_id.empty()) {
    return RunAndRecord(New(caller, kind, group, server), false, false, change);
  }
  // Two of one id at the same time: the second waits, and then finds the first one's answer.
  if (!Begin(caller.request_id)) {
    return ::weft::Refusal(absl::StatusCode::kUnavailable, "REQUEST_UNDER_WAY",
                           absl::StrCat("request ", caller.request_id, " is still being served"),
                           "its end", "still running", "ask again with the same id");
  }
  const auto ended = absl::MakeCleanup([&] { End(caller.request_id); });
  WEFT_ASSIGN_OR_RETURN(std::optional<Operation> earlier, Earlier(caller, kind, group));
  if (earlier.has_value()) {
    if (earlier->done()) return ErrorOf(*earlier);
    {
      MutexLock lock(&mutex_);
      forgotten_.erase(caller.request_id);
    }
    return RunAndRecord(*std::move(earlier), true, true, change);
  }
  Operation operation = New(caller, kind, group, server);
  WEFT_RETURN_IF_ERROR(store_->CreateOperation(operation));
  return RunAndRecord(std::move(operation), true, false, change);
}

}  // namespace weft::controller
