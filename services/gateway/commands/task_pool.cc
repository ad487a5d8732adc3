#include "services/gateway/commands/task_pool.h"

#include <utility>

namespace weft::gateway {

TaskPool::~TaskPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    ending_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads) thread.join();
}

bool TaskPool::Add(std::function<void()> task) {
  MutexLock lock(&mutex_);
  if (ending_) return false;
  // Those idle may have been woken for earlier ones already.
  if (waiting_.size() >= idle_ && threads_.size() < limit_) {
    threads_.emplace_back([this] { Loop(); });
  } else if (waiting_.size() >= idle_ + max_waiting_) {
    return false;
  }
  waiting_.push_back(std::move(task));
  depth_.Increment(1);
  changed_.NotifyOne();
  return true;
}

void TaskPool::Loop() {
  mutex_.Lock();
  while (true) {
    ++idle_;
    while (waiting_.empty() && !ending_) changed_.Wait(&mutex_);
    --idle_;
    if (waiting_.empty()) break;
    std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    mutex_.Unlock();
    task();
    task = nullptr;
    depth_.Increment(-1);
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace weft::gateway
