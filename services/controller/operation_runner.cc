#include "services/controller/operation_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

bool OperationRunner::Interrupted(uint64_t generation) const {
  MutexLock lock(&mutex_);
  return stopping_ || generation_ != generation;
}

void OperationRunner::Interrupt() {
  MutexLock lock(&mutex_);
  ++generation_;
  stopping_changed_.NotifyAll();
}

void OperationRunner::Reap() {
  for (const std::string& id : ended_) {
    const auto found = threads_.find(id);
    if (found == threads_.end()) continue;
    found->second.thread.join();
    threads_.erase(found);
  }
  ended_.clear();
}

absl::StatusOr<Operation> OperationRunner::Run(Operation operation, Work work) {
  {
    MutexLock lock(&mutex_);
    Reap();
    if (threads_.size() >= options_.max_running) {
      return ::weft::Refusal(
          absl::StatusCode::kResourceExhausted, "TOO_MANY_OPERATIONS",
          absl::StrCat("this controller already runs ", threads_.size(), " long operations"),
          absl::StrCat("fewer than ", options_.max_running), absl::StrCat(threads_.size()),
          "wait for one to end: weft operation list");
    }
  }
  WEFT_RETURN_IF_ERROR(store_->CreateOperation(operation));
  WEFT_RETURN_IF_ERROR(Begin(operation, std::move(work)));
  return operation;
}

absl::Status OperationRunner::Resume(Operation operation, Work work) {
  return Begin(operation, std::move(work));
}

absl::Status OperationRunner::Begin(const Operation& operation, Work work) {
  board_->Show(operation);
  MutexLock lock(&mutex_);
  Reap();
  if (stopping_) return absl::UnavailableError("this controller is stopping");
  Job job{operation, std::move(work), generation_};
  Thread& thread = threads_[operation.id];
  if (!thread.thread.joinable()) {
    thread.generation = generation_;
    thread.thread = std::thread([this, job = std::move(job)] { DoAll(job); });
  } else if (thread.generation != generation_) {
    thread.next = std::move(job);
  }
  return absl::OkStatus();
}

void OperationRunner::DoAll(Job job) {
  while (true) {
    Do(job.operation, job.work, job.generation);
    MutexLock lock(&mutex_);
    if (stopping_) return;  // Stop joins it
    Thread& own = threads_.at(job.operation.id);
    if (!own.next.has_value()) {
      ended_.push_back(job.operation.id);
      return;
    }
    job = *std::exchange(own.next, std::nullopt);
    own.generation = job.generation;
  }
}

void OperationRunner::Do(Operation operation, const Work& work, uint64_t generation) {
  Running running;
  running.cancelled = [this, id = operation.id, generation] {
    return Interrupted(generation) || board_->CancelRequested(id);
  };
  running.report = [this, &operation, generation](double progress, const std::string& phase) {
    if (Interrupted(generation)) return;
    operation.progress = progress;
    operation.phase = phase;
    operation.updated = clock_->Now();
    board_->Report(operation);
  };
  const absl::StatusOr<std::string> result = work(running);
  if (!result.ok() && Interrupted(generation)) return;
  if (result.ok() && !result->empty()) operation.result = *result;
  EndWith(result.status(), clock_->Now(), &operation);
  board_->Settle(operation.id);
  WriteEnd(operation, generation);
  board_->Show(operation);
  WEFT_LOG(kInfo, "operation ended",
           {{"operation", operation.id},
            {"kind", operation.kind},
            {"group", operation.group},
            {"state", ToString(operation.state)},
            {"error", operation.error_reason}});
}

void OperationRunner::WriteEnd(const Operation& operation, uint64_t generation) {
  while (true) {
    const absl::Status status = store_->UpdateOperation(operation);
    if (status.ok()) return;
    if (!absl::IsUnavailable(status)) {
      WEFT_LOG(kWarning, "end of operation not written",
               {{"operation", operation.id}, {"error", status}});
      return;
    }
    MutexLock lock(&mutex_);
    if (stopping_ || generation_ != generation) return;
    clock_->WaitFor(&stopping_changed_, &mutex_, options_.retry);
  }
}

void OperationRunner::Stop() {
  std::map<std::string, Thread> threads;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    stopping_changed_.NotifyAll();
    threads.swap(threads_);
    ended_.clear();
  }
  for (auto& [id, thread] : threads) thread.thread.join();
}

}  // namespace weft::controller
