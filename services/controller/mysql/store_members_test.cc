#include "services/controller/mysql/store_members.h"

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

const std::vector<HostPort>& Declared() {
  static const std::vector<HostPort> declared = {{"h1", 3306}, {"h2", 3306}, {"h3", 3306}};
  return declared;
}

MemberAnswer Says(const std::string& uuid, const std::string& primary, int online,
                  const std::string& view) {
  MemberAnswer answer;
  answer.answered = true;
  answer.uuid = uuid;
  answer.state = "ONLINE";
  answer.primary = primary;
  answer.view = view;
  answer.members = 3;
  answer.online = online;
  answer.primaries = 1;
  answer.read_only = uuid != primary;
  return answer;
}

MemberAnswer Silent() {
  MemberAnswer answer;
  answer.error = "connection refused";
  return answer;
}

std::string Chosen(const std::vector<MemberAnswer>& answers) {
  const auto chosen = ChoosePrimary(Declared(), answers);
  return chosen.ok() ? Declared()[*chosen].host : ErrorReason(chosen.status());
}

TEST(StoreMembersTest, ThePrimaryIsTheOneThatAllName) {
  EXPECT_EQ(Chosen({Says("a", "b", 3, "9:3"), Says("b", "b", 3, "9:3"), Says("c", "b", 3, "9:3")}),
            "h2");
}

TEST(StoreMembersTest, AMajorityIsEnoughAndMayBeSeenByThePrimaryAlone) {
  EXPECT_EQ(Chosen({Says("a", "a", 2, "9:4"), Silent(), Says("c", "a", 2, "9:4")}), "h1");
  EXPECT_EQ(Chosen({Says("a", "a", 3, "9:3"), Silent(), Silent()}), "h1");
}

TEST(StoreMembersTest, APrimaryWithoutAMajorityOfTheDeclaredIsNotTrusted) {
  EXPECT_EQ(Chosen({Says("a", "a", 1, "9:3"), Silent(), Silent()}), "STORE_NO_PRIMARY");
  // All that is left of its view agrees, but the view is of one.
  MemberAnswer alone = Says("a", "a", 1, "9:5");
  alone.members = 1;
  EXPECT_EQ(Chosen({alone, Silent(), Silent()}), "STORE_NO_PRIMARY");
}

TEST(StoreMembersTest, AMajorityIsOfTheWholeClusterWhereThatIsLarger) {
  MemberAnswer primary = Says("a", "a", 2, "9:3");
  primary.members = 5;
  EXPECT_EQ(Chosen({primary, Silent(), Silent()}), "STORE_NO_PRIMARY");
  primary.online = 3;
  EXPECT_EQ(Chosen({primary, Silent(), Silent()}), "h1");
}

TEST(StoreMembersTest, OneThatSleptAndStillCallsItselfThePrimaryIsNotBelieved) {
  const MemberAnswer slept = Says("a", "a", 3, "9:3");
  EXPECT_EQ(Chosen({slept, Says("b", "b", 2, "9:4"), Says("c", "b", 2, "9:4")}), "h2");
  EXPECT_EQ(Chosen({slept, Silent(), Says("c", "b", 2, "9:4")}), "STORE_NO_PRIMARY");
}

TEST(StoreMembersTest, AClusterThatWasBootstrappedAgainOutvotesOneOfBefore) {
  const MemberAnswer slept = Says("a", "a", 3, "8:30");
  EXPECT_EQ(Chosen({slept, Says("b", "b", 2, "9:2"), Says("c", "b", 2, "9:2")}), "h2");
  // One against one: nobody knows.
  EXPECT_EQ(Chosen({slept, Says("b", "b", 2, "9:2"), Silent()}), "STORE_NO_PRIMARY");
}

TEST(StoreMembersTest, AReadOnlyPrimaryHasToWait) {
  MemberAnswer elected = Says("b", "b", 2, "9:4");
  elected.read_only = true;
  EXPECT_EQ(Chosen({Silent(), elected, Says("c", "b", 2, "9:4")}), "STORE_NO_PRIMARY");
}

TEST(StoreMembersTest, SeveralPrimariesAreNone) {
  MemberAnswer one = Says("a", "a", 3, "9:3");
  one.primaries = 3;
  EXPECT_EQ(Chosen({one, Silent(), Silent()}), "STORE_NO_PRIMARY");
}

TEST(StoreMembersTest, AMemberThatRecoversHasNoVoice) {
  MemberAnswer recovering = Says("a", "a", 3, "9:9");
  recovering.state = "RECOVERING";
  EXPECT_EQ(Chosen({recovering, Says("b", "b", 2, "9:4"), Says("c", "b", 2, "9:4")}), "h2");
}

TEST(StoreMembersTest, TheRefusalSaysWhatEachMemberSaid) {
  MemberAnswer outside;
  outside.answered = true;
  const auto chosen = ChoosePrimary(Declared(), {Says("a", "a", 1, "9:3"), Silent(), outside});
  const std::string text(chosen.status().message());
  EXPECT_TRUE(absl::StrContains(text, "h1:3306 is ONLINE, the primary, and sees 1 of 3")) << text;
  EXPECT_TRUE(absl::StrContains(text, "h2:3306 does not answer: connection refused")) << text;
  EXPECT_TRUE(absl::StrContains(text, "h3:3306 is in no cluster")) << text;
}

TEST(StoreMembersTest, NobodyIsChosenWhereNobodyAnswers) {
  EXPECT_EQ(Chosen({Silent(), Silent(), Silent()}), "STORE_NO_PRIMARY");
}

}  // namespace
}  // namespace weft::controller
