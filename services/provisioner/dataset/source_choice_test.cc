#include "services/provisioner/dataset/source_choice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

SourceCandidate Member(int number, ServerStatus status, bool healthy = true) {
  SourceCandidate member;
  member.server.uuid =
      *ServerUuid::Parse(absl::StrCat("00000000-0000-0000-0000-00000000000", number));
  member.server.address = {"db", static_cast<uint16_t>(3300 + number)};
  member.server.status = status;
  member.healthy = healthy;
  if (!healthy) member.unhealthy_because = "it does not answer";
  return member;
}

uint16_t Chosen(const std::vector<SourceCandidate>& members, absl::string_view wanted = "") {
  const auto choice = ChooseSource(members, wanted);
  return choice.ok() ? choice->server.address.port : 0;
}

TEST(SourceChoiceTest, PrefersASpareThenASecondaryThenThePrimary) {
  const SourceCandidate primary = Member(1, ServerStatus::kPrimary);
  const SourceCandidate secondary = Member(2, ServerStatus::kSecondary);
  const SourceCandidate spare = Member(3, ServerStatus::kSpare);
  EXPECT_EQ(Chosen({primary, secondary, spare}), 3303);
  EXPECT_EQ(Chosen({primary, secondary}), 3302);
  EXPECT_EQ(Chosen({primary}), 3301);
}

TEST(SourceChoiceTest, OfSecondariesTheOneThatServesTheFewestReads) {
  SourceCandidate busy = Member(1, ServerStatus::kSecondary);
  SourceCandidate idle = Member(2, ServerStatus::kSecondary);
  idle.server.weight = 0.1;
  EXPECT_EQ(Chosen({busy, idle}), 3302);
}

TEST(SourceChoiceTest, LeavesOutWhatIsFaultySetAsideOrSilent) {
  SourceCandidate aside = Member(4, ServerStatus::kSecondary);
  aside.server.set_aside = "errant";
  EXPECT_EQ(Chosen({Member(1, ServerStatus::kPrimary), Member(2, ServerStatus::kSpare, false),
                    Member(3, ServerStatus::kFaulty), aside}),
            3301);
}

TEST(SourceChoiceTest, NamesWhyNobodyIsFit) {
  const auto choice = ChooseSource({Member(1, ServerStatus::kPrimary, false)}, "");
  EXPECT_EQ(ErrorReason(choice.status()), "NO_SOURCE");
  EXPECT_TRUE(absl::StrContains(GetErrorDetail(choice.status())->found, "db:3301: it does not"));
}

TEST(SourceChoiceTest, TheOneWantedIsNamedByAddressOrUuid) {
  const std::vector<SourceCandidate> members = {Member(1, ServerStatus::kPrimary),
                                                Member(2, ServerStatus::kSecondary)};
  EXPECT_EQ(Chosen(members, "db:3301"), 3301);
  EXPECT_EQ(Chosen(members, "servers/00000000-0000-0000-0000-000000000001"), 3301);
  EXPECT_EQ(ErrorReason(ChooseSource(members, "db:3309").status()), "UNKNOWN_SOURCE");
}

TEST(SourceChoiceTest, TheOneWantedMustBeFitToo) {
  EXPECT_EQ(ErrorReason(ChooseSource({Member(1, ServerStatus::kFaulty)}, "db:3301").status()),
            "SOURCE_NOT_FIT");
}

}  // namespace
}  // namespace weft::provisioner
