#include "services/controller/event_journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace weft::controller {

EventJournal::EventJournal(Options options, Store* store, Clock* clock)
    : options_(std::move(options)), store_(store), clock_(clock), thread_([this] { Loop(); }) {}

EventJournal::~EventJournal() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void EventJournal::Append(Event event) {
  event.when = clock_->Now();
  WEFT_LOG(kInfo, "event",
           {{"kind", event.kind},
            {"group", event.group},
            {"server", event.server},
            {"operation", event.operation},
            {"text", event.text}});
  const absl::Duration due = clock_->MonotonicNow() + options_.delay;
  MutexLock lock(&mutex_);
  waiting_.push_back({std::move(event), due});
  Trim();
  changed_.NotifyAll();
}

bool EventJournal::AppendChange(absl::string_view key, absl::string_view state, Event event) {
  {
    MutexLock lock(&mutex_);
    auto [it, is_new] = states_[event.group].try_emplace(std::string(key), std::string(state));
    if (!is_new) {
      if (it->second == state) return false;
      it->second = std::string(state);
    }
  }
  Append(std::move(event));
  return true;
}

void EventJournal::ForgetKey(absl::string_view group, absl::string_view key) {
  MutexLock lock(&mutex_);
  const auto states = states_.find(std::string(group));
  if (states != states_.end()) states->second.erase(std::string(key));
}

void EventJournal::ForgetAll() {
  MutexLock lock(&mutex_);
  states_.clear();
}

void EventJournal::Trim() {
  int dropped = 0;
  while (waiting_.size() > options_.max_waiting) {
    waiting_.pop_front();
    ++dropped;
  }
  if (dropped == 0) return;
  dropped_ += dropped;
  options_.dropped(dropped);
}

bool EventJournal::Flush(absl::Duration timeout) {
  const Deadline deadline = Deadline::After(clock_, timeout);
  MutexLock lock(&mutex_);
  ++flushing_;
  changed_.NotifyAll();
  while ((!waiting_.empty() || writing_) && !deadline.Passed()) {
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
  --flushing_;
  return waiting_.empty() && !writing_;
}

size_t EventJournal::CountWaiting() const {
  MutexLock lock(&mutex_);
  return waiting_.size();
}

bool EventJournal::Write(const Event& event) {
  const absl::Status status = store_->AppendEvent(event);
  if (absl::IsUnavailable(status) || absl::IsFailedPrecondition(status)) return false;
  if (!status.ok()) {
    // Another controller leads: what it decides it records.
    WEFT_LOG(kWarning, "event not recorded", {{"text", event.text}, {"error", status}});
    options_.dropped(1);
  }
  return true;
}

void EventJournal::AwaitWork() {
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    const absl::Duration left = waiting_.front().due - clock_->MonotonicNow();
    if (left <= absl::ZeroDuration() || flushing_ > 0) return;
    clock_->WaitFor(&changed_, &mutex_, left);
  }
}

void EventJournal::Loop() {
  mutex_.Lock();
  while (true) {
    AwaitWork();
    if (waiting_.empty()) break;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const int dropped = std::exchange(dropped_, 0);
    if (dropped > 0) {
      absl::StrAppend(&next.event.text, " (", dropped, " events before it were lost)");
    }
    writing_ = true;
    mutex_.Unlock();
    const bool written = Write(next.event);
    mutex_.Lock();
    writing_ = false;
    if (!written) {
      if (stopping_) break;
      waiting_.push_front(std::move(next));
      Trim();
      clock_->WaitFor(&changed_, &mutex_, options_.retry);
    }
    changed_.NotifyAll();
  }
  mutex_.Unlock();
}

}  // namespace weft::controller
