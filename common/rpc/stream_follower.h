#pragma once
// Keeps one server stream open: opens it anew, with backoff, whenever it ends.
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/random.h"

namespace weft::rpc {

// Holds one thread. Thread-safe but for construction and destruction.
template <typename Message>
class StreamFollower {
 public:
  struct Callbacks {
    // Opens the stream. Called once for each try.
    std::function<std::unique_ptr<grpc::ClientReader<Message>>(grpc::ClientContext*)> open;
    // Each message, in order; and the end of a stream that had brought one.
    std::function<void(const Message&)> message;
    std::function<void(const grpc::Status&)> ended = [](const grpc::Status&) {};
    // A stream that brought nothing; not again until one brings something or ends otherwise.
    std::function<void(const grpc::Status&)> refused = [](const grpc::Status&) {};
  };

  // Begins at once. `clock` and what the callbacks use outlive this.
  StreamFollower(Callbacks callbacks, Clock* clock)
      : callbacks_(std::move(callbacks)), clock_(clock), thread_([this] { Loop(); }) {}
  // Cancels the stream; no callback is under way or comes afterwards.
  ~StreamFollower() {
    {
      MutexLock lock(&mutex_);
      stop_ = true;
      if (context_ != nullptr) context_->TryCancel();
      wake_.NotifyAll();
    }
    thread_.join();
  }
  StreamFollower(const StreamFollower&) = delete;
  StreamFollower& operator=(const StreamFollower&) = delete;

 private:
  void Loop() {
    Backoff backoff({.initial = absl::Milliseconds(50), .maximum = absl::Seconds(1)});
    while (Enter()) {
      if (Follow()) backoff.Reset();
      const absl::Duration until = clock_->MonotonicNow() + backoff.Next(RandomUnit());
      MutexLock lock(&mutex_);
      while (!stop_ && clock_->MonotonicNow() < until) {
        clock_->WaitFor(&wake_, &mutex_, until - clock_->MonotonicNow());
      }
    }
  }

  bool Enter() {
    MutexLock lock(&mutex_);
    return !stop_;
  }

  // One stream from its begin to its end. True when it brought something.
  bool Follow() {
    grpc::ClientContext context;
    {
      MutexLock lock(&mutex_);
      if (stop_) return false;
      context_ = &context;
    }
    const std::unique_ptr<grpc::ClientReader<Message>> stream = callbacks_.open(&context);
    bool brought = false;
    Message message;
    while (stream->Read(&message)) {
      brought = true;
      callbacks_.message(message);
    }
    const grpc::Status status = stream->Finish();
    {
      MutexLock lock(&mutex_);
      context_ = nullptr;
      if (stop_) return brought;
    }
    if (brought) {
      callbacks_.ended(status);
    } else if (status.error_code() != refusal_) {
      callbacks_.refused(status);
    }
    refusal_ = brought ? grpc::StatusCode::OK : status.error_code();
    return brought;
  }

  const Callbacks callbacks_;
  Clock* const clock_;
  Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  // How the last stream ended if it brought nothing; OK of any other. The thread's alone.
  grpc::StatusCode refusal_ = grpc::StatusCode::OK;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace weft::rpc
