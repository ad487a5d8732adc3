#include "services/controller/chronicle.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

ServerUuid Uuid(char digit) {
  return ServerUuid::Parse(std::string(8, digit) + "-0000-4000-8000-000000000000").value();
}

class ChronicleTest : public ::testing::Test {
 protected:
  ChronicleTest() {
    look_.group.id = "g";
    look_.group.active = true;
    look_.group.epoch = 1;
    look_.group.primary = Uuid('a');
    Server server;
    server.uuid = Uuid('a');
    server.address = HostPort{"a", 3306};
    server.status = ServerStatus::kPrimary;
    look_.group.servers = {server};
    look_.seen[Uuid('a')].contact = Contact::kAnswered;
  }
  Round Ends(RoundEnd end, Plan plan = {}) {
    Round round;
    round.end = end;
    round.snapshot = look_;
    round.plan = std::move(plan);
    return round;
  }
  Round Waits(const std::string& what) {
    Plan plan;
    plan.waiting_for = what;
    return Ends(RoundEnd::kWaiting, plan);
  }
  Round Refuses(const std::string& reason, const std::string& message) {
    Plan plan;
    plan.refusal = Refusal{reason, message, "do this", {Uuid('a')}};
    return Ends(RoundEnd::kRefused, plan);
  }
  // How many events contain `part`.
  int Count(const std::string& part) {
    EXPECT_TRUE(journal_.Flush(absl::Seconds(5)));
    const std::vector<Event> events = store_.ListEvents("g", 1000, 0).value();
    return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const Event& event) {
      return absl::StrContains(event.text, part);
    }));
  }

  Snapshot look_;
  MemoryStore store_;
  EventJournal journal_{EventJournal::Options(), &store_, RealClock::Get()};
  Chronicle chronicle_{"g", &journal_};
};

TEST_F(ChronicleTest, ARefusalIsRecordedOnceHoweverLongItStands) {
  for (int i = 0; i < 5; ++i) {
    chronicle_.Take(Refuses("NOT_SAFE", "silent for " + std::to_string(i) + " s"));
  }
  EXPECT_EQ(Count("NOT_SAFE"), 1);
  EXPECT_EQ(Count("do this"), 1);
}

TEST_F(ChronicleTest, ARefusalForAnotherReasonIsNews) {
  chronicle_.Take(Refuses("NOT_SAFE", "x"));
  chronicle_.Take(Refuses("NO_CANDIDATE", "y"));
  chronicle_.Take(Refuses("NOT_SAFE", "x"));
  EXPECT_EQ(Count("NOT_SAFE"), 2);
}

TEST_F(ChronicleTest, WaitingIsADecisionWhoseFiguresMayChange) {
  chronicle_.Take(Waits("the cool-down, 9 s more"));
  chronicle_.Take(Waits("the cool-down, 8 s more"));
  EXPECT_EQ(Count("cool-down"), 1);
}

TEST_F(ChronicleTest, WhatIsDoneIsRecordedWithItsSteps) {
  Plan plan;
  plan.phase = "revoke";
  plan.steps = {StopReceiver{Uuid('b')}};
  chronicle_.Take(Ends(RoundEnd::kActed, plan));
  EXPECT_EQ(Count("revoke: stop receiver of " + Uuid('b').text()), 1);
}

TEST_F(ChronicleTest, WhatIsDoneNamesServersByAddressAndTellsThemApart) {
  Server other = look_.group.servers[0];
  other.uuid = Uuid('b');
  other.address = HostPort{"a", 3307};
  look_.group.servers.push_back(other);
  for (const char one : {'a', 'b'}) {
    Plan plan;
    plan.phase = "revoke";
    plan.steps = {StopReceiver{Uuid(one)}};
    chronicle_.Take(Ends(RoundEnd::kActed, plan));
  }
  EXPECT_EQ(Count("revoke: stop receiver of a:3306"), 1);
  EXPECT_EQ(Count("revoke: stop receiver of a:3307"), 1);
}

TEST_F(ChronicleTest, AStepThatFailsAgainAndAgainIsRecordedOnceWithItsCause) {
  Plan plan;
  plan.phase = "revoke";
  plan.steps = {StopReceiver{Uuid('b')}};
  Round round = Ends(RoundEnd::kFailed, plan);
  round.results.push_back({plan.steps[0], absl::UnavailableError("no answer"), absl::Seconds(1)});
  for (int i = 0; i < 3; ++i) chronicle_.Take(round);
  EXPECT_EQ(Count("no answer"), 1);
  chronicle_.Take(Ends(RoundEnd::kSettled));
  chronicle_.Take(round);
  EXPECT_EQ(Count("no answer"), 2);
}

TEST_F(ChronicleTest, AVerdictIsRecordedWhenItChanges) {
  chronicle_.Take(Ends(RoundEnd::kSettled));
  EXPECT_EQ(Count("is alive"), 0);
  look_.seen[Uuid('a')] = Observation();
  look_.seen[Uuid('a')].error = "timeout after 17 ms";
  chronicle_.Take(Waits("x"));
  look_.seen[Uuid('a')].error = "timeout after 23 ms";
  chronicle_.Take(Waits("x"));
  EXPECT_EQ(Count("is not judged dead"), 1);
  look_.reports[Uuid('a')] = Report{1, 1};
  chronicle_.Take(Waits("x"));
  EXPECT_EQ(Count("is judged dead"), 1);
  look_.seen[Uuid('a')].contact = Contact::kAnswered;
  chronicle_.Take(Ends(RoundEnd::kSettled));
  EXPECT_EQ(Count("is alive"), 1);
}

TEST_F(ChronicleTest, AFindingIsRecordedWhenItComesAndWhenItGoes) {
  look_.seen[Uuid('a')] = Observation();
  chronicle_.Take(Waits("x"));
  chronicle_.Take(Waits("x"));
  EXPECT_EQ(Count("PRIMARY_UNCERTAIN"), 1);
  look_.seen[Uuid('a')].contact = Contact::kAnswered;
  chronicle_.Take(Ends(RoundEnd::kSettled));
  EXPECT_EQ(Count("over: PRIMARY_UNCERTAIN"), 1);
}

TEST_F(ChronicleTest, WhatIsFoundInTheMiddleOfAChangeIsThatChange) {
  look_.seen[Uuid('a')] = Observation();
  Plan plan;
  plan.phase = "revoke";
  plan.steps = {StopReceiver{Uuid('b')}};
  chronicle_.Take(Ends(RoundEnd::kActed, plan));
  EXPECT_EQ(Count("PRIMARY_UNCERTAIN"), 0);
}

}  // namespace
}  // namespace weft::controller
