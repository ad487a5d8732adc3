#include "services/provisioner/scaling/wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;

TEST(ScalingWishTest, ComesBackAsItWasKept) {
  ScalingWish wish;
  ScalingStep add;
  add.provider = "here";
  add.reason = "member 4 of 4";
  add.weight = 0.5;
  add.zone = "north";
  add.promotion_rule = PromotionRule::kMustNot;
  ScalingStep remove;
  remove.kind = ScalingStep::Kind::kRemove;
  remove.server = *ServerUuid::Parse("00000000-0000-0000-0000-000000000002");
  remove.address = {"::1", 3302};
  remove.machine = "m";
  remove.destroys_machine = true;
  wish.steps = {add, remove};
  wish.like.image = {{"name", "9.7"}};
  wish.like.flavor = {{"name", "small"}};
  wish.like.availability_zone = "z";
  wish.like.key_name = "k";
  wish.like.security_groups = {"s1", "s2"};
  wish.like.private_networks = {"n"};
  wish.like.public_network = "p";
  wish.like.user_data = "sealed";
  wish.like.swap = "512";
  wish.like.scheduler_hints = {{"rack", "7"}};
  wish.like.meta = {{"environment", "A=1"}};
  wish.reach_timeout = absl::Seconds(1);
  wish.catch_up_timeout = absl::Seconds(2);
  wish.drain_timeout = absl::ZeroDuration();
  wish.asked = absl::FromUnixMillis(1234567);
  const auto back = ParseScalingWish(ToJson(wish));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->steps, wish.steps);
  EXPECT_EQ(back->like, wish.like);
  EXPECT_EQ(back->reach_timeout, wish.reach_timeout);
  EXPECT_EQ(back->catch_up_timeout, wish.catch_up_timeout);
  EXPECT_EQ(back->drain_timeout, wish.drain_timeout);
  EXPECT_EQ(back->asked, wish.asked);
  EXPECT_EQ(ParseScalingWish("{}").status().code(), absl::StatusCode::kDataLoss);
}

TEST(ScalingWishTest, ReadsWhatTheReleaseBeforeKept) {
  const auto wish =
      ParseScalingWish(R"({"steps":[],"image":{"name":"9.7"},"flavor":{},"reach_timeout_ms":1,)"
                       R"("catch_up_timeout_ms":2,"drain_timeout_ms":3,"asked_ms":4})");
  ASSERT_TRUE(wish.ok()) << wish.status();
  EXPECT_EQ(wish->like.image, (Properties{{"name", "9.7"}}));
  EXPECT_EQ(wish->like.user_data, "");
}

TEST(ScalingNotesTest, ComeBackAsTheyWereKept) {
  const auto none = ParseScalingNotes("");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->joining, -1);
  EXPECT_EQ(none->draining, -1);
  EXPECT_FALSE(none->given_up.has_value());
  ScalingNotes notes;
  notes.joining = 2;
  notes.draining = 3;
  notes.given_up = Refusal(absl::StatusCode::kNotFound, "LOST", "it is lost", "it", "nothing");
  const auto back = ParseScalingNotes(ToJson(notes));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->joining, 2);
  EXPECT_EQ(back->draining, 3);
  ASSERT_TRUE(back->given_up.has_value());
  EXPECT_EQ(back->given_up->code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(*back->given_up), "LOST");
  EXPECT_THAT(std::string(back->given_up->message()), HasSubstr("it is lost"));
  EXPECT_EQ(ParseScalingNotes("[").status().code(), absl::StatusCode::kDataLoss);
}

TEST(ScalingResultTest, ListsWhoCameAndWhoWent) {
  EXPECT_EQ(
      ScalingResult({{"u1", "a:1", "m1"}}, {{"u2", "a:2", "m2", true}}, absl::Milliseconds(1500)),
      R"({"added":[{"address":"a:1","machine":"m1","server":"u1"}],)"
      R"("removed":[{"address":"a:2","machine":"m2","machine_destroyed":true,"server":"u2"}],)"
      R"("seconds":1.5})");
}

}  // namespace
}  // namespace weft::provisioner
