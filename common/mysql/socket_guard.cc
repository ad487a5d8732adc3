#include "common/mysql/socket_guard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "common/base/clock.h"

namespace weft::mysql {
namespace {

// Two functions of libmariadb, which the connector is linked to. They are looked up at run time, so
// that with another client library only the socket is unknown, and everything else works.
//
// ma_pvio_register_callback(my_bool on, callback) names a function that the library calls after
// each read and write of any connection, on the thread that does it.
using TrafficCallback = void (*)(int mode, void* connection, const unsigned char* data,
                                 size_t length);
using RegisterCallback = int (*)(char on, TrafficCallback callback);
// mysql_get_socket(MYSQL*) gives a connection's descriptor.
using GetSocket = int (*)(void* connection);

GetSocket FindGetSocket() {
  static const auto get_socket =
      reinterpret_cast<GetSocket>(dlsym(RTLD_DEFAULT, "mysql_get_socket"));
  return get_socket;
}

thread_local SocketCapture* current_capture = nullptr;

}  // namespace

SocketGuard::~SocketGuard() { Close(); }

void SocketGuard::Attach(int descriptor) {
  MutexLock lock(&mutex_);
  if (descriptor_ >= 0) return;
  descriptor_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (cut_ && descriptor_ >= 0) shutdown(descriptor_, SHUT_RDWR);
}

void SocketGuard::Cut() {
  MutexLock lock(&mutex_);
  cut_ = true;
  if (descriptor_ >= 0) shutdown(descriptor_, SHUT_RDWR);
}

void SocketGuard::Close() {
  MutexLock lock(&mutex_);
  cut_ = true;
  if (descriptor_ < 0) return;
  shutdown(descriptor_, SHUT_RDWR);
  close(descriptor_);
  descriptor_ = -1;
}

int SocketGuard::descriptor() const {
  MutexLock lock(&mutex_);
  return descriptor_;
}

bool SocketGuard::was_cut() const {
  MutexLock lock(&mutex_);
  return cut_;
}

Watchdog* Watchdog::Get() {
  static Watchdog* const watchdog = new Watchdog;
  return watchdog;
}

Watchdog::Watchdog() {
  std::thread([this] { Run(); }).detach();
}

Watchdog::Ticket Watchdog::Arm(std::shared_ptr<SocketGuard> guard, absl::Duration timeout) {
  const absl::Duration due = RealClock::Get()->MonotonicNow() + timeout;
  MutexLock lock(&mutex_);
  const Ticket ticket(due, next_++);
  const bool earliest = armed_.empty() || ticket < armed_.begin()->first;
  armed_.emplace(ticket, std::move(guard));
  // The thread sleeps until the earliest one anyway.
  if (earliest) changed_.NotifyOne();
  return ticket;
}

bool Watchdog::Disarm(const Ticket& ticket) {
  MutexLock lock(&mutex_);
  return armed_.erase(ticket) == 0;
}

void Watchdog::Run() {
  MutexLock lock(&mutex_);
  while (true) {
    if (armed_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    const absl::Duration left = armed_.begin()->first.first - RealClock::Get()->MonotonicNow();
    if (left > absl::ZeroDuration()) {
      changed_.WaitFor(&mutex_, left);
      continue;
    }
    // Under the lock, so that a ticket disarmed in time is never cut. shutdown(2) does not block.
    armed_.begin()->second->Cut();
    armed_.erase(armed_.begin());
  }
}

Alarm::Alarm(const std::shared_ptr<SocketGuard>& guard, absl::Duration timeout)
    : armed_(timeout != absl::InfiniteDuration()) {
  if (armed_) ticket_ = Watchdog::Get()->Arm(guard, timeout);
}

bool Alarm::Disarm() {
  if (armed_) fired_ = Watchdog::Get()->Disarm(ticket_);
  armed_ = false;
  return fired_;
}

SocketCapture::SocketCapture(std::shared_ptr<SocketGuard> guard, absl::Duration timeout)
    : guard_(std::move(guard)), due_(RealClock::Get()->MonotonicNow() + timeout) {
  InstallOnce();
  current_capture = this;
}

SocketCapture::~SocketCapture() { Finish(); }

bool SocketCapture::Finish() {
  if (current_capture == this) current_capture = nullptr;
  return alarm_ != nullptr && alarm_->Disarm();
}

void SocketCapture::InstallOnce() {
  static const bool installed = [] {
    const auto register_callback =
        reinterpret_cast<RegisterCallback>(dlsym(RTLD_DEFAULT, "ma_pvio_register_callback"));
    return register_callback != nullptr && FindGetSocket() != nullptr &&
           register_callback(1, &SocketCapture::OnTraffic) == 0;
  }();
  static_cast<void>(installed);
}

void SocketCapture::OnTraffic(int, void* connection, const unsigned char*, size_t) {
  SocketCapture* const capture = current_capture;
  if (capture == nullptr || capture->alarm_ != nullptr) return;
  const int descriptor = FindGetSocket()(connection);
  if (descriptor < 0) return;
  capture->guard_->Attach(descriptor);
  const absl::Duration left = capture->due_ - RealClock::Get()->MonotonicNow();
  capture->alarm_ = std::make_unique<Alarm>(capture->guard_, std::max(left, absl::Milliseconds(1)));
}

}  // namespace weft::mysql
