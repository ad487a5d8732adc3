#include "services/controller/work_pool.h"

#include <algorithm>
#include <utility>

namespace weft::controller {

WorkPool::~WorkPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads) thread.join();
}

bool WorkPool::RunOne(Batch* batch) {
  if (batch->next == batch->work.size()) return false;
  const std::function<void()>& piece = batch->work[batch->next++];
  ++batch->running;
  if (batch->next == batch->work.size()) {
    batches_.erase(std::remove(batches_.begin(), batches_.end(), batch), batches_.end());
  }
  mutex_.Unlock();
  piece();
  mutex_.Lock();
  if (--batch->running == 0) changed_.NotifyAll();
  return true;
}

void WorkPool::RunAll(std::vector<std::function<void()>> work) {
  if (work.empty()) return;
  Batch batch;
  batch.work = std::move(work);
  mutex_.Lock();
  if (batch.work.size() > 1) {
    batches_.push_back(&batch);
    const size_t wanted = batch.work.size() - 1;
    for (size_t i = idle_; i < wanted && threads_.size() < max_threads_; ++i) {
      threads_.emplace_back([this] { Loop(); });
    }
    changed_.NotifyAll();
  }
  while (RunOne(&batch)) {
  }
  while (batch.running > 0) changed_.Wait(&mutex_);
  mutex_.Unlock();
}

void WorkPool::RunAllWatched(std::vector<std::function<void()>> work, absl::Duration period,
                             const std::function<void()>& watch) {
  Mutex mutex;
  CondVar changed;
  bool done = false;
  std::thread runner([&] {
    RunAll(std::move(work));
    MutexLock lock(&mutex);
    done = true;
    changed.NotifyAll();
  });
  mutex.Lock();
  while (!done) {
    if (changed.WaitFor(&mutex, period)) continue;
    mutex.Unlock();
    watch();
    mutex.Lock();
  }
  mutex.Unlock();
  runner.join();
}

void WorkPool::Loop() {
  mutex_.Lock();
  while (!stopping_) {
    if (!batches_.empty()) {
      RunOne(batches_.front());
      continue;
    }
    ++idle_;
    changed_.Wait(&mutex_);
    --idle_;
  }
  mutex_.Unlock();
}

}  // namespace weft::controller
