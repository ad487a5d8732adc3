#include "common/rpc/termination.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace weft::rpc {
namespace {

// Runs `body` in a process of its own, since signals belong to processes; gives its wait status.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    BlockTerminationSignals();
    body();
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(TerminationTest, WaitingReturnsTheSignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    const int status = InChild([number] {
      kill(getpid(), number);
      _exit(WaitForTermination() == number ? 7 : 1);
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  }
}

TEST(TerminationTest, ARequestFromAnotherThreadIsToldApart) {
  const int status = InChild([] {
    std::thread other([] { RequestTermination(); });
    const int number = WaitForTermination();
    other.join();
    _exit(number == 0 ? 7 : 1);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST(TerminationTest, ASecondSignalEndsTheProcessAtOnce) {
  const int status = InChild([] {
    kill(getpid(), SIGTERM);
    WaitForTermination();
    kill(getpid(), SIGINT);
    while (true) pause();
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT) << status;
}

TEST(TerminationTest, ABrokenPipeDoesNotKill) {
  const int status = InChild([] {
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    close(ends[0]);
    _exit(write(ends[1], "x", 1) < 0 ? 7 : 1);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

}  // namespace
}  // namespace weft::rpc
