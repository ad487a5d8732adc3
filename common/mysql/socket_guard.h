#pragma once
// Private to session.cc: the socket under a session, so that a statement can be cut short from
// another thread, to the millisecond. The client library's own timeouts count whole seconds and
// cannot be changed between statements.
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace weft::mysql {

// A duplicate of the connection's descriptor. A duplicate, because the library closes its own when
// an error strikes, and the number may then belong to somebody else. Thread safe.
class SocketGuard {
 public:
  SocketGuard() = default;
  ~SocketGuard();
  SocketGuard(const SocketGuard&) = delete;
  SocketGuard& operator=(const SocketGuard&) = delete;

  // Takes a duplicate of `descriptor`; later calls do nothing. Cuts at once when Cut came before.
  void Attach(int descriptor);
  // Ends the connection in both directions: whoever reads or writes it returns with an error.
  void Cut();
  // Cuts, and gives the duplicate back.
  void Close();

  // -1 when there is none.
  int descriptor() const;
  bool attached() const { return descriptor() >= 0; }
  bool was_cut() const;

 private:
  mutable Mutex mutex_;
  int descriptor_ ABSL_GUARDED_BY(mutex_) = -1;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
};

// Cuts sockets whose time has come; one thread for the process, started when first needed. Thread
// safe.
class Watchdog {
 public:
  // Never destroyed, since statements may run until the process ends.
  static Watchdog* Get();

  using Ticket = std::pair<absl::Duration, uint64_t>;

  Ticket Arm(std::shared_ptr<SocketGuard> guard, absl::Duration timeout);
  // True when the guard was cut by this ticket.
  bool Disarm(const Ticket& ticket);

 private:
  Watchdog();
  void Run();

  Mutex mutex_;
  CondVar changed_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  // By due time; the earliest first.
  std::map<Ticket, std::shared_ptr<SocketGuard>> armed_ ABSL_GUARDED_BY(mutex_);
};

// Cuts `guard` after `timeout` unless destroyed or disarmed before; an infinite timeout never does.
class Alarm {
 public:
  Alarm(const std::shared_ptr<SocketGuard>& guard, absl::Duration timeout);
  ~Alarm() { Disarm(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // True when it went off, also when asked again.
  bool Disarm();

 private:
  bool armed_ = false;
  bool fired_ = false;
  Watchdog::Ticket ticket_;
};

// While it lives, the first connection that the calling thread opens through the client library is
// attached to `guard`, and cut when `timeout` has passed. Nothing happens, and attached() stays
// false, when the library lacks the hook.
class SocketCapture {
 public:
  SocketCapture(std::shared_ptr<SocketGuard> guard, absl::Duration timeout);
  ~SocketCapture();
  SocketCapture(const SocketCapture&) = delete;
  SocketCapture& operator=(const SocketCapture&) = delete;

  // Ends the capture; true when the time ran out.
  bool Finish();

 private:
  static void OnTraffic(int mode, void* connection, const unsigned char* data, size_t length);
  static void InstallOnce();

  const std::shared_ptr<SocketGuard> guard_;
  const absl::Duration due_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace weft::mysql
