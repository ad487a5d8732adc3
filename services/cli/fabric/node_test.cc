#include "services/cli/fabric/node.h"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysqld/files.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Shell scripts stand for the processes; one health service answers for them all.
class NodeTest : public ::testing::Test {
 protected:
  NodeTest() : log_(::testing::TempDir() + "/node_test.log") {
    EXPECT_TRUE(RemoveTree(log_).ok());
    rpc::Server::Options serve;
    serve.name = "node_test";
    serve.listen = "127.0.0.1:0";
    serve.metrics = &metrics_;
    auto server = rpc::Server::Start(std::move(serve));
    EXPECT_TRUE(server.ok()) << server.status();
    health_ = *std::move(server);
    health_->SetServing(true);
  }

  NodeProcess Script(const std::string& name, const std::string& script) {
    return {.name = name, .argv = {"/bin/sh", "-c", script}, .health = health_->address()};
  }

  // Runs until SIGTERM, which it writes down.
  NodeProcess Lasting(const std::string& name) {
    return Script(name, absl::StrCat("trap 'echo ", name, " ends; exit 0' TERM; echo ", name,
                                     " begins; while :; do sleep 0.02; done"));
  }

  std::string Log() { return ReadFile(log_).value_or(""); }

  void AwaitLog(const std::string& text) {
    while (Log().find(text) == std::string::npos) {
      RealClock::Get()->Sleep(absl::Milliseconds(5));
    }
  }

  const std::string log_;
  rpc::Metrics metrics_;
  std::unique_ptr<rpc::Server> health_;
  Interrupt interrupt_;
};

TEST_F(NodeTest, BeginsInOrderAndEndsInTheReverseWhenInterrupted) {
  std::thread interrupter([this] {
    AwaitLog("c begins");
    interrupt_.Raise();
  });
  const absl::Status status =
      RunNode({Lasting("a"), Lasting("b"), Lasting("c")}, log_, &interrupt_);
  interrupter.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Log(), HasSubstr("c ends\nb ends\na ends\n"));
}

TEST_F(NodeTest, EndsWellWithALastProcessThatEndsWell) {
  const absl::Status status =
      RunNode({Lasting("a"), Lasting("b"), Script("c", "exit 0")}, log_, &interrupt_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Log(), HasSubstr("b ends\na ends\n"));
}

TEST_F(NodeTest, OneThatFailsEndsAllAndIsNamed) {
  for (const char* script : {"exit 3", "exit 0"}) {
    const absl::Status status =
        RunNode({Lasting("a"), Script("monitor", script), Lasting("c")}, log_, &interrupt_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << script;
    EXPECT_THAT(DescribeError(status), AllOf(HasSubstr("monitor ended by itself"),
                                             HasSubstr(absl::string_view(script).substr(0, 4))));
    EXPECT_THAT(Log(), HasSubstr("a ends\n"));
  }
}

TEST_F(NodeTest, TheNextIsNotStartedBeforeTheOneBeforeServes) {
  health_->SetServing(false);
  std::thread interrupter([this] {
    AwaitLog("a begins");
    interrupt_.Raise();
  });
  EXPECT_TRUE(RunNode({Lasting("a"), Lasting("b")}, log_, &interrupt_).ok());
  interrupter.join();
  EXPECT_EQ(Log(), "a begins\na ends\n");
}

TEST_F(NodeTest, AProgramThatIsMissingEndsTheOthers) {
  NodeProcess missing = Lasting("b");
  missing.argv = {"/no/such/program"};
  EXPECT_TRUE(absl::IsNotFound(RunNode({Lasting("a"), missing}, log_, &interrupt_)));
  std::vector<NodeProcess> processes = {{.name = "weft-nothing", .argv = {"x"}, .health = ""}};
  EXPECT_EQ(LocatePrograms("/no/such/folder", &processes).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(NodeTest, APlanSurvivesItsFile) {
  const std::vector<NodeProcess> plan = {Lasting("a"), Lasting("b\"\n")};
  const auto read = PlanFromJson(PlanToJson(plan));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[1].name, plan[1].name);
  EXPECT_EQ((*read)[1].argv, plan[1].argv);
  EXPECT_EQ((*read)[1].health, plan[1].health);
  EXPECT_FALSE(PlanFromJson("[{}]").ok());
  EXPECT_FALSE(PlanFromJson("{").ok());
}

TEST(PrivateFolderTest, NobodyElseReadsItAndItGoesWithItsOwner) {
  std::string path;
  {
    auto folder = PrivateFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.status();
    path = folder->path();
    struct stat info = {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    ASSERT_TRUE(WriteFileAtomically(path + "/secret", "x", 0600).ok());
  }
  EXPECT_FALSE(Exists(path));
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
