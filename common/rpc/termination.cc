#include "common/rpc/termination.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "common/base/clock.h"
#include "common/log/log.h"

namespace weft::rpc {
namespace {

// Tells a request of ours from a signal that somebody sent.
constexpr int kRequested = 1;

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// The next signal's number, 0 for a request.
int NextSignal() {
  const sigset_t signals = TerminationSignals();
  siginfo_t info = {};
  int number = -1;
  while (number < 0) number = sigwaitinfo(&signals, &info);
  const bool requested =
      info.si_code == SI_QUEUE && info.si_value.sival_int == kRequested && info.si_pid == getpid();
  return requested ? 0 : number;
}

}  // namespace

void BlockTerminationSignals() {
  const sigset_t signals = TerminationSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int WaitForTermination() {
  const int number = NextSignal();
  std::thread([] {
    while (true) {
      const int second = NextSignal();
      if (second != 0) _exit(128 + second);
    }
  }).detach();
  return number;
}

void RequestTermination() { sigqueue(getpid(), SIGTERM, {.sival_int = kRequested}); }

bool TerminationIsAsked() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

void EndWithin(absl::Duration deadline) {
  std::thread([deadline] {
    RealClock::Get()->Sleep(deadline);
    WEFT_LOG(kWarning, "ends with work under way");
    std::_Exit(0);
  }).detach();
}

}  // namespace weft::rpc
