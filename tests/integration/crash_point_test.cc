// A controller dies before each single step of a change on real servers, one death a run, and the
// next one finishes under a new term (design section 3: no saved position).
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/controller/converge.h"
#include "services/controller/core/facts.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/work_pool.h"
#include "tests/integration/farm_rules_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kRest = absl::Milliseconds(20);
constexpr int kNever = 1000;
// No change takes more steps: a run that is never interrupted ends the test long before.
constexpr int kMostSteps = 60;

class CrashPointTest : public RealFarmTest {
 protected:
  void SetUp() override {
    Start(3);
    Group group = group_;
    const std::vector<Server> servers = std::exchange(group.servers, {});
    group.active = true;
    ASSERT_EQ(store_.CreateGroup(group), absl::OkStatus());
    for (Server server : servers) {
      server.status = ServerStatus::kSecondary;
      server.mode = DefaultMode(server.status);
      ASSERT_EQ(store_.AddServer(group_.id, Record().revision, server), absl::OkStatus());
    }
    Ask(Goal::kPromote);
    ASSERT_TRUE(Settles(kNever));
  }

  Group Record() { return store_.Load(group_.id).value(); }
  ServerUuid primary() { return Record().primary; }

  void Ask(Goal goal) {
    Operation operation;
    operation.id = absl::StrCat("operation-", ++operations_);
    operation.kind = "change";
    operation.group = group_.id;
    operation.created = operation.updated = RealClock::Get()->Now();
    Intent intent;
    intent.goal = goal;
    intent.operation = operation.id;
    ASSERT_EQ(store_.SetIntent(group_.id, Record().revision, intent, operation), absl::OkStatus());
  }

  // A controller that leads under a new term and may take so many steps until it is dead.
  std::unique_ptr<Converger> NextController(int steps) {
    farm().SetTerm(++term_, nullptr);
    steps_left_ = steps;
    Converger::Ports ports;
    ports.farm = &farm();
    ports.store = &store_;
    ports.clock = RealClock::Get();
    ports.reports = [this](const std::vector<ServerUuid>& servers) {
      std::map<ServerUuid, Report> reports;
      for (const ServerUuid& server : servers) {
        reports[server] = {.observers = 1, .unreachable = server == dead_ ? 1 : 0};
      }
      return reports;
    };
    ports.may_act = [this] {
      return steps_left_-- > 0 ? absl::OkStatus() : absl::AbortedError("it is dead");
    };
    // One after the other, so that each is a point to die at.
    ports.run_all = [this](const std::vector<std::function<void()>>& jobs,
                           const std::function<void()>& watch) {
      const auto all = [&jobs] {
        for (const std::function<void()>& job : jobs) job();
      };
      if (!watch) return all();
      if (at_repair_) std::exchange(at_repair_, {})();
      pool_.RunAllWatched({all}, absl::Milliseconds(100), watch);
    };
    ports.new_operation_id = [this] { return absl::StrCat("operation-", ++operations_); };
    Converger::Options options;
    options.failover_cool_down =
        absl::ZeroDuration();  // each leader is new, and has seen no healing
    return std::make_unique<Converger>(group_.id, options, std::move(ports));
  }

  // Settled, or it would be if the old primary had noticed already that its replicas have left.
  bool IsAtRest(const Round& round) {
    if (round.end == RoundEnd::kSettled) return true;
    if (round.end != RoundEnd::kWaiting) return false;
    const Snapshot& look = *round.snapshot;
    return look.group.intent.goal == Goal::kKeep && IsOpen(look.Of(look.group.primary)) &&
           std::all_of(look.seen.begin(), look.seen.end(), [&](const auto& one) {
             return one.first == look.group.primary || one.second.semi_sync.replica_active;
           });
  }

  // It is there, has been taken back, and the group has settled.
  bool TakesBack(const ServerUuid& server) {
    const Deadline end = Deadline::After(RealClock::Get(), kPatience);
    while (!end.Passed() && Settles(kNever)) {
      if (Record().Find(server)->status == ServerStatus::kSecondary) return true;
      RealClock::Get()->Sleep(kRest);
    }
    ADD_FAILURE() << "it is not taken back: " << Record().Find(server)->set_aside;
    return false;
  }

  // Until the group has settled; the first controller dies after so many steps.
  bool Settles(int steps) {
    std::unique_ptr<Converger> controller = NextController(steps);
    const Deadline end = Deadline::After(RealClock::Get(), kPatience);
    died_ = false;
    std::string last;
    while (!end.Passed()) {
      const Round round = controller->Once();
      if (steps_left_ < 0) {
        died_ = true;
        controller = NextController(kNever);
        continue;
      }
      if (IsAtRest(round)) {
        seen_ = round.snapshot->seen;
        return true;
      }
      // A round that only waits is no point of its own.
      if (round.end == RoundEnd::kWaiting) ++steps_left_;
      last = absl::StrCat(ToString(round.plan), "; ", round.status.ToString());
      if (round.end != RoundEnd::kActed) RealClock::Get()->Sleep(kRest);
    }
    ADD_FAILURE() << "does not settle: " << last;
    return false;
  }

  void WriteSome() {
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(real_->Write(primary(), absl::Seconds(10)), absl::OkStatus());
    }
  }

  // One server accepts writes, and it is the primary of record, which lacks nothing.
  void ExpectLegal(size_t writable) {
    std::set<ServerUuid> open;
    for (const auto& [server, seen] : seen_) {
      if (seen.reached() && !IsFenced(seen)) open.insert(server);
    }
    ASSERT_EQ(open.size(), writable);
    const auto last = store_.ListOperations(group_.id, /*limit=*/1, /*before=*/"");
    ASSERT_TRUE(last.ok() && last->size() == 1) << last.status();
    EXPECT_EQ(last->front().state, OperationState::kSucceeded) << last->front().error_message;
    if (writable == 0) return;
    EXPECT_EQ(open.count(primary()), 1u);
    const auto missing = real_->MissingOn(primary());
    ASSERT_TRUE(missing.ok()) << missing.status();
    EXPECT_EQ(*missing, 0);
  }

  MemoryStore store_;
  ServerUuid dead_;  // as the monitors say
  std::map<ServerUuid, Observation> seen_;
  bool died_ = false;
  // Happens once, when steps that nobody asked for are about to be done.
  std::function<void()> at_repair_;

 private:
  WorkPool pool_{1};
  uint64_t term_ = 10;
  int operations_ = 0;
  int steps_left_ = 0;
};

TEST_F(CrashPointTest, Promote) {
  int point = 0;
  for (bool died = true; died && point < kMostSteps; ++point) {
    SCOPED_TRACE(absl::StrCat("dead after ", point, " steps"));
    WriteSome();
    const ServerUuid old = primary();
    Ask(Goal::kPromote);
    ASSERT_TRUE(Settles(point));
    died = died_;
    EXPECT_NE(primary(), old);
    ExpectLegal(1);
    if (HasFatalFailure()) return;
  }
  WriteSome();
  std::printf("%d points\n", point);
  EXPECT_GT(point, 10);
}

TEST_F(CrashPointTest, Failover) {
  int point = 0;
  for (bool died = true; died && point < kMostSteps; ++point) {
    SCOPED_TRACE(absl::StrCat("dead after ", point, " steps"));
    WriteSome();
    const ServerUuid old = primary();
    ASSERT_EQ(real_->Kill(old), absl::OkStatus());
    dead_ = old;
    ASSERT_TRUE(Settles(point));
    died = died_;
    EXPECT_NE(primary(), old);
    ExpectLegal(1);
    ASSERT_EQ(real_->Start(old), absl::OkStatus());
    dead_ = ServerUuid();
    ASSERT_TRUE(TakesBack(old));
    ExpectLegal(1);
    if (HasFatalFailure()) return;
  }
  WriteSome();
  std::printf("%d points\n", point);
  EXPECT_GT(point, 8);
}

TEST_F(CrashPointTest, Demote) {
  int point = 0;
  for (bool died = true; died && point < kMostSteps; ++point) {
    SCOPED_TRACE(absl::StrCat("dead after ", point, " steps"));
    WriteSome();
    Ask(Goal::kDemote);
    ASSERT_TRUE(Settles(point));
    died = died_;
    EXPECT_EQ(primary(), ServerUuid());
    ExpectLegal(0);
    Ask(Goal::kPromote);
    ASSERT_TRUE(Settles(kNever));
    ExpectLegal(1);
    if (HasFatalFailure()) return;
  }
  WriteSome();
  std::printf("%d points\n", point);
  EXPECT_GT(point, 4);
}

// S25: a server hangs under a repair as the primary dies. The step alone would take 5 s.
TEST_F(CrashPointTest, ARepairThatHangsGivesWayToAFailover) {
  Group group = Record();
  group.durability = Durability::kAsync;  // the other has acknowledged nothing that could be missed
  ASSERT_EQ(store_.UpdateGroup(group), absl::OkStatus());
  ASSERT_TRUE(Settles(kNever));
  const ServerUuid old = primary();
  const int hung = uuid(1) == old ? 2 : 1;
  absl::Duration died;
  at_repair_ = [&] {
    ASSERT_EQ(real_->Pause(uuid(hung)), absl::OkStatus());
    ASSERT_EQ(real_->Kill(old), absl::OkStatus());
    dead_ = old;
    died = RealClock::Get()->MonotonicNow();
  };
  Root(hung, test_sql::kStopReplica);
  const std::unique_ptr<Converger> controller = NextController(kNever);
  const Deadline end = Deadline::After(RealClock::Get(), kPatience);
  while (primary() == old && !end.Passed()) controller->Once();
  EXPECT_NE(primary(), old);
  EXPECT_LT(RealClock::Get()->MonotonicNow() - died, absl::Seconds(3));
  ASSERT_EQ(real_->Resume(uuid(hung)), absl::OkStatus());
  ASSERT_EQ(real_->Start(old), absl::OkStatus());
  dead_ = ServerUuid();
  ASSERT_TRUE(TakesBack(old));
  ExpectLegal(1);
}

}  // namespace
}  // namespace weft::controller
