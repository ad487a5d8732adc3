#include "services/controller/health_table.h"

#include <string>
#include <vector>

#include "common/base/error_details.h"
#include "common/base/manual_clock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

ServerUuid Uuid(char digit) {
  return ServerUuid::Parse(std::string(8, digit) + "-0000-4000-8000-000000000000").value();
}

HealthTable::Entry Says(char server, Contact contact) {
  HealthTable::Entry entry;
  entry.server = Uuid(server);
  entry.contact = contact;
  return entry;
}

// What monitors of the zone "z" say.
Report Said(int observers, int unreachable) {
  Report report{.observers = observers, .unreachable = unreachable};
  if (observers > 0) report.zones.insert("z");
  if (unreachable > 0) report.lost_in.insert("z");
  return report;
}

class HealthTableTest : public ::testing::Test {
 protected:
  std::vector<ServerUuid> Round(const std::string& observer,
                                const std::vector<HealthTable::Entry>& entries) {
    return table_.Take(observer, "z", entries, /*full_round=*/true);
  }
  Report ReportOn(char server) { return table_.Reports({Uuid(server)})[Uuid(server)]; }

  ManualClock clock_;
  HealthTable table_{HealthTable::Options(), &clock_};
};

TEST_F(HealthTableTest, CountsTheVotesOfAllMonitors) {
  Round("m1", {Says('1', Contact::kUnreachable)});
  Round("m2", {Says('1', Contact::kAnswered)});
  Round("m3", {Says('1', Contact::kRejected)});
  Report expected = Said(3, 1);
  expected.rejected = 1;
  EXPECT_EQ(ReportOn('1'), expected);
  EXPECT_EQ(ReportOn('2'), Said(0, 0));
  EXPECT_EQ(table_.LiveObservers(), 3);
}

TEST_F(HealthTableTest, OneProcessAtATimeSpeaksByAName) {
  const int first = 0;
  const int second = 0;
  const int third = 0;
  EXPECT_TRUE(table_.Admit("m1", "x", &first).ok());
  EXPECT_EQ(ErrorReason(table_.Admit("m1", "y", &second)), "MONITOR_NAME_TAKEN");
  EXPECT_TRUE(table_.Admit("m2", "y", &second).ok());
  // It connects anew before its old stream is known to have ended.
  EXPECT_TRUE(table_.Admit("m1", "x", &third).ok());
  table_.Leave("m1", &first);
  EXPECT_FALSE(table_.Admit("m1", "y", &second).ok());
  table_.Leave("m1", &third);
  EXPECT_TRUE(table_.Admit("m1", "y", &second).ok());
}

TEST_F(HealthTableTest, ANameIsFreeOnceWhoBoreItIsSilent) {
  const int cut = 0;
  const int next = 0;
  EXPECT_TRUE(table_.Admit("m1", "x", &cut).ok());
  clock_.Advance(absl::Seconds(3));
  EXPECT_FALSE(table_.Admit("m1", "y", &next).ok());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(table_.Admit("m1", "y", &next).ok());
  // And then it is the other's: one that wakes up is turned away.
  EXPECT_FALSE(table_.Admit("m1", "x", &cut).ok());
}

TEST_F(HealthTableTest, WhoDoesNotSayWhichProcessItIsIsNotTurnedAway) {
  const int old_version = 0;
  const int other = 0;
  EXPECT_TRUE(table_.Admit("m1", "", &old_version).ok());
  EXPECT_TRUE(table_.Admit("m1", "x", &other).ok());
  EXPECT_TRUE(table_.Admit("m1", "", &old_version).ok());
}

TEST_F(HealthTableTest, NamesTheZonesOfThoseWhoSpeakAndOfThoseWhoLostIt) {
  table_.Take("m1", "north", {Says('1', Contact::kUnreachable), Says('2', Contact::kAnswered)},
              true);
  table_.Take("m2", "south", {Says('1', Contact::kRejected)}, true);
  table_.Take("m3", "", {Says('1', Contact::kUnreachable)}, true);
  EXPECT_EQ(ReportOn('1'), (Report{.observers = 3,
                                   .unreachable = 2,
                                   .zones = {"", "north", "south"},
                                   .lost_in = {"", "north"},
                                   .rejected = 1}));
}

TEST_F(HealthTableTest, AMonitorThatReachesNothingIsCutOffItself) {
  HealthTable::Entry closed = Says('2', Contact::kUnreachable);
  Round("m1", {Says('1', Contact::kUnreachable), closed});
  EXPECT_EQ(ReportOn('1'), (Report{.blind = 1}));
  // It takes a machine to refuse.
  closed.refused = true;
  Round("m1", {Says('1', Contact::kUnreachable), closed});
  EXPECT_EQ(ReportOn('1'), Said(1, 1));
  Round("m1", {Says('1', Contact::kUnreachable), Says('2', Contact::kRejected)});
  EXPECT_EQ(ReportOn('1'), Said(1, 1));
  // Of one server alone nobody can tell.
  Round("m1", {Says('1', Contact::kUnreachable)});
  EXPECT_EQ(ReportOn('1'), Said(1, 1));
}

TEST_F(HealthTableTest, AMonitorWithoutARoundForThreeSecondsHasNoVote) {
  Round("m1", {Says('1', Contact::kUnreachable)});
  clock_.Advance(absl::Seconds(3) + absl::Milliseconds(1));
  EXPECT_EQ(ReportOn('1'), Said(0, 0));
  EXPECT_EQ(table_.LiveObservers(), 0);
  EXPECT_TRUE(table_.Entries({Uuid('1')}).empty());
}

TEST_F(HealthTableTest, PartsOfARoundKeepNoMonitorAlive) {
  Round("m1", {Says('1', Contact::kAnswered)});
  clock_.Advance(absl::Seconds(2));
  table_.Take("m1", "z", {Says('1', Contact::kUnreachable)}, /*full_round=*/false);
  EXPECT_EQ(ReportOn('1'), Said(1, 1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(ReportOn('1'), Said(0, 0));
}

TEST_F(HealthTableTest, TellsWhichServersAreNewsAndNotWhatStays) {
  EXPECT_EQ(Round("m1", {Says('1', Contact::kAnswered), Says('2', Contact::kAnswered)}).size(), 2u);
  EXPECT_TRUE(Round("m1", {Says('1', Contact::kAnswered), Says('2', Contact::kAnswered)}).empty());
  EXPECT_EQ(table_.Take("m1", "z", {Says('2', Contact::kUnreachable)}, false),
            std::vector<ServerUuid>{Uuid('2')});
}

TEST_F(HealthTableTest, WhatAMonitorSaidBeforeItFellSilentIsNewsAgain) {
  Round("m1", {Says('1', Contact::kUnreachable)});
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(Round("m1", {Says('1', Contact::kUnreachable)}).size(), 1u);
}

TEST_F(HealthTableTest, AWholeRoundForgetsServersItDoesNotName) {
  Round("m1", {Says('1', Contact::kAnswered), Says('2', Contact::kAnswered)});
  Round("m1", {Says('1', Contact::kAnswered)});
  EXPECT_EQ(ReportOn('2'), Said(0, 0));
}

TEST_F(HealthTableTest, VitalsAreTheBestContactAndTheLatestLag) {
  HealthTable::Entry replica = Says('1', Contact::kAnswered);
  replica.receiver = "on";
  replica.applier_running = true;
  replica.lag = absl::Seconds(9);
  Round("m1", {replica, Says('2', Contact::kUnreachable)});
  clock_.Advance(absl::Seconds(1));
  replica.lag = absl::Seconds(2);
  Round("m2", {replica});
  Round("m3", {Says('1', Contact::kUnreachable)});
  const auto vitals = table_.AllVitals();
  ASSERT_EQ(vitals.size(), 2u);
  EXPECT_EQ(vitals.at(Uuid('1')), (HealthTable::Vitals{Contact::kAnswered, absl::Seconds(2)}));
  EXPECT_EQ(vitals.at(Uuid('2')), (HealthTable::Vitals{Contact::kUnreachable, std::nullopt}));
}

TEST_F(HealthTableTest, TheLeastLagThatAMonitorSawCounts) {
  HealthTable::Entry slow = Says('1', Contact::kAnswered);
  slow.lag = absl::Seconds(9);
  HealthTable::Entry fast = slow;
  fast.lag = absl::Seconds(2);
  HealthTable::Entry cut_off = Says('1', Contact::kUnreachable);
  cut_off.lag = absl::ZeroDuration();  // of the last time
  EXPECT_FALSE(ReportOn('1').lag.has_value());
  Round("m1", {slow});
  EXPECT_EQ(ReportOn('1').lag, absl::Seconds(9));
  Round("m2", {fast});
  Round("m3", {cut_off});
  EXPECT_EQ(ReportOn('1').lag, absl::Seconds(2));
}

TEST_F(HealthTableTest, AServerThatAppliesNothingHasNoLag) {
  HealthTable::Entry broken = Says('1', Contact::kAnswered);
  broken.receiver = "on";
  broken.lag = absl::ZeroDuration();
  Round("m1", {broken});
  EXPECT_EQ(table_.AllVitals().at(Uuid('1')).lag, std::nullopt);
}

TEST_F(HealthTableTest, EveryReportIsTold) {
  int told = 0;
  const uint64_t handle = table_.listeners().Subscribe([&told] { ++told; });
  Round("m1", {});
  EXPECT_EQ(told, 1);
  table_.listeners().Forget(handle);
  Round("m1", {});
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace weft::controller
