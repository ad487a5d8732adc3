#include "services/controller/reconciler.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/rpc/metrics.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/testing/fake_farm.h"

namespace weft::controller {
namespace {

// Holds a group that it cannot read.
class DamagedStore : public MemoryStore {
 public:
  absl::StatusOr<Group> Load(const std::string& group) override {
    if (group == damaged) return absl::DataLossError("an impossible policy");
    return MemoryStore::Load(group);
  }

  std::string damaged;  // set before anything runs
};

class ReconcilerTest : public ::testing::Test {
 protected:
  explicit ReconcilerTest(absl::Duration period = absl::Milliseconds(10)) {
    Reconciler::Options options;
    options.leadership.name = "one";
    options.leadership.ttl = absl::Milliseconds(500);
    options.leadership.margin = absl::Milliseconds(100);
    options.leadership.period = absl::Milliseconds(50);
    options.worker.period = period;
    options.worker.first_rest = absl::Milliseconds(2);
    options.worker.fresh = absl::ZeroDuration();
    options.follow_period = absl::Milliseconds(20);
    Reconciler::Listeners listeners;
    listeners.group = [this](const GroupNews& news) {
      MutexLock lock(&mutex_);
      told_[news.group.id].push_back(news.removed ? 0 : news.group.revision);
    };
    reconciler_ = std::make_unique<Reconciler>(
        options, Reconciler::Ports{&farm_, &store_, &health_, &metrics_, RealClock::Get()},
        listeners);
  }

  void Start() {
    reconciler_->Start();
    ASSERT_TRUE(reconciler_->AwaitLeader(absl::Seconds(10)));
  }
  // An active group whose servers 1..3 exist; none leads yet.
  void MakeGroup() {
    Group group;
    group.id = "g";
    group.active = true;
    for (int n = 1; n <= 3; ++n) {
      Server server;
      server.uuid = farm_.Add(n);
      server.address = FakeFarm::AddressOf(n);
      group.servers.push_back(server);
    }
    ASSERT_TRUE(store_.CreateGroup(group).ok());
    ASSERT_TRUE(reconciler_->Refresh("g").ok());
  }
  absl::StatusOr<Operation> Promote(int n) {
    Intent intent;
    intent.goal = Goal::kPromote;
    intent.target = FakeFarm::UuidOf(n);
    Operation operation;
    operation.id = RandomUuid();
    operation.kind = "promote";
    operation.group = "g";
    return reconciler_->Request("g", intent, operation, check_);
  }
  OperationState Wait(const absl::StatusOr<Operation>& operation) {
    if (!operation.ok()) return OperationState::kFailed;
    return reconciler_->board().Wait(operation->id, absl::Seconds(10))->state;
  }

  FakeFarm farm_;
  DamagedStore store_;
  HealthTable health_{HealthTable::Options(), RealClock::Get()};
  rpc::Metrics registry_;
  ControllerMetrics metrics_{&registry_};
  Mutex mutex_;
  std::map<std::string, std::vector<uint64_t>> told_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Reconciler> reconciler_;
  std::function<absl::Status(const Group&)> check_ = [](const Group&) { return absl::OkStatus(); };
};

TEST_F(ReconcilerTest, BringsAGroupToItsIntentAndComesToRest) {
  Start();
  MakeGroup();
  EXPECT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  EXPECT_TRUE(reconciler_->WaitSettled("g", absl::Seconds(10)).ok());
  EXPECT_TRUE(farm_.WriteOn(FakeFarm::UuidOf(1)));
  EXPECT_EQ(reconciler_->Cached("g")->primary, FakeFarm::UuidOf(1));
}

TEST_F(ReconcilerTest, AnEndIsToldAlsoWhereTheStoresAnswerToItWasLost) {
  Start();
  MakeGroup();
  store_.SetFaults([](absl::string_view call, bool) {
    return call == "EndIntent" ? StoreFault::kAnswerLost : StoreFault::kNone;
  });
  EXPECT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
}

TEST_F(ReconcilerTest, WhatIsExpectedOfTheRecordIsAskedOfTheOneThatIsWritten) {
  Start();
  MakeGroup();
  ASSERT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  uint64_t asked_of = 0;
  check_ = [&](const Group& record) {
    // Somebody changes the group between the question and the write: it is asked again.
    if (asked_of == 0) {
      EXPECT_TRUE(store_.UpdateGroup(record).ok());
    }
    asked_of = record.revision;
    return absl::OkStatus();
  };
  const uint64_t before = store_.Load("g")->revision;
  EXPECT_EQ(Wait(Promote(2)), OperationState::kSucceeded);
  EXPECT_GT(asked_of, before);
  check_ = [](const Group&) { return absl::AbortedError("another epoch"); };
  EXPECT_EQ(Promote(3).status(), absl::AbortedError("another epoch"));
  EXPECT_EQ(store_.Load("g")->intent.goal, Goal::kKeep);
}

class SlowReconcilerTest : public ReconcilerTest {
 protected:
  SlowReconcilerTest() : ReconcilerTest(absl::Hours(1)) {}
};

// The record without the intent may call for something else: a failover, if the primary has died.
TEST_F(SlowReconcilerTest, AfterARefusedRequestItLooksAgainAtOnce) {
  Start();
  MakeGroup();
  ASSERT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  ASSERT_TRUE(reconciler_->WaitSettled("g", absl::Seconds(10)).ok());
  // Asked for while all was well; the target dies before the round.
  farm_.Kill(FakeFarm::UuidOf(2));
  Intent intent;
  intent.goal = Goal::kPromote;
  intent.target = FakeFarm::UuidOf(2);
  Operation operation;
  operation.id = intent.operation = RandomUuid();
  operation.kind = "promote";
  operation.group = "g";
  const uint64_t before = reconciler_->StandingOf("g")->begun;
  ASSERT_TRUE(store_.SetIntent("g", store_.Load("g")->revision, intent, operation).ok());
  reconciler_->Wake("g");
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(5));
  while (reconciler_->StandingOf("g")->begun < before + 2 && !deadline.Passed()) {
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  EXPECT_GE(reconciler_->StandingOf("g")->begun, before + 2);
  EXPECT_EQ(store_.Load("g")->intent.goal, Goal::kKeep);
}

TEST_F(ReconcilerTest, ListenersGetRecordsInOrderAndTheEndOfAGroup) {
  Start();
  MakeGroup();
  for (const int n : {1, 2, 3, 1}) EXPECT_EQ(Wait(Promote(n)), OperationState::kSucceeded);
  reconciler_->DropAll();
  MutexLock lock(&mutex_);
  const std::vector<uint64_t>& revisions = told_["g"];
  const auto end = std::find(revisions.begin(), revisions.end(), 0u);
  // The store still has the group, so it may have been found again since.
  ASSERT_NE(end, revisions.end());
  EXPECT_GE(end - revisions.begin(), 4);
  EXPECT_TRUE(std::is_sorted(revisions.begin(), end));
}

TEST_F(ReconcilerTest, OneChangeOfPrimaryAtATime) {
  Start();
  MakeGroup();
  std::atomic<int> begun = 0;
  std::vector<std::thread> callers;
  callers.reserve(3);
  for (int n = 1; n <= 3; ++n) {
    callers.emplace_back([this, n, &begun] {
      const absl::StatusOr<Operation> operation = Promote(n);
      if (operation.ok()) {
        ++begun;
        EXPECT_NE(Wait(operation), OperationState::kRunning);
      } else {
        // One is pending, or was a moment ago and its replicas are not attached yet.
        EXPECT_TRUE(absl::IsAborted(operation.status()) ||
                    ErrorReason(operation.status()) == "TARGET_NOT_REPLICATING")
            << operation.status();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(begun, 1);
}

TEST_F(ReconcilerTest, NoRoundRunsDuringAnExclusiveChange) {
  Start();
  MakeGroup();
  ASSERT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  for (int i = 0; i < 20; ++i) {
    const absl::Status status = reconciler_->Exclusively("g", [&]() -> absl::Status {
      const uint64_t before = reconciler_->StandingOf("g")->begun;
      reconciler_->Wake("g");
      RealClock::Get()->Sleep(absl::Milliseconds(2));
      EXPECT_EQ(reconciler_->StandingOf("g")->begun, before);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST_F(ReconcilerTest, LooksAndChangesMayComeFromEverywhereAtOnce) {
  Start();
  MakeGroup();
  ASSERT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  std::atomic<bool> stop = false;
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        EXPECT_TRUE(reconciler_->Look("g").ok());
        EXPECT_TRUE(reconciler_->Refresh("g").ok());
        reconciler_->CachedAll();
        reconciler_->Reported({});
        reconciler_->LastLook("g");
      }
    });
  }
  for (const int n : {2, 3, 1, 2}) EXPECT_EQ(Wait(Promote(n)), OperationState::kSucceeded);
  stop = true;
  for (std::thread& caller : callers) caller.join();
}

TEST_F(ReconcilerTest, WithoutTheLeaseItReadsAndDoesNothing) {
  const Lease lease = store_.ReadLease().value();
  ASSERT_TRUE(store_.TakeLease(lease, "somebody").ok());
  store_.SetTerm(1);
  Group group;
  group.id = "g";
  ASSERT_TRUE(store_.CreateGroup(group).ok());
  reconciler_->Start();
  while (!reconciler_->Cached("g").ok()) RealClock::Get()->Sleep(absl::Milliseconds(1));
  EXPECT_FALSE(reconciler_->CheckLeading().ok());
  EXPECT_EQ(farm_.Applied().size(), 0u);
}

TEST_F(ReconcilerTest, IsReadyAsAFollowerWhileAnotherRenewsItsLease) {
  const absl::StatusOr<Lease> taken = store_.TakeLease(store_.ReadLease().value(), "somebody");
  ASSERT_TRUE(taken.ok());
  std::atomic<bool> stop = false;
  std::thread somebody([&] {
    for (absl::StatusOr<Lease> held = taken; held.ok() && !stop; held = store_.RenewLease(*held)) {
      RealClock::Get()->Sleep(absl::Milliseconds(5));
    }
  });
  reconciler_->Start();
  EXPECT_TRUE(reconciler_->AwaitReady(absl::Seconds(10)));
  EXPECT_FALSE(reconciler_->leading());
  EXPECT_EQ(ErrorReason(reconciler_->Cached("g").status()),
            "UNKNOWN_GROUP");  // the groups are read
  stop = true;
  somebody.join();
  // That one was the last word of somebody: now it is ready when it leads.
  EXPECT_TRUE(reconciler_->AwaitLeader(absl::Seconds(10)));
}

TEST_F(ReconcilerTest, UnknownGroupsAreToldFromThoseNotReadYet) {
  store_.SetUnavailable(true);
  reconciler_->Start();
  EXPECT_TRUE(absl::IsUnavailable(reconciler_->Cached("g").status()));
  store_.SetUnavailable(false);
  ASSERT_TRUE(reconciler_->AwaitLeader(absl::Seconds(10)));
  EXPECT_EQ(ErrorReason(reconciler_->Cached("g").status()), "UNKNOWN_GROUP");
}

TEST_F(ReconcilerTest, AGroupThatCannotBeReadDoesNotKeepTheOthersWaiting) {
  store_.damaged = "a";
  Group damaged;
  damaged.id = "a";
  ASSERT_TRUE(store_.CreateGroup(damaged).ok());
  MakeGroup();
  Start();
  EXPECT_EQ(Wait(Promote(1)), OperationState::kSucceeded);
  EXPECT_EQ(reconciler_->Refresh("a").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ReconcilerTest, StopsInTheMiddleOfAnything) {
  Start();
  MakeGroup();
  const absl::StatusOr<Operation> operation = Promote(1);
  ASSERT_TRUE(operation.ok());
  reconciler_->Stop();
  EXPECT_FALSE(reconciler_->leading());
  // Whoever leads next finds the intent, or its fulfilment.
  const Group group = store_.Load("g").value();
  EXPECT_TRUE(group.intent.operation == operation->id || group.primary == FakeFarm::UuidOf(1));
}

}  // namespace
}  // namespace weft::controller
