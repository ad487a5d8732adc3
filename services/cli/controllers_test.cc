// Several controllers, of which one leads: seen from the whole client.
#include "common/rpc/controllers.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "services/cli/testing/cli_fixture.h"

namespace weft::cli {
namespace {

constexpr char kNobody[] = "127.0.0.1:1";

absl::Status NotLeading() {
  return Refusal(absl::StatusCode::kUnavailable, "NOT_LEADING", "controller b leads",
                 "the leading controller", "a", "ask controller b");
}

// `controller_` is one of two: the other knows nothing of it.
class ControllersTest : public CliTest {
 protected:
  void Name(const std::vector<std::string>& addresses) {
    variables_["WEFT_CONTROLLER"] = absl::StrJoin(addresses, ",");
  }
  void Lead(FakeController& controller, bool leads) {
    v1::NodeStatus node;
    node.set_leading(leads);
    node.set_store_reachable(true);
    controller.SetNode(node);
  }
  // Until `controller` has had `count` requests of `method`.
  static void AwaitRequests(const FakeController& controller, const std::string& method,
                            size_t count) {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(30));
    while (controller.Requests(method).size() < count && !deadline.Passed()) {
      std::this_thread::yield();
    }
    ASSERT_GE(controller.Requests(method).size(), count) << method;
  }

  FakeController other_;
};

TEST_F(ControllersTest, TheLeaderIsAskedWhereverItStandsInTheList) {
  Name({controller_.address(), other_.address()});
  Lead(other_, true);
  ASSERT_EQ(Run({"group", "create", "mine"}), kExitOk) << err();
  EXPECT_EQ(other_.GroupNow("mine").id(), "mine");
  const size_t before = controller_.Requests("ListGroups").size();
  EXPECT_EQ(Run({"group", "list"}), kExitOk) << err();
  EXPECT_EQ(controller_.Requests("ListGroups").size(), before);
}

TEST_F(ControllersTest, WhereNobodyLeadsAnyOneServesReads) {
  Name({kNobody, controller_.address()});
  EXPECT_EQ(Run({"group", "show", "g1"}), kExitOk) << err();
}

TEST_F(ControllersTest, AChangeThatAFollowerRefusesIsTakenToTheNextWithTheSameId) {
  Name({kNobody, controller_.address(), other_.address()});
  controller_.FailWith(NotLeading());
  ASSERT_EQ(Run({"group", "create", "mine"}), kExitOk) << err();
  EXPECT_EQ(other_.GroupNow("mine").id(), "mine");
  ASSERT_EQ(other_.Requests("CreateGroup").size(), 1u);
  EXPECT_EQ(controller_.Requests("CreateGroup").back(), other_.Requests("CreateGroup").back());
}

TEST_F(ControllersTest, AnElectionIsWaitedFor) {
  Name({controller_.address(), kNobody});
  controller_.FailWith(NotLeading());
  const size_t before = controller_.Requests("CreateGroup").size();
  int exit_code = -1;
  std::thread command([&] { exit_code = Run({"group", "create", "mine"}); });
  AwaitRequests(controller_, "CreateGroup", before + 2);
  controller_.FailWith(absl::OkStatus());
  command.join();
  EXPECT_EQ(exit_code, kExitOk) << err();
}

TEST_F(ControllersTest, WhereNobodyCanServeEachIsNamedWithWhatItSaid) {
  Name({controller_.address(), kNobody});
  controller_.FailWith(NotLeading());
  EXPECT_EQ(Run({"group", "create", "mine", "--timeout", "300ms"}), kExitUnavailable);
  EXPECT_TRUE(absl::StrContains(err(), absl::StrCat("error: no controller could serve this: ",
                                                    controller_.address(), ", ", kNobody)))
      << err();
  EXPECT_TRUE(
      absl::StrContains(err(), absl::StrCat(controller_.address(), ": controller b leads\n")))
      << err();
  EXPECT_TRUE(absl::StrContains(err(), absl::StrCat(kNobody, ": no answer: "))) << err();
  EXPECT_EQ(Run({"group", "create", "mine", "--timeout", "300ms", "--json"}), kExitUnavailable);
  EXPECT_TRUE(absl::StrContains(out(), R"("reason":"NOT_LEADING")")) << out();
}

TEST_F(ControllersTest, WhereNobodyAnswersItIsSaidAtOnce) {
  Name({kNobody, "127.0.0.1:2"});
  const absl::Duration begin = RealClock::Get()->MonotonicNow();
  EXPECT_EQ(Run({"group", "list"}), kExitUnavailable);
  EXPECT_LT(RealClock::Get()->MonotonicNow() - begin, absl::Seconds(4));
  EXPECT_TRUE(absl::StrContains(err(), "no controller answers at 127.0.0.1:1, 127.0.0.1:2"))
      << err();
  EXPECT_TRUE(absl::StrContains(err(), "start a controller")) << err();
}

TEST_F(ControllersTest, AnAnswerOfTheLeaderItselfIsFinal) {
  Name({controller_.address(), other_.address()});
  controller_.FailWith(absl::UnavailableError("[::1]:1: connection refused"));
  EXPECT_EQ(Run({"server", "check", "[::1]:1"}), kExitUnavailable);
  EXPECT_EQ(err(), "error: [::1]:1: connection refused\n");
  EXPECT_TRUE(other_.Requests("CheckServer").empty());
}

TEST_F(ControllersTest, AnInterruptionEndsTheSearch) {
  Name({controller_.address(), kNobody});
  controller_.FailWith(NotLeading());
  const size_t before = controller_.Requests("CreateGroup").size();
  int exit_code = -1;
  std::thread command([&] { exit_code = Run({"group", "create", "mine"}); });
  AwaitRequests(controller_, "CreateGroup", before + 1);
  interrupt_.Raise();
  command.join();
  EXPECT_EQ(exit_code, kExitInterrupted) << err();
}

TEST_F(ControllersTest, AWaitGoesOnWithAnotherControllerWhenItsOwnDies) {
  auto first = std::make_unique<FakeController>(controller_);
  Name({first->address(), controller_.address()});
  controller_.HoldOperations();
  int exit_code = -1;
  std::thread command([&] { exit_code = Run({"group", "promote", "g1"}); });
  const std::string name = controller_.AwaitWatcher();
  first.reset();
  AwaitRequests(controller_, "WatchOperation", 2);
  controller_.End(name, v1::Operation::SUCCEEDED, R"({"write_stop_ms":41})");
  command.join();
  EXPECT_EQ(exit_code, kExitOk) << err();
  EXPECT_EQ(controller_.Requests("PromoteGroup").size(), 1u);
}

TEST_F(ControllersTest, NamesAreCompletedByWhoeverAnswers) {
  Name({kNobody, controller_.address()});
  EXPECT_EQ(Run({"__complete", "--", "group", "show", "g"}), kExitOk);
  EXPECT_EQ(out(), "g1\ng2\n");
}

TEST_F(ControllersTest, TheSameAddressCountsOnce) {
  rpc::ChannelOptions one;
  one.address = kNobody;
  const auto controllers = rpc::Controllers::Create({one, one});
  ASSERT_TRUE(controllers.ok()) << controllers.status();
  EXPECT_EQ((*controllers)->size(), 1u);
}

}  // namespace
}  // namespace weft::cli
