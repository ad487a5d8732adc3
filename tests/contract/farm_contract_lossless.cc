// The farm contract: semi-synchronous replication, admission, rebuilding.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/contract/farm_contract.h"

namespace weft::controller {

// --- lossless

TEST_P(FarmContract, AnArmedSourceGivesNoOkWithoutAnAcknowledgement) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  const SemiSync armed = See(0).semi_sync;
  EXPECT_TRUE(armed.installed);
  EXPECT_TRUE(armed.source_enabled);
  EXPECT_TRUE(armed.source_endless);
  EXPECT_TRUE(armed.source_active);
  EXPECT_EQ(armed.source_wait_for, 1u);
  for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
  EXPECT_EQ(Write(0, absl::Milliseconds(700)).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_P(FarmContract, ADisarmedSourceWaitsForNobodyAndReleasesWhoWaits) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
  ASSERT_EQ(Write(0, absl::Milliseconds(300)).code(), absl::StatusCode::kDeadlineExceeded);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(Do(ArmSource{server(0), 0}), absl::OkStatus());
    EXPECT_FALSE(See(0).semi_sync.source_enabled);
    EXPECT_EQ(See(0).semi_sync.source_waiting, 0u);
    EXPECT_EQ(Write(0), absl::OkStatus());
  }
  ASSERT_EQ(Do(ArmSource{server(0), 1}), absl::OkStatus());
  EXPECT_TRUE(See(0).semi_sync.source_endless);
  EXPECT_EQ(Write(0, absl::Milliseconds(300)).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_P(FarmContract, AReplicaThatFollowsWithoutAcknowledgingReleasesNoCommit) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_EQ(Do(Detach{server(2)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  Until(1, [](const Observation& one) { return one.replication.receiver == ThreadState::kOn; });
  EXPECT_EQ(Write(0, absl::Milliseconds(700)).code(), absl::StatusCode::kDeadlineExceeded);
  // The replica has the transaction already and will not acknowledge it: the farm sees to that.
  ASSERT_EQ(Do(FollowStep(1, 0, true)), absl::OkStatus());
  Until(0, [](const Observation& one) { return one.semi_sync.source_waiting == 0; });
  EXPECT_EQ(Write(0), absl::OkStatus());
}

TEST_P(FarmContract, AFenceHoldsWhileCommitsWaitForAcknowledgementsAndNobodyGetsAnOk) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
  ASSERT_EQ(Write(0, absl::Milliseconds(300)).code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_EQ(Do(Fence{server(0), true}), absl::OkStatus());
  const Observation fenced = See(0);
  EXPECT_TRUE(fenced.super_read_only);
  EXPECT_TRUE(fenced.semi_sync.source_enabled);
  EXPECT_EQ(fenced.semi_sync.source_waiting, 0u);
  EXPECT_FALSE(fenced.offline);
  EXPECT_EQ(Write(0).code(), absl::StatusCode::kFailedPrecondition);
}

// A switchover's target has yet to receive the last writes.
TEST_P(FarmContract, AFenceThatMayNotCutOffFailsRatherThanReleaseACommit) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
  ASSERT_EQ(Write(0, absl::Milliseconds(300)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(
      farm().Apply(group(), Fence{.server = server(0), .cut_off = false}, absl::Seconds(3)).ok());
  const Observation seen = See(0);
  EXPECT_FALSE(seen.offline);
  EXPECT_FALSE(seen.super_read_only);
  EXPECT_TRUE(seen.semi_sync.source_enabled);
  EXPECT_GT(seen.semi_sync.source_waiting, 0u);
}

TEST_P(FarmContract, TheReplicaFlagDoesNotSurviveARestart) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_TRUE(See(1).semi_sync.replica_enabled);
  ASSERT_EQ(under_test().Kill(server(1)), absl::OkStatus());
  ASSERT_EQ(under_test().Start(server(1)), absl::OkStatus());
  const Observation back = Until(1, [](const Observation& one) { return one.reached(); });
  EXPECT_FALSE(back.semi_sync.replica_enabled);
  EXPECT_FALSE(back.semi_sync.replica_preset);
}

// As by a restart between the look and the step.
TEST_P(FarmContract, AServerThatLacksWhatItWasSeenToHoldIsNotMadeToAcknowledge) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_TRUE(Do(FollowStep(1, 0, /*acknowledge=*/false)).ok());
  ASSERT_TRUE(Do(StopReceiver{.server = server(1)}).ok());
  ASSERT_TRUE(Write(0).ok());
  Follow step = FollowStep(1, 0, /*acknowledge=*/true);
  step.holds = See(0).executed;
  const absl::Status refused = Do(step);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_FALSE(See(1).semi_sync.replica_enabled);
  step.holds = See(1).Held();
  const absl::Status done = Do(step);
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_TRUE(See(1).semi_sync.replica_enabled);
}

TEST_P(FarmContract, AReplicaWhoseFlagIsClearedAcknowledgesUntilItsReceiverStops) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  ASSERT_EQ(Do(StopReceiver{server(2)}), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(under_test().ClearReplicaFlag(server(1)), absl::OkStatus());
  const SemiSync cleared = See(1).semi_sync;
  EXPECT_FALSE(cleared.replica_enabled);
  EXPECT_TRUE(cleared.replica_active);
  EXPECT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(Do(StopReceiver{server(1)}), absl::OkStatus());
  EXPECT_FALSE(See(1).semi_sync.replica_active);
  EXPECT_EQ(Write(0, absl::Milliseconds(700)).code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  const Observation back =
      Until(1, [](const Observation& one) { return one.replication.receiver == ThreadState::kOn; });
  EXPECT_FALSE(back.semi_sync.replica_active);
}

TEST_P(FarmContract, APromotionByHandAfterACrashLosesNothingThatWasAcknowledged) {
  if (!under_test().lossless()) GTEST_SKIP() << "no semi-synchronous replication";
  SetUpGroup(0);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(under_test().Kill(server(0)), absl::OkStatus());
  for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
  const bool first = See(1).Held().Contains(See(2).Held());
  const int winner = first ? 1 : 2;
  const int other = first ? 2 : 1;
  const GtidSet goal = See(winner).Held();
  ASSERT_TRUE(goal.Contains(See(other).Held()));
  ASSERT_EQ(Do(CatchUp{server(winner), goal, absl::Seconds(5)}), absl::OkStatus());
  ASSERT_EQ(Do(Detach{server(winner)}), absl::OkStatus());
  group().primary = server(winner);
  ASSERT_EQ(Do(ArmSource{server(winner), 1}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(other, winner, true)), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{server(winner)}), absl::OkStatus());
  EXPECT_EQ(Write(winner), absl::OkStatus());
  EXPECT_EQ(*under_test().MissingOn(server(winner)), 0);
}

TEST_P(FarmContract, OpensNoServerWhoseCommitsDoNotWait) {
  if (!under_test().lossless()) GTEST_SKIP() << "its commits never wait";
  SetUpGroup(0);
  ASSERT_EQ(Do(Fence{server(0), true}), absl::OkStatus());
  ASSERT_EQ(Do(ArmSource{server(0), 0}), absl::OkStatus());
  EXPECT_EQ(Do(Unfence{server(0), 1}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(See(0).read_only);
  ASSERT_EQ(Do(ArmSource{server(0), 1}), absl::OkStatus());
  EXPECT_EQ(Do(Unfence{server(0), 1}), absl::OkStatus());
  EXPECT_FALSE(See(0).read_only);
}

// --- accounts of replicas' own

TEST_P(FarmContract, AReplicaWhoseAccountIsLockedComesInNoMoreUntilItIsOpened) {
  if (!under_test().lossless()) GTEST_SKIP() << "no accounts of replicas' own";
  ASSERT_TRUE(See(0).gives_accounts) << See(0).no_accounts_because;
  for (const int replica : {1, 2}) {
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(Do(OpenAccount{server(0), server(replica)}), absl::OkStatus());
    }
  }
  EXPECT_EQ(See(0).accounts, (std::map<ServerUuid, bool>{{server(1), false}, {server(2), false}}));
  SetUpGroup(0);
  EXPECT_FALSE(See(1).replication.own_account);
  for (const int replica : {1, 2}) {
    Follow follow = FollowStep(replica, 0, true);
    follow.own_account = true;
    ASSERT_EQ(Do(StopReceiver{server(replica)}), absl::OkStatus());
    ASSERT_EQ(Do(follow), absl::OkStatus());
    EXPECT_TRUE(See(replica).replication.own_account);
  }
  ASSERT_EQ(Write(0), absl::OkStatus());
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(Do(LockAccount{server(0), server(1)}), absl::OkStatus());
    const Observation locked = See(0);
    EXPECT_TRUE(locked.accounts.at(server(1)));
    EXPECT_EQ(locked.streaming_to, std::vector<ServerUuid>{server(2)});
  }
  ASSERT_EQ(Write(0), absl::OkStatus());        // the other one acknowledges
  under_test().Wait(absl::Milliseconds(1500));  // it tries again
  EXPECT_EQ(See(1).replication.receiver, ThreadState::kConnecting);
  EXPECT_TRUE(See(1).replication.login_refused);
  EXPECT_FALSE(See(1).Held().Contains(See(0).executed));
  ASSERT_EQ(Do(OpenAccount{server(0), server(1)}), absl::OkStatus());
  EXPECT_FALSE(See(0).accounts.at(server(1)));
  const GtidSet goal = See(0).executed;
  EXPECT_TRUE(Until(1, [&goal](const Observation& one) { return one.Held().Contains(goal); })
                  .Held()
                  .Contains(goal));
  EXPECT_FALSE(See(1).replication.login_refused);
  EXPECT_EQ(See(0).executed, goal);  // none of it is in the binary log
}

TEST_P(FarmContract, AHungReplicaThatIsLockedOutDoesNotAcknowledgeWhenItWakes) {
  if (!under_test().lossless()) GTEST_SKIP() << "no accounts of replicas' own";
  ASSERT_EQ(Do(OpenAccount{server(0), server(1)}), absl::OkStatus());
  SetUpGroup(0);
  Follow follow = FollowStep(1, 0, true);
  follow.own_account = true;
  ASSERT_EQ(Do(StopReceiver{server(1)}), absl::OkStatus());
  ASSERT_EQ(Do(follow), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(under_test().Pause(server(1)), absl::OkStatus());
  ASSERT_EQ(Do(LockAccount{server(0), server(1)}), absl::OkStatus());
  ASSERT_EQ(Do(StopReceiver{server(2)}), absl::OkStatus());
  ASSERT_EQ(under_test().Resume(server(1)), absl::OkStatus());
  EXPECT_EQ(Write(0, absl::Milliseconds(1500)).code(), absl::StatusCode::kDeadlineExceeded);
}

// --- admission and neighbours

TEST_P(FarmContract, AdmitsAServerThatFitsAndNamesItsUuid) {
  Group empty = group();
  empty.servers.clear();
  const HostPort address = group().servers[0].address;
  const auto admission = farm().Admit(empty, address, kStep);
  ASSERT_TRUE(admission.ok()) << admission.status();
  for (const AdmissionProblem& problem : admission->problems) {
    EXPECT_FALSE(problem.fatal) << problem.code << ": expected " << problem.expected << ", found "
                                << problem.found;
  }
  EXPECT_EQ(admission->observation.uuid, server(0));
  EXPECT_EQ(*farm().Identify(address, kStep), server(0));
}

TEST_P(FarmContract, RefusesAServerWithTransactionsThatThePrimaryDoesNotHave) {
  SetUpGroup(0);
  ASSERT_EQ(Do(Detach{server(2)}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{server(2)}), absl::OkStatus());
  ASSERT_EQ(Write(2), absl::OkStatus());
  ASSERT_EQ(Do(Fence{server(2), true}), absl::OkStatus());
  Group without = group();
  without.servers.pop_back();
  const auto admission = farm().Admit(without, group().servers[2].address, kStep);
  ASSERT_TRUE(admission.ok()) << admission.status();
  ASSERT_FALSE(admission->problems.empty());
  const AdmissionProblem& problem = admission->problems.front();
  EXPECT_EQ(problem.code, "ERRANT_TRANSACTIONS");
  EXPECT_TRUE(problem.fatal);
  EXPECT_TRUE(absl::StrContains(problem.found, server(2).text())) << problem.found;
  EXPECT_TRUE(admission->clone_would_help);
}

TEST_P(FarmContract, CannotAskAServerThatIsNotThere) {
  ASSERT_EQ(under_test().Kill(server(1)), absl::OkStatus());
  const HostPort address = group().servers[1].address;
  EXPECT_EQ(farm().Identify(address, kStep).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(farm().Admit(group(), address, kStep).status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(FarmContract, DiscoversReplicasAndSource) {
  SetUpGroup(0);
  Until(0, [](const Observation& one) { return one.streaming_to.size() == 2; });
  const auto primary = farm().Discover(group().servers[0].address, kStep);
  ASSERT_TRUE(primary.ok()) << primary.status();
  EXPECT_TRUE(primary->source.empty());
  EXPECT_EQ(primary->replicas.size(), 2u);
  const auto replica = farm().Discover(group().servers[1].address, kStep);
  ASSERT_TRUE(replica.ok()) << replica.status();
  EXPECT_EQ(replica->source, group().servers[0].address);
  EXPECT_TRUE(replica->replicas.empty());
}

// --- rebuilding

TEST_P(FarmContract, SavesTransactionsOnceAndAgainAtTheSamePlace) {
  if (!under_test().can_rescue()) GTEST_SKIP() << "no mysqlbinlog";
  ASSERT_EQ(Do(Unfence{server(0)}), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  const GtidSet before = See(0).executed;
  ASSERT_EQ(Write(0), absl::OkStatus());
  const GtidSet extra = See(0).executed.Minus(before);
  const auto saved = farm().SaveTransactions(group(), server(0), extra, absl::Seconds(30));
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(*farm().SaveTransactions(group(), server(0), extra, absl::Seconds(30)), *saved);
}

TEST_P(FarmContract, AnErrantServerIsRebuiltByAClone) {
  if (!under_test().can_clone()) GTEST_SKIP() << "no CLONE";
  SetUpGroup(0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(Do(Detach{server(2)}), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{server(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{server(2)}), absl::OkStatus());
  ASSERT_EQ(Write(2), absl::OkStatus());
  ASSERT_EQ(Do(Fence{server(2), true}), absl::OkStatus());
  const GtidSet errant = See(2).executed.Minus(See(0).executed);
  ASSERT_FALSE(errant.Empty());
  std::vector<double> progress;
  const auto uuid = farm().Clone(
      group(), server(2), server(0), [&progress](double part) { progress.push_back(part); },
      absl::Minutes(2));
  ASSERT_TRUE(uuid.ok()) << uuid.status();
  EXPECT_EQ(progress.back(), 1.0);
  for (Server& record : group().servers) {
    if (record.uuid == server(2)) record.uuid = *uuid;
  }
  const Observation rebuilt = See(2);
  ASSERT_TRUE(rebuilt.reached()) << rebuilt.error;
  EXPECT_FALSE(rebuilt.executed.Intersects(errant));
  EXPECT_TRUE(rebuilt.super_read_only);
  EXPECT_FALSE(rebuilt.replication.configured);
  EXPECT_FALSE(rebuilt.semi_sync.replica_enabled);
  ASSERT_EQ(Do(FollowStep(2, 0, true)), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{server(2), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
}

TEST_P(FarmContract, AnErrantServerIsRewoundAndFollows) {
  if (!under_test().can_rewind()) GTEST_SKIP() << "no rewinding";
  SetUpGroup(0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Write(0), absl::OkStatus());
  const GtidSet common = See(0).executed;
  ASSERT_EQ(Do(CatchUp{server(2), common, absl::Seconds(5)}), absl::OkStatus());
  ASSERT_EQ(Do(Detach{server(2)}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{server(2)}), absl::OkStatus());
  for (int i = 0; i < 2; ++i) ASSERT_EQ(Write(2), absl::OkStatus());
  ASSERT_EQ(Do(Fence{server(2), true}), absl::OkStatus());
  const GtidSet errant = See(2).executed.Minus(common);
  ASSERT_EQ(errant.Count(), 2u);
  const auto foreseen =
      farm().Rewind(group(), server(2), errant, /*dry_run=*/true, nullptr, absl::Seconds(30));
  ASSERT_TRUE(foreseen.ok()) << foreseen.status();
  EXPECT_EQ(foreseen->transactions, errant);
  EXPECT_TRUE(See(2).executed.Contains(errant)) << "a dry run";
  std::vector<double> progress;
  const auto rewound = farm().Rewind(
      group(), server(2), errant, /*dry_run=*/false,
      [&progress](double part) { progress.push_back(part); }, absl::Minutes(1));
  ASSERT_TRUE(rewound.ok()) << rewound.status();
  EXPECT_EQ(progress.back(), 1.0);
  EXPECT_EQ(rewound->path, foreseen->path);
  const Observation seen = See(2);
  ASSERT_TRUE(seen.reached()) << seen.error;
  EXPECT_EQ(seen.executed, common);
  EXPECT_TRUE(seen.super_read_only);
  EXPECT_FALSE(seen.replication.configured);
  // Again: there is nothing to do.
  EXPECT_TRUE(
      farm()
          .Rewind(group(), server(2), GtidSet(), /*dry_run=*/false, nullptr, absl::Minutes(1))
          .ok());
  ASSERT_EQ(Do(FollowStep(2, 0, true)), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{server(2), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  EXPECT_EQ(See(2).executed, See(0).executed);
}

}  // namespace weft::controller
