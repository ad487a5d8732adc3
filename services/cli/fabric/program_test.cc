#include "services/cli/fabric/program.h"

#include <deque>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/fabric/xmlrpc.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/cli/fabric/testing/responder.h"
#include "services/cli/testing/fake_console.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::Answer;
using fabric::Call;
using fabric::List;
using fabric::Value;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kHeader[] =
    "Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e\nTime-To-Live: 1\n\n";

std::string Answered(const Answer& answer) { return *fabric::xmlrpc::WriteAnswer(answer, 1); }

class ProgramTest : public ::testing::Test {
 protected:
  // Runs a command line of words split at blanks; returns the exit code.
  int Run(const std::string& words) {
    console_.Clear();
    Person person(&console_, [this]() -> absl::StatusOr<std::string> {
      if (lines_.empty()) return absl::CancelledError("the input ended");
      std::string line = lines_.front();
      lines_.pop_front();
      return line;
    });
    return mysqlfabric::Run(
        {.person = &person, .interrupt = &interrupt_, .path = "/nowhere/bin/mysqlfabric"},
        absl::StrSplit(words, ' ', absl::SkipEmpty()));
  }

  // A file that leads to `responder` with that password.
  std::string Configure(const Responder& responder, const std::string& password,
                        const std::string& more = "") {
    const std::string path = ::testing::TempDir() + "/fabric.cfg";
    std::ofstream(path) << "[protocol.xmlrpc]\naddress = " << responder.address()
                        << "\nuser = admin\npassword = " << password << "\n"
                        << more;
    return absl::StrCat("--config=", path, " ");
  }

  FakeConsole console_;
  Interrupt interrupt_;
  std::deque<std::string> lines_;
};

TEST_F(ProgramTest, LogsInAndPrintsTheTable) {
  const Responder node("admin", "secret", [](const Call&) {
    return Answered({.error = "",
                     .sets = {{.columns = {{"mapping_id", fabric::Type::kInteger},
                                           {"type_name", fabric::Type::kString}},
                               .rows = {{Value{int64_t{1}}, Value{std::string("RANGE")}}}}}});
  });
  EXPECT_EQ(Run(Configure(node, "secret") + "sharding list_definitions"), 0);
  EXPECT_EQ(console_.out(), absl::StrCat(kHeader,
                                         "mapping_id type_name\n"
                                         "---------- ---------\n"
                                         "         1     RANGE\n\n\n"));
  EXPECT_EQ(console_.err(), "");
  EXPECT_THAT(node.calls(), ElementsAre(Call{"sharding.list_definitions", {}, {}}));
}

TEST_F(ProgramTest, SendsEveryArgumentInItsPlaceAndNilForWhatIsMissing) {
  const Responder node("", "", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run(Configure(node, "x") + "group promote G1 --synchronous"), 0);
  EXPECT_THAT(
      node.calls(),
      ElementsAre(Call{
          "group.promote", {Value{std::string("G1")}, Value{}, Value{false}, Value{false}}, {}}));
}

TEST_F(ProgramTest, AnErrorOfFabricsIsPrintedAndExitsWithOne) {
  const Responder node("", "", [](const Call&) {
    return Answered({.error = "GroupError: Group (G1) already exists.", .sets = {}});
  });
  EXPECT_EQ(Run(Configure(node, "x") + "group create G1"), 1);
  EXPECT_EQ(console_.out(), absl::StrCat(kHeader, "GroupError: Group (G1) already exists.\n\n"));
  EXPECT_EQ(Run(Configure(node, "x") + "--output=json group create G1"), 1);
  EXPECT_THAT(console_.out(), HasSubstr(R"("message":"GroupError: Group (G1) already exists.")"));
}

TEST_F(ProgramTest, WhoIsNotLetInIsToldSo) {
  Responder node("admin", "secret", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run(Configure(node, "wrong") + "manage ping"), 1);
  EXPECT_EQ(console_.err(), "Permission denied.\n");
  EXPECT_EQ(console_.out(), "");
  for (const int status : {400, 401, 403}) {
    node.AnswerStatus(status);
    EXPECT_EQ(Run(Configure(node, "secret") + "manage ping"), 1) << status;
    EXPECT_EQ(console_.err(), "Permission denied.\n") << status;
  }
  node.AnswerStatus(500);
  EXPECT_EQ(Run(Configure(node, "secret") + "manage ping"), 1);
  EXPECT_THAT(console_.err(), HasSubstr("HTTP status 500"));
  EXPECT_THAT(node.calls(), IsEmpty());
}

TEST_F(ProgramTest, AsksForThePasswordOfAUserThatIsNamedOrHasNone) {
  const Responder node("bob", "bobs", [](const Call&) { return Answered({}); });
  lines_ = {"bobs"};
  EXPECT_EQ(Run(Configure(node, "secret") + "manage ping --user=bob"), 0);
  EXPECT_THAT(console_.err(), HasSubstr("Password for bob: "));
  const Responder admins("admin", "secret", [](const Call&) { return Answered({}); });
  lines_ = {"secret"};
  EXPECT_EQ(Run(Configure(admins, "") + "manage ping"), 0);
  EXPECT_THAT(console_.err(), HasSubstr("Password for admin: "));
  lines_.clear();
  EXPECT_EQ(Run(Configure(admins, "") + "manage ping"), 1);
}

TEST_F(ProgramTest, AsksNothingWhereAuthenticationIsDisabled) {
  const Responder node("", "", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run(Configure(node, "", "disable_authentication = yes\n") + "manage ping"), 0);
  EXPECT_EQ(console_.err(), "");
}

TEST_F(ProgramTest, ANodeThatIsNotThereIsNamedWithWhatToDo) {
  std::string config;
  {
    const Responder gone("", "", [](const Call&) { return Answered({}); });
    config = Configure(gone, "secret");
  }
  EXPECT_EQ(Run(config + "manage ping"), 1);
  EXPECT_THAT(console_.err(), AllOf(HasSubstr("mysqlfabric: error: cannot reach the node at"),
                                    HasSubstr("manage start"), Not(HasSubstr("secret"))));
}

TEST_F(ProgramTest, AnAnswerThatIsNoneOfFabricsIsAnError) {
  const Responder node("", "", [](const Call&) { return "<html>hello</html>"; });
  EXPECT_EQ(Run(Configure(node, "x") + "manage ping"), 1);
  EXPECT_THAT(console_.err(), HasSubstr("none of Fabric's"));
  const Responder faulty("", "", [](const Call&) {
    return fabric::xmlrpc::WriteFault({.code = 1, .text = "method is not supported"});
  });
  EXPECT_EQ(Run(Configure(faulty, "x") + "manage ping"), 1);
  EXPECT_THAT(console_.err(), HasSubstr("method is not supported"));
}

TEST_F(ProgramTest, WarnsOfOptionsWithoutMeaningOneLineEach) {
  const Responder node("", "", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run(Configure(node, "x", "threads = 50\n[executor]\nexecutors = 9\n") + "manage ping"),
            0);
  const std::vector<std::string> lines = absl::StrSplit(console_.err(), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines,
              ElementsAre(HasSubstr("mysqlfabric: warning: executor.executors has no effect: "),
                          HasSubstr("mysqlfabric: warning: protocol.xmlrpc.threads has no")));
}

TEST_F(ProgramTest, WarnsOfAPasswordOnTheCommandLineWithoutShowingIt) {
  const Responder node("admin", "hidden", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run(Configure(node, "wrong") + "--param=protocol.xmlrpc.password=hidden manage ping"),
            0);
  EXPECT_THAT(console_.err(), AllOf(HasSubstr("shows the password"), Not(HasSubstr("hidden"))));
}

TEST_F(ProgramTest, RefusesAConfigurationThatIsMissingOrWrong) {
  const Responder node("", "", [](const Call&) { return Answered({}); });
  EXPECT_EQ(Run("--config=/no/such/file manage ping"), 1);
  EXPECT_THAT(console_.err(), HasSubstr("/no/such/file"));
  EXPECT_EQ(Run(Configure(node, "x", "[connector]\nttl = soon\n") + "manage ping"), 1);
  EXPECT_THAT(console_.err(), HasSubstr("connector.ttl"));
  EXPECT_EQ(Run(Configure(node, "x") + "--param=nonsense manage ping"), 2);
  EXPECT_THAT(node.calls(), IsEmpty());
}

TEST_F(ProgramTest, HelpAndMistakesExitWithTwoAndVersionsWithZero) {
  EXPECT_EQ(Run(""), 2);
  EXPECT_EQ(Run("help"), 2);
  EXPECT_EQ(Run("help group add"), 2);
  EXPECT_EQ(Run("group nosuch"), 2);
  EXPECT_EQ(console_.out(), "");
  EXPECT_EQ(Run("--version"), 0);
  EXPECT_EQ(Run("--help"), 0);
  EXPECT_EQ(Run("group add --help"), 0);
  EXPECT_THAT(console_.out(), HasSubstr("group add group_id address  [--timeout=NONE]"));
}

TEST_F(ProgramTest, AnInterruptionEndsTheWaitingWith130) {
  std::promise<void> given_up;
  const Responder slow("", "", [&](const Call&) {
    interrupt_.Raise();
    given_up.get_future().wait();
    return Answered({});
  });
  EXPECT_EQ(Run(Configure(slow, "x") + "manage ping"), 130);
  EXPECT_EQ(console_.out(), "");
  given_up.set_value();
}

TEST_F(ProgramTest, OutputThatCannotBeWrittenIsAnError) {
  const Responder node("", "", [](const Call&) { return Answered({}); });
  console_.BreakOut();
  EXPECT_EQ(Run(Configure(node, "x") + "manage ping"), 1);
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
