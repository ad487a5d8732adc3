// What holds for every command: errors, exit codes, output, watching, waiting.
#include "services/cli/application.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/base/error_details.h"
#include "services/cli/testing/cli_fixture.h"

namespace weft::cli {
namespace {

using Json = nlohmann::json;

class ApplicationTest : public CliTest {
 protected:
  // Runs on a thread of its own, so that a test can act meanwhile.
  std::thread RunAside(const Words& words, int* exit_code) {
    return std::thread([this, words, exit_code] { *exit_code = Run(words); });
  }
};

struct Row {
  absl::StatusCode code;
  int exit_code;
};

TEST_F(ApplicationTest, AnErrorOfTheControllerBecomesItsExitCode) {
  const Row rows[] = {{absl::StatusCode::kFailedPrecondition, 1},
                      {absl::StatusCode::kInternal, 1},
                      {absl::StatusCode::kInvalidArgument, 2},
                      {absl::StatusCode::kNotFound, 3},
                      {absl::StatusCode::kUnavailable, 4},
                      {absl::StatusCode::kUnauthenticated, 5},
                      {absl::StatusCode::kPermissionDenied, 5},
                      {absl::StatusCode::kAlreadyExists, 6},
                      {absl::StatusCode::kAborted, 6},
                      {absl::StatusCode::kDeadlineExceeded, 7}};
  for (const Row& row : rows) {
    controller_.FailWith(Refusal(row.code, "SOME_REASON", "it went wrong", "this", "that", "look"));
    EXPECT_EQ(Run({"group", "list"}), row.exit_code);
    EXPECT_EQ(out(), "");
    EXPECT_EQ(err(),
              "error: it went wrong\n  expected: this\n  found:    that\n  to do:    look\n");
  }
}

TEST_F(ApplicationTest, AnErrorIsAlsoDataWhereDataAreAskedFor) {
  controller_.FailWith(Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", "no group g9"));
  EXPECT_EQ(Run({"group", "show", "g9", "-o", "json"}), kExitNotFound);
  EXPECT_EQ(err(), "error: no group g9\n");
  const Json error = Json::parse(out())["error"];
  EXPECT_EQ(error["code"], "NOT_FOUND");
  EXPECT_EQ(error["reason"], "UNKNOWN_GROUP");
  EXPECT_EQ(error["message"], "no group g9");
  EXPECT_EQ(Run({"group", "shw", "g9", "-o", "json"}), kExitUsage);
  EXPECT_EQ(Json::parse(out())["error"]["reason"], "USAGE");
  EXPECT_EQ(Run({"group", "show", "g9", "-o", "yaml"}), kExitNotFound);
  EXPECT_EQ(out().substr(0, 27), "error:\n  code: NOT_FOUND\n  ");
}

TEST_F(ApplicationTest, WhatAServerSaysCannotMoveTheCursor) {
  controller_.FailWith(absl::InternalError("bad\x1b[2Jthing\nsecond line"));
  EXPECT_EQ(Run({"group", "list"}), kExitFailed);
  EXPECT_EQ(err(), "error: bad?[2Jthing\n       second line\n");
}

TEST_F(ApplicationTest, ADeadControllerIsUnavailableAtOnceAndSaysWhatToDo) {
  variables_["WEFT_CONTROLLER"] = "127.0.0.1:1";
  EXPECT_EQ(Run({"group", "list"}), kExitUnavailable);
  EXPECT_NE(err().find("error: no controller answers at 127.0.0.1:1\n"), std::string::npos)
      << err();
  EXPECT_NE(err().find("--controller HOST:PORT"), std::string::npos) << err();
}

TEST_F(ApplicationTest, AServerThatTheControllerCannotReachIsNotTakenForTheController) {
  ASSERT_EQ(Run({"group", "list"}), kExitOk);
  controller_.FailWith(absl::UnavailableError("[::1]:1: connection refused"));
  EXPECT_EQ(Run({"group", "add", "g1", "[::1]:1"}), kExitUnavailable);
  EXPECT_EQ(err(), "error: [::1]:1: connection refused\n");
}

TEST_F(ApplicationTest, AMalformedControllerIsAUsageError) {
  EXPECT_EQ(Run({"group", "list", "--controller", "::1:x:"}), kExitUsage) << err();
}

TEST_F(ApplicationTest, ALoginThatIsMissingOrWrongIsAMatterOfPermission) {
  FakeController guarded({"admin", "secret"});
  variables_["WEFT_CONTROLLER"] = guarded.address();
  EXPECT_EQ(Run({"group", "list"}), kExitPermission);
  variables_["WEFT_PASSWORD"] = "wrong";
  EXPECT_EQ(Run({"group", "list"}), kExitPermission);
  EXPECT_EQ(err().find("wrong\n"), std::string::npos) << err();
  variables_["WEFT_PASSWORD"] = "secret";
  EXPECT_EQ(Run({"group", "list"}), kExitOk) << err();
}

TEST_F(ApplicationTest, WithoutACommandTheHelpGoesToStderr) {
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(out(), "");
  EXPECT_NE(err().find("usage: weft NOUN VERB"), std::string::npos);
  EXPECT_EQ(Run({"--help"}), kExitOk);
  EXPECT_EQ(err(), "");
  EXPECT_NE(out().find("usage: weft NOUN VERB"), std::string::npos);
}

TEST_F(ApplicationTest, OutputThatCannotBeWrittenIsAFailure) {
  console_->BreakOut();
  EXPECT_EQ(Run({"group", "list"}), kExitFailed);
  EXPECT_NE(err().find("no space left"), std::string::npos) << err();
}

TEST_F(ApplicationTest, NoWaitPrintsTheNameToWaitFor) {
  controller_.HoldOperations();
  EXPECT_EQ(Run({"group", "promote", "g1", "--no-wait"}), kExitOk);
  EXPECT_EQ(out().substr(0, 11), "operations/");
}

TEST_F(ApplicationTest, AFailedOperationFailsTheCommandAsItFailed) {
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command = RunAside({"group", "promote", "g1", "--json"}, &exit_code);
  const std::string name = controller_.AwaitWatcher();
  controller_.Break(name, absl::StatusCode::kAborted, "EPOCH_MOVED", "the epoch moved");
  command.join();
  EXPECT_EQ(exit_code, kExitConflict);
  const Json error = Json::parse(out())["error"];
  EXPECT_EQ(error["reason"], "EPOCH_MOVED");
  EXPECT_EQ(error["metadata"]["operation"], name);
}

TEST_F(ApplicationTest, AnOperationThatSucceedsLaterIsWaitedFor) {
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command = RunAside({"group", "promote", "g1"}, &exit_code);
  const std::string name = controller_.AwaitWatcher();
  controller_.Advance(name, "catch up", 0.5);
  controller_.End(name, v1::Operation::SUCCEEDED, R"({"write_stop_ms":41})");
  command.join();
  EXPECT_EQ(exit_code, kExitOk) << err();
  EXPECT_EQ(out(), "group g1 has its primary: write stop 41 ms\n");
}

TEST_F(ApplicationTest, WaitingForIsBoundedByTheTimeout) {
  controller_.HoldOperations();
  EXPECT_EQ(Run({"group", "promote", "g1", "--timeout", "300ms"}), kExitTimeout);
  EXPECT_NE(err().find("to do:    weft operation wait operations/"), std::string::npos) << err();
}

TEST_F(ApplicationTest, CtrlCBeforeTheAnswerSaysWhereToLook) {
  interrupt_.Raise();
  EXPECT_EQ(Run({"group", "promote", "g1"}), kExitInterrupted);
  EXPECT_NE(err().find("error: interrupted\n"), std::string::npos) << err();
  EXPECT_NE(err().find("weft operation list"), std::string::npos) << err();
}

TEST_F(ApplicationTest, CtrlCAsksToCancelWhatTheCommandBegan) {
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command = RunAside({"group", "promote", "g1"}, &exit_code);
  const std::string name = controller_.AwaitWatcher();
  interrupt_.Raise();
  command.join();
  EXPECT_EQ(exit_code, kExitInterrupted);
  EXPECT_EQ(err(), "error: interrupted; " + name + " was cancelled\n");
  EXPECT_EQ(controller_.Requests("CancelOperation").size(), 1u);
}

TEST_F(ApplicationTest, ASecondCtrlCStopsWaitingForTheCancellation) {
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command = RunAside({"group", "promote", "g1"}, &exit_code);
  const std::string name = controller_.AwaitWatcher();
  controller_.Advance(name, "stubborn", 0.9);
  interrupt_.Raise();
  while (controller_.Requests("WaitOperation").empty()) std::this_thread::yield();
  interrupt_.Raise();
  command.join();
  EXPECT_EQ(exit_code, kExitInterrupted);
  EXPECT_NE(err().find(name + " goes on"), std::string::npos) << err();
  EXPECT_NE(err().find("weft operation wait " + name), std::string::npos) << err();
}

TEST_F(ApplicationTest, CtrlCLeavesAnOperationOfOthersAlone) {
  controller_.HoldOperations();
  ASSERT_EQ(Run({"group", "promote", "g1", "--no-wait"}), kExitOk);
  const std::string name = out().substr(0, out().size() - 1);
  int exit_code = -1;
  std::thread command = RunAside({"operation", "wait", name}, &exit_code);
  controller_.AwaitWatcher();
  interrupt_.Raise();
  command.join();
  EXPECT_EQ(exit_code, kExitInterrupted);
  EXPECT_TRUE(controller_.Requests("CancelOperation").empty());
  interrupt_.Reset();
  EXPECT_EQ(Run({"operation", "cancel", name}), kExitOk);
  EXPECT_NE(out().find("cancelled"), std::string::npos) << out();
  EXPECT_EQ(Run({"operation", "wait", name}), kExitFailed);
}

TEST_F(ApplicationTest, AControllerThatIsAwayForAWhileIsLookedForAgain) {
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command = RunAside({"group", "promote", "g1"}, &exit_code);
  const std::string name = controller_.AwaitWatcher();
  controller_.FailWith(absl::UnavailableError("going down"));
  while (controller_.Requests("WatchOperation").size() < 2) std::this_thread::yield();
  controller_.End(name, v1::Operation::SUCCEEDED, "");
  controller_.FailWith(absl::OkStatus());
  command.join();
  EXPECT_EQ(exit_code, kExitOk) << err();
}

TEST_F(ApplicationTest, WatchingGoesOnUntilInterrupted) {
  int exit_code = -1;
  const size_t before = controller_.Requests("GetGroup").size();
  std::thread command = RunAside({"group", "show", "g2", "--watch=0.1", "--json"}, &exit_code);
  while (controller_.Requests("GetGroup").size() < before + 3) std::this_thread::yield();
  interrupt_.Raise();
  command.join();
  EXPECT_EQ(exit_code, kExitInterrupted);
  const std::string text = out();
  EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(ApplicationTest, WatchingEndsAfterTheTimeoutWithWhatItSawLast) {
  EXPECT_EQ(Run({"group", "show", "g2", "--watch=0.1", "--timeout", "0.25", "-o", "yaml"}),
            kExitOk);
  EXPECT_NE(out().find("\n---\n"), std::string::npos) << out();
  EXPECT_EQ(Run({"group", "show", "g9", "--watch"}), kExitNotFound);
}

TEST_F(ApplicationTest, AShellRunsTheLinesOfItsCaller) {
  Surroundings surroundings;
  surroundings.console = console_.get();
  surroundings.interrupt = &interrupt_;
  surroundings.clock = RealClock::Get();
  surroundings.nouns = &nouns_;
  Application application(surroundings);
  Options defaults;
  defaults.controller = controller_.address();
  defaults.output = OutputFormat::kJson;
  EXPECT_EQ(application.Run({"group", "show", "g2"}, defaults), kExitOk) << err();
  EXPECT_EQ(out()[0], '{');
  console_->Clear();
  EXPECT_EQ(application.Run({"group", "show", "g2", "-o", "table"}, defaults), kExitOk);
  EXPECT_NE(out()[0], '{');
}

TEST_F(ApplicationTest, CompletionKnowsTheNamesOfTheController) {
  EXPECT_EQ(Run({"__complete", "--", "group", "show", "g"}), kExitOk);
  EXPECT_EQ(out(), "g1\ng2\n");
  EXPECT_EQ(Run({"__complete", "--", "group", "remove", "g1", "127.0.0.1:21003"}), kExitOk);
  EXPECT_EQ(out(), "127.0.0.1:21003\tSECONDARY g1\n");
  variables_["WEFT_CONTROLLER"] = "127.0.0.1:1";
  EXPECT_EQ(Run({"__complete", "--", "group", "show", ""}), kExitOk);
  EXPECT_EQ(out() + err(), "");
}

}  // namespace
}  // namespace weft::cli
