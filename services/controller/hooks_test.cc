#include "services/controller/hooks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysqld/process.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

// The programs of these tests are lines of a shell; Weft itself never starts one.
Hook Shell(const std::string& line, absl::Duration deadline = absl::Seconds(10)) {
  return {.command = {"/bin/sh", "-c", line}, .deadline = deadline, .abort_on_failure = true};
}

HookEnd RunIt(const Hook& hook, const std::string& input = "") {
  return RunProgram(hook, input, {{"WEFT_GROUP", "g1"}}, [] { return false; });
}

TEST(HooksTest, AProgramGetsItsInputAndVariablesAndNoOthers) {
  setenv("SECRET_OF_THE_CONTROLLER", "xyzzy", 1);
  const HookEnd end = RunIt(Shell("cat; env"), "{\"group\": \"g1\"}\n");
  EXPECT_TRUE(end.status.ok()) << end.status;
  EXPECT_TRUE(absl::StartsWith(end.output, "{\"group\": \"g1\"}\n"));
  EXPECT_TRUE(absl::StrContains(end.output, "WEFT_GROUP=g1"));
  EXPECT_FALSE(absl::StrContains(end.output, "xyzzy"));
}

TEST(HooksTest, AnExitCodeIsAFailure) {
  const HookEnd end = RunIt(Shell("echo no >&2; exit 3"));
  EXPECT_EQ(end.status, absl::AbortedError("exit code 3"));
  EXPECT_EQ(end.output, "no\n");
}

TEST(HooksTest, AProgramThatIsNotThereIsAFailure) {
  EXPECT_TRUE(absl::IsNotFound(RunIt({.command = {"/nowhere/nothing"}}).status));
}

TEST(HooksTest, AProgramThatHangsIsKilledAtItsDeadlineWithAllThatItStarted) {
  const std::string file = absl::StrCat(::testing::TempDir(), "/child");
  const HookEnd end =
      RunIt(Shell(absl::StrCat("sleep 600 & echo $! > ", file, "; wait"), absl::Milliseconds(300)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(end.status));
  EXPECT_LT(end.took, absl::Seconds(5));
  std::ifstream in(file);
  int child = 0;
  ASSERT_TRUE(in >> child);
  // Killed; a moment later also gone.
  const absl::StatusOr<ProcessId> left = IdentifyProcess(child);
  EXPECT_TRUE(!left.ok() || WaitGone(*left, absl::Seconds(5)).ok());
}

TEST(HooksTest, AProgramThatIgnoresSignalsIsKilledAllTheSame) {
  const HookEnd end =
      RunIt(Shell("trap '' TERM INT HUP; while :; do sleep 0.05; done", absl::Milliseconds(300)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(end.status));
}

TEST(HooksTest, MegabytesAreCutAndDoNotHangIt) {
  const HookEnd end = RunIt(Shell("head -c 20000000 /dev/zero | tr '\\0' x"));
  EXPECT_TRUE(end.status.ok()) << end.status;
  EXPECT_LT(end.output.size(), kMostHookOutput + 100);
  EXPECT_TRUE(absl::StrContains(end.output, "bytes more"));
}

TEST(HooksTest, AProgramThatNeverStopsPrintingMeetsItsDeadline) {
  const HookEnd end = RunIt(Shell("yes", absl::Milliseconds(300)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(end.status));
  EXPECT_LT(end.took, absl::Seconds(5));
}

TEST(HooksTest, AProgramThatReadsNothingOfALongInputEnds) {
  EXPECT_TRUE(RunIt(Shell("exit 0"), std::string(10'000'000, 'x')).status.ok());
}

TEST(HooksTest, AProgramThatLeavesAChildBehindEndsWithItsGroup) {
  const HookEnd end = RunIt(Shell("sleep 600 & exit 0"));
  EXPECT_TRUE(end.status.ok()) << end.status;
  EXPECT_LT(end.took, absl::Seconds(5));
}

TEST(HooksTest, AControllerThatLeadsNoMoreEndsIt) {
  const HookEnd end = RunProgram(Shell("sleep 600"), "", {}, [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(end.status));
}

TEST(HooksTest, AFileSaysEverythingOfAProgram) {
  const absl::StatusOr<HookBook> book = ParseHooks(
      "hooks:\n  a:\n    command: [/bin/true, -x]\n    deadline: 500ms\n"
      "    on_failure: continue\n  b:\n    command: [/bin/false]\n");
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->at("a").command, (std::vector<std::string>{"/bin/true", "-x"}));
  EXPECT_EQ(book->at("a").deadline, absl::Milliseconds(500));
  EXPECT_FALSE(book->at("a").abort_on_failure);
  EXPECT_EQ(book->at("b").deadline, absl::Seconds(10));
  EXPECT_TRUE(book->at("b").abort_on_failure);
  EXPECT_TRUE(ParseHooks("")->empty());
}

TEST(HooksTest, AWrongFileIsRefusedWithWhatWasExpected) {
  for (const char* text :
       {"hooks: 1", "x: {}", "hooks:\n  a: {}", "hooks:\n  a:\n    command: true",
        "hooks:\n  a:\n    command: [true]", "hooks:\n  'a b':\n    command: [/bin/true]",
        "hooks:\n  a:\n    command: [/bin/true]\n    deadline: 10m",
        "hooks:\n  a:\n    command: [/bin/true]\n    deadline: 0",
        "hooks:\n  a:\n    command: [/bin/true]\n    on_failure: maybe",
        "hooks:\n  a:\n    command: [/bin/true]\n    shell: yes", "hooks: ["}) {
    EXPECT_EQ(ErrorReason(ParseHooks(text).status()), "BAD_HOOKS_FILE") << text;
  }
}

TEST(HooksTest, AFileThatEverybodyMayWriteIsRefused) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/hooks.yaml");
  std::ofstream(path) << "hooks:\n  a:\n    command: [/bin/true]\n";
  chmod(path.c_str(), 0644);
  EXPECT_TRUE(ReadHooksFile(path).ok()) << ReadHooksFile(path).status();
  chmod(path.c_str(), 0666);
  EXPECT_EQ(ErrorReason(ReadHooksFile(path).status()), "HOOKS_FILE_OPEN");
  EXPECT_EQ(ErrorReason(ReadHooksFile(path + ".none").status()), "BAD_HOOKS_FILE");
}

}  // namespace
}  // namespace weft::controller
