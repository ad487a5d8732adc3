#include "common/mysqld/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/mysqld/files.h"
#include "common/mysqld/proc_stat.h"

namespace weft {
namespace {

SpawnOptions Shell(const std::string& script) {
  SpawnOptions options;
  options.argv = {"/bin/sh", "-c", script};
  options.environment = CleanEnvironment();
  return options;
}

std::string Await(const std::string& path) {
  for (int i = 0; i < 1000; ++i) {
    const std::string text = ReadFile(path).value_or("");
    if (absl::EndsWith(text, "\n")) return text;
    RealClock::Get()->Sleep(absl::Milliseconds(5));
  }
  return "nothing came";
}

TEST(ProcessTest, RecognisesAProcessByItsStartTimeToo) {
  const auto self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok());
  EXPECT_TRUE(IsAlive(*self));
  const ProcessId predecessor = {.pid = self->pid, .start_time = self->start_time - 1};
  EXPECT_FALSE(IsAlive(predecessor));
  // A signal to the former bearer of this pid must not end this test.
  EXPECT_TRUE(absl::IsNotFound(SignalProcess(predecessor, SIGKILL)));
  EXPECT_TRUE(WaitGone(predecessor, absl::ZeroDuration()).ok());
}

// What a killed process holds is free only when the last of its threads has ended.
TEST(ProcessTest, AProcessLivesAsLongAsOneOfItsThreads) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::thread([] { pause(); }).detach();
    syscall(SYS_exit, 0);  // this thread alone
  }
  const auto process = IdentifyProcess(child);
  ASSERT_TRUE(process.ok());
  const std::string stat = absl::StrCat("/proc/", child, "/stat");
  while (!absl::StrContains(ReadFile(stat).value_or(") Z "), ") Z ")) {
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  EXPECT_TRUE(IsAlive(*process));
  EXPECT_TRUE(absl::IsDeadlineExceeded(WaitGone(*process, absl::Milliseconds(20))));
  EXPECT_TRUE(SignalProcess(*process, SIGKILL).ok());
  EXPECT_TRUE(WaitGone(*process, absl::Seconds(10)).ok());
  EXPECT_FALSE(IsAlive(*process));
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(ProcessTest, APidFileKeepsTheIdentity) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/pid-", getpid());
  const auto self = IdentifyProcess(getpid());
  ASSERT_TRUE(WriteProcessId(path, *self).ok());
  EXPECT_EQ(*ReadProcessId(path), *self);
  ASSERT_TRUE(WriteFileAtomically(path, "12\n", 0600).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadProcessId(path).status()));
  unlink(path.c_str());
}

TEST(ProcessTest, ADetachedProcessIsNoChildAndLeadsNoTerminal) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/detached-", getpid());
  SpawnOptions options =
      Shell("cut -d' ' -f4,7 /proc/$$/stat; ls /proc/$$/fd | wc -l; exec sleep 60");
  options.output = path;
  const auto process = SpawnDetached(options);
  ASSERT_TRUE(process.ok()) << process.status();
  const std::string text = Await(path);
  EXPECT_FALSE(absl::StartsWith(text, absl::StrCat(getpid(), " "))) << text;
  EXPECT_TRUE(absl::StrContains(text, " 0\n")) << text;  // No terminal.
  EXPECT_TRUE(IsAlive(*process));
  EXPECT_TRUE(TerminateProcess(*process, absl::Seconds(5)).ok());
  EXPECT_FALSE(IsAlive(*process));
  unlink(path.c_str());
}

TEST(ProcessTest, InheritsNothingButItsThreeDescriptors) {
  const int extra = dup(2);
  const auto result = RunCommand(Shell("ls /proc/self/fd"), absl::Seconds(10));
  close(extra);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads.
}

TEST(ProcessTest, TheEnvironmentIsOnlyWhatIsGiven) {
  setenv("WEFT_PROCESS_TEST_SECRET", "x", 1);  // NOLINT(concurrency-mt-unsafe): one thread
  const auto result = RunCommand(Shell("env"), absl::Seconds(10));
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(absl::StrContains(result->output, "WEFT_PROCESS_TEST_SECRET"));
}

TEST(ProcessTest, AMissingProgramIsSaidToBeMissing) {
  SpawnOptions options;
  options.argv = {"/nonexistent/program"};
  for (const absl::Status& status :
       {SpawnDetached(options).status(), RunCommand(options, absl::Seconds(5)).status()}) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "/nonexistent/program"));
  }
}

int AwaitExit(const ProcessId& child) {
  while (true) {
    if (const std::optional<int> code = ReapChild(child)) return *code;
    RealClock::Get()->Sleep(absl::Milliseconds(5));
  }
}

TEST(ProcessTest, AChildTellsHowItEnded) {
  const auto child = SpawnChild(Shell("exit 7"));
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(AwaitExit(*child), 7);
  const auto killed = SpawnChild(Shell("sleep 60"));
  ASSERT_TRUE(killed.ok()) << killed.status();
  EXPECT_EQ(ReapChild(*killed), std::nullopt);
  EXPECT_EQ(getpgid(killed->pid), killed->pid);
  ASSERT_TRUE(SignalProcess(*killed, SIGKILL).ok());
  EXPECT_EQ(AwaitExit(*killed), 128 + SIGKILL);
  SpawnOptions missing;
  missing.argv = {"/no/such/program"};
  EXPECT_TRUE(absl::IsNotFound(SpawnChild(missing).status()));
}

TEST(ProcessTest, AChildEndsWithTheThreadThatStartedIt) {
  absl::StatusOr<ProcessId> child;
  std::thread([&child] { child = SpawnChild(Shell("exec sleep 60")); }).join();
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(AwaitExit(*child), 128 + SIGTERM);
}

TEST(ProcessTest, ACommandIsReadToItsEnd) {
  const auto result = RunCommand(Shell("echo out; echo err >&2; exit 3"), absl::Seconds(10));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\nerr\n");
  const auto killed = RunCommand(Shell("kill -9 $$"), absl::Seconds(10));
  EXPECT_EQ(killed->exit_code, 137);
}

// As MySQL's programs take an option file: by a name, and only if not everybody may write to it.
TEST(ProcessTest, ATextGivenToACommandCanBeOpenedAsAFileOfItsUserAlone) {
  SpawnOptions spawn = Shell("stat -L -c %a /proc/self/fd/0; cat /proc/self/fd/0");
  spawn.input_text = "[client]\n";
  const auto result = RunCommand(spawn, absl::Seconds(10));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "600\n[client]\n");
}

TEST(ProcessTest, ACommandThatWritesTooLargeAFileIsEnded) {
  const std::string path = absl::StrCat(testing::TempDir(), "/large");
  SpawnOptions spawn = Shell("");
  spawn.argv = {"/bin/dd", "if=/dev/zero", absl::StrCat("of=", path), "bs=1000", "count=5"};
  spawn.largest_file = 4500;
  const auto result = RunCommand(spawn, absl::Seconds(10));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->signal, SIGXFSZ);
  EXPECT_EQ(ReadFile(path).value_or("").size(), 4500u);
}

TEST(ProcessTest, ACommandThatDoesNotEndIsEndedWithItsChildren) {
  const absl::Duration before = RealClock::Get()->MonotonicNow();
  const auto result = RunCommand(Shell("sleep 60 & sleep 60"), absl::Milliseconds(200));
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status())) << result.status();
  EXPECT_LT(RealClock::Get()->MonotonicNow() - before, absl::Seconds(10));
}

TEST(ProcessTest, ACommandCanBeCancelled) {
  int asked = 0;
  const auto result =
      RunCommand(Shell("sleep 60"), absl::Minutes(1), [&asked] { return ++asked > 2; });
  EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
}

TEST(ProcessTest, APausedProcessStandsStillAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const auto process = SpawnDetached(Shell("while :; do :; done"));
    ASSERT_TRUE(process.ok());
    EXPECT_EQ(PauseProcess(*process, absl::Seconds(10)), absl::OkStatus());
    ProcStat stat;
    EXPECT_TRUE(ReadProcStat(process->pid, &stat));
    EXPECT_EQ(stat.state, 'T');
    EXPECT_TRUE(TerminateProcess(*process, absl::Seconds(10)).ok());
    EXPECT_TRUE(absl::IsNotFound(PauseProcess(*process, absl::Seconds(10))));
  }
}

TEST(ProcessTest, AStoppedProcessThatDoesNotObeyIsKilled) {
  const auto process = SpawnDetached(Shell("trap '' TERM; while :; do sleep 0.1; done"));
  ASSERT_TRUE(process.ok());
  ASSERT_TRUE(SignalProcess(*process, SIGSTOP).ok());
  EXPECT_TRUE(TerminateProcess(*process, absl::Milliseconds(300)).ok());
  EXPECT_FALSE(IsAlive(*process));
}

}  // namespace
}  // namespace weft
