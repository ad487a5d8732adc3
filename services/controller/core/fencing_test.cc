#include "services/controller/core/fencing.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weft::controller {
namespace {

// A deposed primary on which `hearing` clients wait in a commit for an acknowledgement.
FenceFacts Hanging(int hearing) {
  FenceFacts facts;
  facts.may_cut_off = true;
  facts.waiting = hearing;
  facts.hearing = hearing;
  return facts;
}

TEST(FencingTest, AServerWhereNothingWaitsIsSetReadOnlyAndNothingElse) {
  FenceFacts facts;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kSetReadOnly);
  facts.read_only = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kDone);
}

TEST(FencingTest, KillsClientsThatHoldItUp) {
  FenceFacts facts;
  facts.read_only_pending = true;
  facts.hearing = 3;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kKillClients);
}

TEST(FencingTest, CutsClientsOffBeforeItKillsWhoMayBypassThat) {
  FenceFacts facts = Hanging(3);
  facts.read_only_pending = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kCutOff);
  facts.offline = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kKillClients);
}

TEST(FencingTest, ReleasesNoCommitWhileAClientCouldBeToldOk) {
  FenceFacts facts = Hanging(1);
  facts.read_only_pending = facts.offline = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kKillClients);
  facts.hearing = 0;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kReleaseCommits);
}

TEST(FencingTest, ReleasesNoCommitWhileANewWriteCouldBegin) {
  FenceFacts facts = Hanging(1);
  facts.hearing = 0;
  facts.offline = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kSetReadOnly);
}

TEST(FencingTest, NeverCutsOffNorReleasesWhereTheOrderForbidsIt) {
  FenceFacts facts = Hanging(1);
  facts.may_cut_off = false;
  facts.read_only_pending = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kKillClients);
  facts.hearing = 0;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kKillClients);
}

TEST(FencingTest, LetsReadersInAgainOnlyOnceItIsReadOnly) {
  FenceFacts facts;
  facts.may_cut_off = facts.offline = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kSetReadOnly);
  facts.read_only = true;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kLetIn);
  facts.offline = false;
  EXPECT_EQ(NextFenceMove(facts), FenceMove::kDone);
}

// A whole fence, and from wherever it was left.
TEST(FencingTest, GoesToTheEndFromEveryStateInThatOrder) {
  for (int state = 0; state < 32; ++state) {
    FenceFacts facts = Hanging((state & 1) != 0 ? 2 : 0);
    facts.waiting = (state & 2) != 0 ? 2 : 0;
    facts.offline = (state & 4) != 0;
    facts.read_only_pending = (state & 8) != 0;
    facts.read_only = (state & 16) != 0 && facts.waiting == 0;
    std::vector<FenceMove> moves;
    while (moves.size() < 10 && (moves.empty() || moves.back() != FenceMove::kDone)) {
      moves.push_back(NextFenceMove(facts));
      switch (moves.back()) {
        case FenceMove::kSetReadOnly:
          facts.read_only_pending = true;
          break;
        case FenceMove::kKillClients:
          facts.hearing = 0;
          break;
        case FenceMove::kCutOff:
          facts.offline = true;
          break;
        case FenceMove::kReleaseCommits:
          EXPECT_TRUE(facts.offline && facts.read_only_pending && facts.hearing == 0) << state;
          facts.waiting = 0;
          break;
        case FenceMove::kLetIn:
          EXPECT_TRUE(facts.read_only) << state;
          facts.offline = false;
          break;
        case FenceMove::kDone:
          break;
      }
      if (facts.read_only_pending && facts.waiting == 0) facts.read_only = true;
    }
    EXPECT_EQ(moves.back(), FenceMove::kDone) << state;
    EXPECT_TRUE(facts.read_only && !facts.offline) << state;
  }
}

}  // namespace
}  // namespace weft::controller
