#pragma once
// Server streams that hold no thread: something becomes known, whoever knows it pokes, and gRPC's
// own threads write.
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/controller/drain_signal.h"

namespace weft::controller {

inline grpc::Status Draining() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "this controller is stopping");
}

// One stream; deletes itself when gRPC is done with it. Poke and End may be called from any thread,
// also from the constructor of what derives, until Closed has returned.
template <typename Message>
class StreamWriter : public grpc::ServerWriteReactor<Message> {
 public:
  // The client is gone or the process drains.
  void OnCancel() final { End(grpc::Status::CANCELLED); }
  void OnWriteDone(bool ok) final {
    {
      MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (!ok) End(grpc::Status::CANCELLED);
    Step();
  }
  void OnDone() final {
    drain_->Forget(drain_handle_);
    Closed();
    delete this;
  }

 protected:
  // `drain` outlives the stream, which ends when it fires.
  explicit StreamWriter(DrainSignal* drain) : drain_(drain) {}
  ~StreamWriter() override = default;
  // Call last in the constructor of what derives: from here on the stream may end.
  void Begin() {
    drain_handle_ = drain_->Subscribe([this] { End(Draining()); });
    Poke();
  }

  // The next message, if there is one. Called by one thread at a time.
  virtual std::optional<Message> Next() = 0;
  // Afterwards neither Poke nor End is called.
  virtual void Closed() = 0;

  // There may be a message to send.
  void Poke() {
    {
      MutexLock lock(&mutex_);
      poked_ = true;
    }
    Step();
  }
  // No message is sent after those there are now. The first status counts.
  void End(const grpc::Status& status) {
    {
      MutexLock lock(&mutex_);
      if (!end_.has_value()) end_ = status;
    }
    Step();
  }

 private:
  // Exactly one thread at a time goes through the loop's body: whoever sets writing_.
  void Step() {
    while (true) {
      {
        MutexLock lock(&mutex_);
        if (writing_ || finished_) return;
        if (!poked_ && !end_.has_value()) return;
        writing_ = true;
        poked_ = false;
      }
      std::optional<Message> next = Next();
      if (next.has_value()) {
        message_ = *std::move(next);
        this->StartWrite(&message_);
        return;
      }
      grpc::Status status;
      {
        MutexLock lock(&mutex_);
        writing_ = false;
        if (poked_ || !end_.has_value()) continue;
        finished_ = true;
        status = *end_;
      }
      this->Finish(status);
      return;
    }
  }

  Mutex mutex_;
  bool poked_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  Message message_;  // of the write under way
  DrainSignal* const drain_;
  uint64_t drain_handle_ = 0;
};

}  // namespace weft::controller
