// A provisioner may die at each of its steps: whoever resumes the job ends where it would have.
#include "services/provisioner/scaling/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/provisioner/scaling/testing/scaling_farm.h"

namespace weft::provisioner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kJob[] = "00000000-0000-0000-0000-00000000face";

// The death of a process after so many of its steps.
class Fuse {
 public:
  explicit Fuse(int steps) : left_(steps) {}
  absl::Status Burn() {
    if (!blown_ && left_-- == 0) blown_ = true;
    return blown_ ? absl::CancelledError("the process is dead") : absl::OkStatus();
  }
  bool blown() const { return blown_; }

 private:
  int left_;
  bool blown_ = false;
};

// The job as one process after the other has it.
class MortalJob : public RunningJob {
 public:
  MortalJob(Fuse* fuse, std::string* notes, std::function<bool()> cancelled)
      : fuse_(fuse), notes_(notes), seen_(*notes), cancelled_(std::move(cancelled)) {}

  const std::string& id() const override { return id_; }
  const std::string& user() const override { return user_; }
  const std::string& group() const override { return group_; }
  const std::string& server() const override { return none_; }
  const std::string& request() const override { return none_; }
  const std::string& notes() const override { return seen_; }
  bool resumed() const override { return !seen_.empty(); }
  void Report(double progress, absl::string_view phase) override {
    EXPECT_GE(progress, 0);
    EXPECT_LE(progress, 1);
    // What others are at is of no moment here.
    if (phase.find(": ") == absl::string_view::npos) fuse_->Burn().IgnoreError();
  }
  void ShowFigures(const std::string&) override {}
  absl::Status Keep(const std::string& notes) override {
    if (const absl::Status before = fuse_->Burn(); !before.ok()) return before;
    *notes_ = notes;
    return fuse_->Burn();
  }
  bool cancelled() const override { return lost() || (cancelled_ && cancelled_()); }
  bool lost() const override { return fuse_->blown(); }

 private:
  const std::string id_ = kJob;
  const std::string user_ = "jane";
  const std::string group_ = "g";
  const std::string none_;
  Fuse* const fuse_;
  std::string* const notes_;
  const std::string seen_;
  const std::function<bool()> cancelled_;
};

ScalingStep Addition() {
  ScalingStep step;
  step.provider = "here";
  step.weight = 0.5;
  return step;
}

ScalingStep Removal(int number, const std::string& machine = "") {
  ScalingStep step;
  step.kind = ScalingStep::Kind::kRemove;
  step.server = FakeGroups::Uuid(number);
  step.address = {"db", static_cast<uint16_t>(3300 + number)};
  step.machine = machine;
  step.destroys_machine = !machine.empty();
  return step;
}

class WalkTest : public ::testing::Test {
 protected:
  // One life of a provisioner that works on the job; true where it came to the job's end.
  static bool Live(ScalingFarm* farm, const ScalingWish& wish, int steps, std::string* notes,
                   std::function<bool()> cancelled = nullptr) {
    Fuse fuse(steps);
    farm->groups.gate = [&fuse] { return fuse.Burn(); };
    farm->gate = farm->groups.gate;
    MortalJob job(&fuse, notes, std::move(cancelled));
    const auto kept = ParseScalingNotes(job.notes());
    EXPECT_TRUE(kept.ok()) << kept.status();
    ScalingWalk walk(farm->Ports(), ScalingFarm::Pace(), &job, wish, *kept);
    absl::Status end = kept->given_up.value_or(absl::OkStatus());
    if (end.ok()) end = walk.Go().status();
    if (!end.ok() && !fuse.blown()) end = walk.GiveUp(end);
    if (fuse.blown()) return false;
    ended = end;
    return true;
  }

  // Has a provisioner die at each of its steps, and another one go on; calls `check` for each.
  template <typename Make, typename Check>
  static void DieEverywhere(const ScalingWish& wish, Make make, Check check) {
    for (int steps = 0; steps < 200; ++steps) {
      SCOPED_TRACE(absl::StrCat("dies after ", steps, " steps"));
      const std::unique_ptr<ScalingFarm> farm = make();
      std::string notes;
      const bool lived = Live(farm.get(), wish, steps, &notes);
      if (!lived) {
        EXPECT_TRUE(Live(farm.get(), wish, 1000000, &notes));
      }
      check(*farm);
      if (lived) {
        EXPECT_GT(steps, 10);
        return;
      }
    }
    FAIL() << "it has no end";
  }

  static absl::Status ended;
};
absl::Status WalkTest::ended;

std::unique_ptr<ScalingFarm> Farm() {
  auto farm = std::make_unique<ScalingFarm>();
  farm->runner()->Start();
  return farm;
}

// A machine that is ready.
void List(ScalingFarm* farm, const std::string& uuid) {
  MachineEntry entry;
  entry.machine.uuid = uuid;
  entry.machine.provider_id = "here";
  entry.stage = Stage::kReady;
  EXPECT_TRUE(farm->inventory.PutMachine(entry).ok());
}

TEST_F(WalkTest, MakesEachMemberOnceWhoeverDies) {
  ScalingWish wish;
  wish.steps = {Addition(), Addition()};
  wish.like.meta = {{"environment", "A=1"}};
  wish.like.user_data = *Farm()->directory()->CloseSecret("CREATE USER app;", "user_data");
  DieEverywhere(wish, Farm, [](const ScalingFarm& farm) {
    EXPECT_TRUE(ended.ok()) << ended;
    EXPECT_THAT(farm.groups.Done(),
                ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 0.5", "add cloud:4002",
                            "update cloud:4002 SECONDARY 0.5"));
    EXPECT_THAT(farm.cloud.Machines(), SizeIs(2));
    for (const MachineOrder& order : farm.cloud.Orders()) {
      EXPECT_EQ(order.user_data, "CREATE USER app;");
      EXPECT_EQ(order.meta.at("environment"), "A=1");
    }
    EXPECT_THAT(farm.inventory.Operations(), SizeIs(1 + 2 + 2));
  });
}

TEST_F(WalkTest, ReplacesTheFaultyWhoeverDies) {
  const auto make = [] {
    auto farm = Farm();
    farm->groups.Edit(3, [](MemberView* member) {
      member->server.status = ServerStatus::kFaulty;
      member->server.mode = ServerMode::kOffline;
    });
    return farm;
  };
  ScalingWish wish;
  wish.steps = {Addition(), Removal(3)};
  DieEverywhere(wish, make, [](const ScalingFarm& farm) {
    EXPECT_TRUE(ended.ok()) << ended;
    EXPECT_THAT(farm.groups.Done(),
                ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 0.5", "remove db:3303"));
  });
}

// It came back after that was ordered, with what only it has.
TEST_F(WalkTest, AMachineWithTransactionsOfItsOwnStaysWhoeverDies) {
  ScalingWish wish;
  wish.steps = {Addition(), Removal(3, "machine-3")};
  const auto make = [] {
    auto farm = Farm();
    List(farm.get(), "machine-3");
    farm->groups.Edit(3, [](MemberView* member) {
      member->server.status = ServerStatus::kFaulty;
      member->server.mode = ServerMode::kOffline;
      member->server.errant = "33333333-3333-3333-3333-333333333333:1";
    });
    return farm;
  };
  DieEverywhere(wish, make, [](ScalingFarm& farm) {
    EXPECT_TRUE(ended.ok()) << ended;
    EXPECT_TRUE(farm.inventory.GetMachine("machine-3").ok());
    EXPECT_THAT(farm.groups.Done(),
                ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 0.5", "remove db:3303"));
  });
}

TEST_F(WalkTest, DrainsAndRemovesOnceWhoeverDies) {
  ScalingWish wish;
  wish.steps = {Removal(2, "machine-2"), Removal(3)};
  const auto make = [] {
    auto farm = Farm();
    List(farm.get(), "machine-2");
    return farm;
  };
  DieEverywhere(wish, make, [](ScalingFarm& farm) {
    EXPECT_TRUE(ended.ok()) << ended;
    EXPECT_THAT(farm.groups.Done(), ElementsAre("update db:3302 OFFLINE", "remove db:3302",
                                                "update db:3303 OFFLINE", "remove db:3303"));
    EXPECT_THAT(*farm.inventory.ListMachines(""), IsEmpty());
  });
}

TEST_F(WalkTest, PutsBackWhoeverDies) {
  ScalingWish wish;
  wish.steps = {Addition(), Addition()};
  const auto make = [] {
    auto farm = std::make_unique<ScalingFarm>();
    farm->clone = [](RunningJob& job) -> absl::StatusOr<std::string> {
      if (job.request() != "cloud:4002") return "{}";
      return Refusal(absl::StatusCode::kFailedPrecondition, "SOURCE_LOST", "the source died");
    };
    farm->runner()->Start();
    return farm;
  };
  DieEverywhere(wish, make, [](ScalingFarm& farm) {
    EXPECT_EQ(ErrorReason(ended), "SOURCE_LOST") << ended;
    // The first is a member and stays one.
    EXPECT_THAT(farm.groups.Done(),
                ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 0.5"));
    EXPECT_THAT(farm.cloud.Machines(), SizeIs(1));
    const std::vector<MachineEntry> listed = *farm.inventory.ListMachines("");
    ASSERT_THAT(listed, SizeIs(1));
    EXPECT_EQ(listed[0].machine.addresses[0].port, 4001);
    EXPECT_EQ(listed[0].stage, Stage::kReady);
  });
}

TEST_F(WalkTest, StaysGivenUpWhoeverDies) {
  ScalingWish wish;
  wish.steps = {Addition()};
  bool lived = false;
  for (int steps = 0; !lived; ++steps) {
    ASSERT_LT(steps, 200);
    SCOPED_TRACE(absl::StrCat("dies after ", steps, " steps"));
    const std::unique_ptr<ScalingFarm> farm = Farm();
    std::string notes;
    // Its end is asked for once its machine stands. Who resumes it has not heard of that.
    lived = Live(farm.get(), wish, steps, &notes, [&] {
      const std::vector<MachineEntry> listed = *farm->inventory.ListMachines("");
      return !listed.empty() && listed[0].stage == Stage::kReady;
    });
    if (!lived) {
      EXPECT_TRUE(Live(farm.get(), wish, 1000000, &notes));
    }
    const bool given_up = ParseScalingNotes(notes)->given_up.has_value();
    EXPECT_EQ(absl::IsCancelled(ended), given_up) << ended;
    EXPECT_EQ(ended.ok(), !given_up) << ended;
    EXPECT_THAT(farm->cloud.Machines(), SizeIs(given_up ? 0 : 1));
    EXPECT_THAT(farm->groups.Members(), SizeIs(given_up ? 3 : 4));
  }
}

TEST_F(WalkTest, KeepsAMachineThatADeadProvisionerMayHaveHadAdded) {
  const auto farm = Farm();
  ScalingWish wish;
  wish.steps = {Addition()};
  std::string notes;
  // The first dies with its call on the way, the end of the second is asked for before it begins.
  for (int steps = 1; ParseScalingNotes(notes)->joining != 0; ++steps) {
    ASSERT_LT(steps, 200);
    EXPECT_FALSE(Live(farm.get(), wish, steps, &notes));
  }
  EXPECT_THAT(farm->groups.Done(), IsEmpty());
  EXPECT_TRUE(Live(farm.get(), wish, 1000, &notes, [] { return true; }));
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  const std::vector<MachineEntry> listed = *farm->inventory.ListMachines("");
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].stage, Stage::kOrphan);
  EXPECT_THAT(farm->cloud.Machines(), SizeIs(1));
}

TEST_F(WalkTest, GoesOnDrainingWhereADeadProvisionerBegan) {
  const auto farm = Farm();
  ScalingWish wish;
  wish.steps = {Removal(2)};
  std::string notes;
  for (int steps = 1; farm->groups.Done().empty(); ++steps) {
    ASSERT_LT(steps, 200);
    EXPECT_FALSE(Live(farm.get(), wish, steps, &notes));
  }
  EXPECT_THAT(farm->groups.Done(), ElementsAre("update db:3302 OFFLINE"));
  int sessions = 3;
  farm->sessions = [&](const HostPort&) { return sessions--; };
  EXPECT_TRUE(Live(farm.get(), wish, 1000, &notes));
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_LT(sessions, 0);
}

TEST_F(WalkTest, RefusesToRemoveWhoHasBecomeThePrimary) {
  const auto farm = Farm();
  farm->groups.Edit(2, [](MemberView* member) { member->server.status = ServerStatus::kPrimary; });
  ScalingWish wish;
  wish.steps = {Removal(2)};
  std::string notes;
  EXPECT_TRUE(Live(farm.get(), wish, 1000, &notes));
  EXPECT_EQ(ErrorReason(ended), "SERVER_IS_PRIMARY");
  EXPECT_THAT(farm->groups.Done(), IsEmpty());
}

}  // namespace
}  // namespace weft::provisioner
