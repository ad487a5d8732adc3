#include "common/base/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

namespace weft {
namespace {

int signal_pipe[2] = {-1, -1};

// Only what may be called from a signal handler.
void OnSignal(int) {
  const int saved = errno;
  const char byte = 0;
  // A full pipe means that enough interruptions are under way already.
  [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &byte, 1);
  errno = saved;
}

}  // namespace

int Interrupt::count() const {
  MutexLock lock(&mutex_);
  return count_;
}

bool Interrupt::AwaitBeyond(int count, absl::Duration timeout) {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  MutexLock lock(&mutex_);
  while (count_ <= count) {
    if (deadline.Passed()) return false;
    raised_.WaitFor(&mutex_, deadline.Remaining());
  }
  return true;
}

void Interrupt::Raise() {
  MutexLock lock(&mutex_);
  ++count_;
  raised_.NotifyAll();
  for (const auto& [id, callback] : callbacks_) callback();
}

void Interrupt::Reset() {
  MutexLock lock(&mutex_);
  count_ = 0;
}

Interrupt::Scope::Scope(Interrupt* interrupt, std::function<void()> callback)
    : interrupt_(interrupt) {
  MutexLock lock(&interrupt_->mutex_);
  if (interrupt_->count_ > 0) callback();
  id_ = interrupt_->next_id_++;
  interrupt_->callbacks_[id_] = std::move(callback);
}

Interrupt::Scope::~Scope() {
  MutexLock lock(&interrupt_->mutex_);
  interrupt_->callbacks_.erase(id_);
}

void Interrupt::Install(Interrupt* interrupt) {
  if (pipe2(signal_pipe, O_CLOEXEC) != 0) return;  // Then the signals end the process, as ever.
  fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK);
  std::thread([interrupt] {
    char byte;
    for (;;) {
      const ssize_t n = read(signal_pipe[0], &byte, 1);
      if (n == 1) interrupt->Raise();
      if (n == 0 || (n < 0 && errno != EINTR)) return;
    }
  }).detach();
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace weft
