// Who may acknowledge, on real servers and by the controller's own loop: an acknowledger that hangs
// is locked out of the primary and let go of, so that the next failover does not ask for it; and a
// group that is set to continue goes on without acknowledgements (docs/safety.md, promise 3).
#include <algorithm>
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
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/durability.h"
#include "services/controller/core/phases.h"
#include "services/controller/ports/memory_store.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kRest = absl::Milliseconds(100);

class FarmAccountsTest : public RealFarmTest {
 protected:
  void StartGroup(OnLastAcknowledgerLost lost) {
    Start(3);
    Group group = group_;
    const std::vector<Server> servers = std::exchange(group.servers, {});
    group.active = true;
    group.settings.on_last_acknowledger_lost = lost;
    ASSERT_EQ(store_.CreateGroup(group), absl::OkStatus());
    for (Server server : servers) {
      server.status = ServerStatus::kSecondary;
      server.mode = DefaultMode(server.status);
      ASSERT_EQ(store_.AddServer(group_.id, Record().revision, server), absl::OkStatus());
    }
    Converger::Ports ports;
    ports.farm = &farm();
    ports.store = &store_;
    ports.clock = RealClock::Get();
    ports.reports = [this](const std::vector<ServerUuid>& asked) {
      std::map<ServerUuid, Report> reports;
      for (const ServerUuid& one : asked) {
        reports[one] = {.observers = 1, .unreachable = lost_.contains(one) ? 1 : 0};
      }
      return reports;
    };
    ports.may_act = [] { return absl::OkStatus(); };
    ports.run_all = [](std::vector<std::function<void()>> jobs, const auto& /*watch*/) {
      for (const std::function<void()>& job : jobs) job();
    };
    ports.new_operation_id = [this] { return absl::StrCat("operation-", ++operations_); };
    controller_ = std::make_unique<Converger>(group_.id, Converger::Options(), std::move(ports));
    Promote(uuid(0));
    ASSERT_TRUE(Runs([&](const Round& round) {
      const Snapshot& look = *round.snapshot;
      return look.group.intent.goal == Goal::kKeep && CountAcknowledging(look) == 2 &&
             round.end == RoundEnd::kSettled;
    }));
    // Everybody follows anew, by the account that was made meanwhile.
    for (const int replica : {1, 2}) ASSERT_EQ(Do(StopReceiver{uuid(replica)}), absl::OkStatus());
    ASSERT_TRUE(Runs([&](const Round& round) {
      const Snapshot& look = *round.snapshot;
      return CountAcknowledging(look) == 2 && look.Of(uuid(1)).replication.own_account &&
             look.Of(uuid(2)).replication.own_account && round.end == RoundEnd::kSettled;
    }));
  }

  void Promote(const ServerUuid& target) {
    Operation operation;
    operation.id = absl::StrCat("operation-", ++operations_);
    operation.kind = "promote";
    operation.group = group_.id;
    operation.created = operation.updated = RealClock::Get()->Now();
    Intent intent;
    intent.goal = Goal::kPromote;
    intent.target = target;
    intent.operation = operation.id;
    ASSERT_EQ(store_.SetIntent(group_.id, Record().revision, intent, operation), absl::OkStatus());
  }

  Group Record() { return store_.Load(group_.id).value(); }
  std::set<ServerUuid> Acknowledgers() { return Record().acknowledgers.servers; }

  // Rounds until one of which `holds`.
  bool Runs(const std::function<bool(const Round&)>& holds) {
    const Deadline end = Deadline::After(RealClock::Get(), kPatience);
    std::string last;
    while (!end.Passed()) {
      const Round round = controller_->Once();
      if (round.snapshot.has_value() && holds(round)) return true;
      last = absl::StrCat(ToString(round.plan), round.status.ToString());
      if (round.end != RoundEnd::kActed) RealClock::Get()->Sleep(kRest);
    }
    ADD_FAILURE() << "the last round: " << last;
    return false;
  }

  MemoryStore store_;
  std::unique_ptr<Converger> controller_;
  std::set<ServerUuid> lost_;  // to the monitors
  int operations_ = 0;
};

TEST_F(FarmAccountsTest, AFailoverDoesNotAskForAnAcknowledgerThatHasHungForAWhile) {
  ASSERT_NO_FATAL_FAILURE(StartGroup(OnLastAcknowledgerLost::kWait));
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(real_->Pause(uuid(1)), absl::OkStatus());
  lost_.insert(uuid(1));
  ASSERT_TRUE(Runs([&](const Round& round) {
    if (round.end == RoundEnd::kActed) return false;
    return RefuseFailover(*round.snapshot).has_value();  // for now
  }));
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_TRUE(Runs([&](const Round&) { return Acknowledgers() == std::set<ServerUuid>{uuid(2)}; }));
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());

  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  lost_.insert(uuid(0));
  ASSERT_TRUE(Runs([&](const Round& round) {
    return round.snapshot->group.primary == uuid(2) && !round.snapshot->Of(uuid(2)).super_read_only;
  }));
  EXPECT_EQ(*real_->MissingOn(uuid(2)), 0);

  // It wakes up, and is taken back.
  ASSERT_EQ(real_->Resume(uuid(1)), absl::OkStatus());
  lost_.erase(uuid(1));
  ASSERT_TRUE(Runs([&](const Round& round) {
    return CountAcknowledging(*round.snapshot) == 1 && Acknowledgers().contains(uuid(1)) &&
           round.snapshot->Of(uuid(1)).replication.own_account;
  }));
  EXPECT_EQ(real_->Write(uuid(2), absl::Seconds(5)), absl::OkStatus());
}

// It could go on receiving from a server that it had followed before, and acknowledge.
TEST_F(FarmAccountsTest, OneThatHangsIsLockedOutOfWhoeverMayLeadNextToo) {
  ASSERT_NO_FATAL_FAILURE(StartGroup(OnLastAcknowledgerLost::kWait));
  ASSERT_EQ(real_->Pause(uuid(1)), absl::OkStatus());
  lost_.insert(uuid(1));
  const auto locked = [&](const Round& round, int source) {
    const std::map<ServerUuid, bool>& accounts = round.snapshot->Of(uuid(source)).accounts;
    const auto found = accounts.find(uuid(1));
    return found != accounts.end() && found->second;
  };
  ASSERT_TRUE(Runs([&](const Round& round) { return locked(round, 0) && locked(round, 2); }));
  Promote(uuid(2));
  ASSERT_TRUE(Runs([&](const Round& round) {
    return round.snapshot->group.primary == uuid(2) &&
           round.snapshot->group.intent.goal == Goal::kKeep;
  }));
  EXPECT_EQ(Acknowledgers(), std::set<ServerUuid>{uuid(0)});
  EXPECT_EQ(real_->Write(uuid(2), absl::Seconds(5)), absl::OkStatus());

  ASSERT_EQ(real_->Resume(uuid(1)), absl::OkStatus());
  lost_.erase(uuid(1));
  EXPECT_TRUE(Runs([&](const Round& round) {
    return CountAcknowledging(*round.snapshot) == 2 && !locked(round, 0) && !locked(round, 2);
  }));
}

TEST_F(FarmAccountsTest, OneThatWakesUpIsLetInAndAcknowledgesAgain) {
  ASSERT_NO_FATAL_FAILURE(StartGroup(OnLastAcknowledgerLost::kWait));
  ASSERT_EQ(real_->Pause(uuid(1)), absl::OkStatus());
  lost_.insert(uuid(1));
  ASSERT_TRUE(Runs([&](const Round&) { return Acknowledgers() == std::set<ServerUuid>{uuid(2)}; }));
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(real_->Resume(uuid(1)), absl::OkStatus());
  lost_.erase(uuid(1));
  ASSERT_TRUE(Runs([&](const Round& round) {
    // Never unasked: what it says itself may be from before it noticed that it was cut off.
    const Snapshot& look = *round.snapshot;
    const std::vector<ServerUuid>& to = look.Of(uuid(0)).streaming_to;
    const bool streams = std::find(to.begin(), to.end(), uuid(1)) != to.end();
    EXPECT_FALSE(streams && AcknowledgesNow(look, uuid(1)) && !Acknowledgers().contains(uuid(1)));
    return CountAcknowledging(*round.snapshot) == 2 && round.end == RoundEnd::kSettled;
  }));
  EXPECT_FALSE(See(0).accounts.at(uuid(1)));
}

TEST_F(FarmAccountsTest, AGroupThatContinuesSaysSoFirstAndEndsItWhenOneIsBack) {
  ASSERT_NO_FATAL_FAILURE(StartGroup(OnLastAcknowledgerLost::kContinue));
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  for (const int replica : {1, 2}) {
    ASSERT_EQ(real_->Kill(uuid(replica)), absl::OkStatus());
    lost_.insert(uuid(replica));
  }
  EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(1)).code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(Runs([&](const Round& round) {
    const bool armed = round.snapshot->Of(uuid(0)).semi_sync.source_enabled;
    EXPECT_TRUE(armed || round.snapshot->group.acknowledgers.servers.empty());
    return !armed;
  }));
  EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  EXPECT_NE(EffectiveDurability(controller_->Look().value()), "lossless");
  EXPECT_TRUE(RefuseFailover(controller_->Look().value()).has_value());

  ASSERT_EQ(real_->Start(uuid(1)), absl::OkStatus());
  lost_.erase(uuid(1));
  ASSERT_TRUE(Runs([&](const Round& round) {
    const Snapshot& look = *round.snapshot;
    if (look.Of(uuid(0)).semi_sync.source_enabled) {
      EXPECT_FALSE(look.group.acknowledgers.servers.empty());
    }
    return CountAcknowledging(look) == 1;
  }));
  EXPECT_EQ(EffectiveDurability(controller_->Look().value()), "lossless");
  EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  EXPECT_EQ(*real_->MissingOn(uuid(1)), 0);
}

}  // namespace
}  // namespace weft::controller
