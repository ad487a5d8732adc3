#include "services/controller/operations_board.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace weft::controller {
namespace {

// What a watcher sees of an operation.
std::string Look(const Operation& operation) {
  return absl::StrCat(static_cast<int>(operation.state), "|", operation.progress, "|",
                      operation.phase, "|", operation.cancel_requested, "|", operation.result);
}

}  // namespace

OperationsBoard::OperationsBoard(Options options, Store* store, Clock* clock)
    : options_(options), store_(store), clock_(clock), thread_([this] { Loop(); }) {}

OperationsBoard::~OperationsBoard() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

bool OperationsBoard::ShowLocked(const Operation& operation) {
  Operation& shown = shown_[operation.id];
  if (shown.done()) return false;
  const double progress = std::max(shown.progress, operation.progress);
  shown = operation;
  shown.progress = progress;
  // Of one that goes on here the controller before this one was asked.
  if (shown.cancel_requested && !shown.done()) cancelled_.insert(operation.id);
  shown.cancel_requested |= cancelled_.count(operation.id) > 0;
  if (operation.done()) {
    ended_.push_back(operation.id);
    cancelled_.erase(operation.id);
    while (ended_.size() > options_.keep_ended) {
      shown_.erase(ended_.front());
      ended_.pop_front();
    }
  }
  changed_.NotifyAll();
  return true;
}

void OperationsBoard::Show(const Operation& operation) {
  {
    MutexLock lock(&mutex_);
    if (!ShowLocked(operation)) return;
  }
  Tell(operation);
}

void OperationsBoard::Report(const Operation& operation) {
  {
    MutexLock lock(&mutex_);
    if (!ShowLocked(operation)) return;
    unwritten_[operation.id] = operation;
    end_unwritten_ |= operation.done();
  }
  Tell(operation);
}

void OperationsBoard::Correct(const Operation& operation) {
  MutexLock lock(&mutex_);
  if (const auto shown = shown_.find(operation.id); shown != shown_.end()) {
    shown->second.result = operation.result;
  }
  unwritten_[operation.id] = operation;
  changed_.NotifyAll();
}

void OperationsBoard::Settle(const std::string& id) {
  MutexLock lock(&mutex_);
  unwritten_.erase(id);
  while (writing_ == id) changed_.Wait(&mutex_);
}

void OperationsBoard::ForgetRunning() {
  MutexLock lock(&mutex_);
  std::erase_if(shown_, [](const auto& entry) { return !entry.second.done(); });
  unwritten_.clear();
  cancelled_.clear();
  changed_.NotifyAll();
}

std::optional<Operation> OperationsBoard::Shown(const std::string& id) const {
  MutexLock lock(&mutex_);
  const auto it = shown_.find(id);
  return it == shown_.end() ? std::nullopt : std::optional<Operation>(it->second);
}

absl::StatusOr<Operation> OperationsBoard::Get(const std::string& id) const {
  if (std::optional<Operation> shown = Shown(id); shown.has_value()) return *std::move(shown);
  return store_->GetOperation(id);
}

absl::StatusOr<Operation> OperationsBoard::Wait(const std::string& id,
                                                absl::Duration timeout) const {
  const Deadline deadline = Deadline::After(clock_, timeout);
  while (true) {
    absl::StatusOr<Operation> operation = Get(id);
    if (!operation.ok() || operation->done() || deadline.Passed()) return operation;
    MutexLock lock(&mutex_);
    const auto it = shown_.find(id);
    if (it != shown_.end() && it->second.done()) return it->second;
    if (stopping_) return operation;
    WEFT_RETURN_IF_ERROR(StoreLost());
    ++waiting_;
    clock_->WaitFor(&changed_, &mutex_, std::min(deadline.Remaining(), options_.poll));
    --waiting_;
  }
}

absl::Status OperationsBoard::StoreLost() const {
  if (!silent_since_.has_value() ||
      clock_->MonotonicNow() - *silent_since_ < options_.store_patience) {
    return absl::OkStatus();
  }
  return ::weft::Refusal(
      absl::StatusCode::kUnavailable, "STORE_DOWN",
      "this controller hears nothing from the state store, nor how the operation goes on",
      "an answer of the state store", "silence",
      "ask another controller, or wait until it is back");
}

void OperationsBoard::CheckStore(std::optional<bool> silent) {
  std::string id;
  {
    MutexLock lock(&watchers_mutex_);
    if (!watchers_.empty()) id = watchers_.begin()->second.id;
  }
  {
    MutexLock lock(&mutex_);
    if (id.empty() && waiting_ == 0) {
      silent_since_.reset();
      return;
    }
  }
  if (!silent.has_value()) silent = absl::IsUnavailable(store_->GetOperation(id).status());
  absl::Status lost;
  {
    MutexLock lock(&mutex_);
    if (!*silent) silent_since_.reset();
    if (*silent && !silent_since_.has_value()) silent_since_ = clock_->MonotonicNow();
    lost = StoreLost();
    if (!lost.ok()) changed_.NotifyAll();
  }
  if (lost.ok()) return;
  MutexLock lock(&watchers_mutex_);
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    if (it->second.lost == nullptr) {
      ++it;
      continue;
    }
    it->second.lost(lost);
    it = watchers_.erase(it);
  }
}

absl::StatusOr<uint64_t> OperationsBoard::Watch(const std::string& id, Watcher watcher,
                                                std::function<void(const absl::Status&)> lost) {
  MutexLock lock(&watchers_mutex_);
  const absl::StatusOr<Operation> operation = Get(id);
  if (!operation.ok()) return operation.status();
  watcher(*operation);
  if (operation->done()) return 0;
  const uint64_t handle = next_handle_++;
  watchers_[handle] = {id, std::move(watcher), Look(*operation), std::move(lost)};
  return handle;
}

void OperationsBoard::Unwatch(uint64_t handle) {
  MutexLock lock(&watchers_mutex_);
  watchers_.erase(handle);
}

void OperationsBoard::Tell(const Operation& news) {
  MutexLock lock(&watchers_mutex_);
  // Two threads may come here in another order than they changed what is shown.
  const Operation operation = Current(news);
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    Watching& watching = it->second;
    if (watching.id != operation.id || watching.last == Look(operation)) {
      ++it;
      continue;
    }
    watching.last = Look(operation);
    watching.watcher(operation);
    it = operation.done() ? watchers_.erase(it) : std::next(it);
  }
}

Operation OperationsBoard::Current(const Operation& news) const {
  MutexLock lock(&mutex_);
  const auto it = shown_.find(news.id);
  return it == shown_.end() ? news : it->second;
}

bool OperationsBoard::CancelRequested(const std::string& id) const {
  MutexLock lock(&mutex_);
  return cancelled_.count(id) > 0;
}

void OperationsBoard::MarkCancelRequested(const std::string& id) {
  Operation operation;
  {
    MutexLock lock(&mutex_);
    const auto it = shown_.find(id);
    if (it != shown_.end() && it->second.done()) return;
    cancelled_.insert(id);
    // It may run elsewhere, and is not to be shown here then.
    if (it == shown_.end()) return;
    it->second.cancel_requested = true;
    operation = it->second;
  }
  Tell(operation);
}

bool OperationsBoard::RunningHere(const std::string& id) const {
  MutexLock lock(&mutex_);
  const auto it = shown_.find(id);
  return it != shown_.end() && !it->second.done();
}

void OperationsBoard::WriteReports() {
  mutex_.Lock();
  end_unwritten_ = false;
  while (!unwritten_.empty()) {
    const Operation operation = unwritten_.begin()->second;
    unwritten_.erase(unwritten_.begin());
    writing_ = operation.id;
    mutex_.Unlock();
    const absl::Status status = store_->UpdateOperation(operation);
    mutex_.Lock();
    writing_.clear();
    changed_.NotifyAll();
    if (status.ok()) continue;
    WEFT_LOG(kDebug, "progress not written", {{"operation", operation.id}, {"error", status}});
    // Tried again later, unless there is newer progress by then. What another refusal says stays.
    if (absl::IsUnavailable(status)) {
      unwritten_.emplace(operation.id, operation);
      // Not at once: the store is to be asked again, not pressed.
      if (!stopping_) clock_->WaitFor(&changed_, &mutex_, options_.poll);
      break;
    }
  }
  mutex_.Unlock();
}

std::optional<bool> OperationsBoard::PollForeign() {
  std::set<std::string> foreign;
  {
    MutexLock lock(&watchers_mutex_);
    for (const auto& [handle, watching] : watchers_) foreign.insert(watching.id);
  }
  std::optional<bool> silent;
  for (const std::string& id : foreign) {
    {
      MutexLock lock(&mutex_);
      if (shown_.count(id) > 0) continue;
    }
    const absl::StatusOr<Operation> operation = store_->GetOperation(id);
    silent = absl::IsUnavailable(operation.status());
    if (operation.ok()) Tell(*operation);
  }
  return silent;
}

bool OperationsBoard::Rest(absl::Duration rest, bool for_work) {
  const Deadline deadline = Deadline::After(clock_, rest);
  MutexLock lock(&mutex_);
  while (!stopping_ && !end_unwritten_ && !deadline.Passed() &&
         !(for_work && !unwritten_.empty())) {
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
  return !stopping_;
}

bool OperationsBoard::HasUnwritten() const {
  MutexLock lock(&mutex_);
  return !unwritten_.empty();
}

void OperationsBoard::Loop() {
  while (Rest(options_.poll, /*for_work=*/true)) {
    if (HasUnwritten() && !Rest(options_.write_delay, /*for_work=*/false)) break;
    WriteReports();
    CheckStore(PollForeign());
  }
  WriteReports();
}

}  // namespace weft::controller
