#include "services/controller/promotion_story.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace weft::controller {
namespace {

ServerUuid Uuid(char digit) {
  return ServerUuid::Parse(std::string(8, digit) + "-0000-4000-8000-000000000000").value();
}
const ServerUuid kA = Uuid('a'), kB = Uuid('b');

GtidSet Of(const ServerUuid& server, uint64_t count) {
  GtidSet set;
  set.AddInterval(server.text(), "", 1, count);
  return set;
}

// Two servers, a leads; what differs from that is said by each test.
Snapshot Look(Durability durability) {
  Snapshot look;
  look.group.id = "g";
  look.group.durability = durability;
  look.group.epoch = 1;
  look.group.primary = kA;
  for (const ServerUuid& uuid : {kA, kB}) {
    Server server;
    server.uuid = uuid;
    server.status = uuid == kA ? ServerStatus::kPrimary : ServerStatus::kSecondary;
    look.group.servers.push_back(server);
    look.seen[uuid].contact = Contact::kAnswered;
    look.seen[uuid].executed = Of(kA, 10);
  }
  return look;
}

Round RoundOf(Snapshot look, std::vector<Step> steps = {}) {
  Round round;
  round.end = steps.empty() ? RoundEnd::kSettled : RoundEnd::kActed;
  round.snapshot = std::move(look);
  for (Step& step : steps) {
    round.results.push_back({std::move(step), absl::OkStatus(), absl::Milliseconds(10)});
  }
  return round;
}

Round Begins(Snapshot look) {
  Round round = RoundOf(std::move(look), {BeginFailover{}});
  round.began = Operation();
  round.began->id = "op";
  return round;
}

Snapshot Pending(Snapshot look) {
  look.group.intent.goal = Goal::kPromote;
  look.group.intent.operation = "op";
  return look;
}

Snapshot WithDeadPrimary(Snapshot look, absl::Duration silent_for) {
  look.seen[kA] = Observation();
  look.seen[kA].silent_for = silent_for;
  return look;
}

Commit CommitOf(const GtidSet& watermark) {
  Commit commit;
  commit.primary = kB;
  commit.watermark = watermark;
  return commit;
}

absl::Duration At(int ms) { return absl::Milliseconds(ms); }

TEST(PromotionStoryTest, MeasuresAFailoverFromTheFirstSignOfDeath) {
  PromotionStory story;
  const Snapshot alive = Look(Durability::kAsync);
  story.Take(RoundOf(alive), At(1000));
  story.Suspect(At(1900));  // a monitor's word
  const Snapshot dead = WithDeadPrimary(alive, At(30));
  story.Take(Begins(dead), At(1980));
  story.Take(RoundOf(Pending(dead), {CommitOf(Of(kA, 10))}), At(2020));
  story.Take(RoundOf(Pending(dead), {Unfence{kB}}), At(2050));
  const PromotionFigures& figures = story.figures();
  EXPECT_TRUE(figures.failover);
  EXPECT_EQ(figures.old_primary, kA);
  EXPECT_EQ(figures.new_primary, kB);
  EXPECT_EQ(figures.detection, At(80));
  EXPECT_EQ(figures.promotion, At(70));
  EXPECT_EQ(figures.write_stop, At(150));
  EXPECT_EQ(figures.candidates, std::vector<ServerUuid>{kB});
}

TEST(PromotionStoryTest, AnAsynchronousFailoverCountsWhatItKnowsToBeMissing) {
  PromotionStory story;
  const Snapshot alive = Look(Durability::kAsync);
  story.Take(RoundOf(alive), At(1000));
  const Snapshot dead = WithDeadPrimary(alive, At(30));
  story.Take(Begins(dead), At(1980));
  story.Take(RoundOf(Pending(dead), {CommitOf(Of(kA, 7))}), At(2020));
  EXPECT_FALSE(story.figures().lost_is_exact);
  EXPECT_EQ(story.figures().lost, 3u);
  EXPECT_NE(story.figures().ToJson().find("unknown, at least 3"), std::string::npos);
}

TEST(PromotionStoryTest, AFailoverIsLosslessOnlyWhereNobodyElseCouldAcknowledge) {
  for (const bool stranger : {false, true}) {
    PromotionStory story;
    Snapshot alive = Look(Durability::kLossless);
    alive.group.acknowledgers.servers = {kB};
    SemiSync& source = alive.seen[kA].semi_sync;
    alive.seen[kA].can_semi_sync = source.source_enabled = source.source_endless = true;
    source.source_active = true;
    source.source_wait_for = 1;
    if (stranger) alive.strangers = Strangers{.connected = 2, .known = 1, .servers = {}};
    story.Take(RoundOf(alive), At(1000));
    const Snapshot dead = WithDeadPrimary(alive, At(30));
    story.Take(Begins(dead), At(1980));
    story.Take(RoundOf(Pending(dead), {CommitOf(Of(kA, 10))}), At(2020));
    EXPECT_EQ(story.figures().durability == "lossless", !stranger) << story.figures().durability;
    EXPECT_EQ(story.figures().lost_is_exact, !stranger);
    EXPECT_EQ(story.figures().lost, 0u);
  }
}

TEST(PromotionStoryTest, ASwitchoverIsMeasuredFromItsFenceAndLosesNothing) {
  PromotionStory story;
  const Snapshot alive = Look(Durability::kAsync);
  story.Take(RoundOf(alive), At(1000));
  story.Take(RoundOf(Pending(alive), {BeginSwitchover{kB}}), At(1100));
  story.Take(RoundOf(Pending(alive), {Fence{kA, true}}), At(1130));
  story.Take(RoundOf(Pending(alive), {CommitOf(Of(kA, 10))}), At(1140));
  story.Take(RoundOf(Pending(alive), {Unfence{kB}}), At(1150));
  EXPECT_FALSE(story.figures().failover);
  EXPECT_EQ(story.figures().write_stop, At(30));
  EXPECT_FALSE(story.figures().detection.has_value());
  EXPECT_TRUE(story.figures().lost_is_exact);
  EXPECT_EQ(story.figures().lost, 0u);
}

TEST(PromotionStoryTest, AnAnswerClearsTheSuspicion) {
  PromotionStory story;
  const Snapshot alive = Look(Durability::kAsync);
  story.Take(RoundOf(alive), At(1000));
  story.Suspect(At(1100));
  story.Take(RoundOf(alive), At(2000));
  story.Take(Begins(WithDeadPrimary(alive, At(20))), At(3000));
  EXPECT_EQ(story.figures().detection, At(20));
}

TEST(PromotionStoryTest, FiguresComeBackFromTheirText) {
  PromotionFigures figures;
  figures.old_primary = kA;
  figures.new_primary = kB;
  figures.failover = true;
  figures.durability = "async";
  figures.promotion = At(70);
  figures.lost = 3;
  figures.lost_is_exact = false;
  figures.candidates = {kB};
  std::optional<PromotionFigures> read = PromotionFigures::FromJson(figures.ToJson());
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->lost_is_exact);
  EXPECT_EQ(read->old_primary, kA);
  EXPECT_EQ(read->promotion, At(70));
  read->lost = 5;
  read->lost_is_exact = true;
  read = PromotionFigures::FromJson(read->ToJson());
  EXPECT_TRUE(read->lost_is_exact);
  EXPECT_EQ(read->lost, 5u);
  EXPECT_EQ(read->candidates, std::vector<ServerUuid>{kB});
}

TEST(PromotionStoryTest, OtherResultsAreNone) {
  for (const char* text : {"", "{}", "[1]", "nonsense", R"({"path":"x"})"}) {
    EXPECT_FALSE(PromotionFigures::FromJson(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weft::controller
