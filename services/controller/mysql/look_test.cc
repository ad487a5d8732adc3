#include "services/controller/mysql/look.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kNow = absl::Hours(5);

SemiSync Waiting(uint32_t commits) {
  SemiSync seen;
  seen.source_enabled = true;
  seen.source_wait_for = 1;
  seen.source_clients = 1;
  seen.source_waiting = commits;
  return seen;
}

TEST(CommitMemoryTest, CommitsOfAMomentAreNotInVain) {
  CommitMemory memory;
  EXPECT_FALSE(memory.InVain(Waiting(1), 7, kNow));
  EXPECT_FALSE(memory.InVain(Waiting(0), 8, kNow + absl::Seconds(1)));
  EXPECT_FALSE(memory.InVain(Waiting(1), 8, kNow + absl::Seconds(2)));
}

TEST(CommitMemoryTest, CommitsThatNobodyAcknowledgesThoughSomebodyCouldAreInVain) {
  CommitMemory memory;
  EXPECT_FALSE(memory.InVain(Waiting(2), 7, kNow));
  EXPECT_TRUE(memory.InVain(Waiting(2), 7, kNow + CommitMemory::kPatience));
}

TEST(CommitMemoryTest, IsSuspiciousAtOnceOfCommitsThatWaitWhereNothingMoves) {
  CommitMemory memory;
  memory.InVain(Waiting(1), 7, kNow);
  EXPECT_FALSE(memory.suspicious());  // it may have moved just now
  memory.InVain(Waiting(1), 8, kNow + absl::Seconds(1));
  EXPECT_FALSE(memory.suspicious());
  memory.InVain(Waiting(1), 8, kNow + absl::Seconds(2));
  EXPECT_TRUE(memory.suspicious());
  memory.InVain(Waiting(0), 8, kNow + absl::Seconds(3));
  EXPECT_FALSE(memory.suspicious());
}

TEST(CommitMemoryTest, AnAcknowledgementStartsThePatienceAnew) {
  CommitMemory memory;
  memory.InVain(Waiting(2), 7, kNow);
  EXPECT_FALSE(memory.InVain(Waiting(2), 8, kNow + absl::Seconds(1)));
  EXPECT_TRUE(memory.InVain(Waiting(2), 8, kNow + absl::Seconds(2)));
}

TEST(CommitMemoryTest, WithoutEnoughReplicasCommitsWaitForThemAndNotInVain) {
  CommitMemory memory;
  SemiSync alone = Waiting(3);
  alone.source_clients = 0;
  memory.InVain(alone, 7, kNow);
  EXPECT_FALSE(memory.InVain(alone, 7, kNow + absl::Minutes(1)));
  // From when one is there, the patience begins.
  EXPECT_FALSE(memory.InVain(Waiting(3), 7, kNow + absl::Minutes(1)));
}

TEST(CommitMemoryTest, NothingIsInVainForAWhileAfterASilence) {
  CommitMemory memory;
  memory.InVain(Waiting(2), 7, kNow);
  memory.Interrupt(kNow);
  EXPECT_FALSE(memory.InVain(Waiting(2), 7, kNow + CommitMemory::kPatience));
  EXPECT_TRUE(memory.InVain(Waiting(2), 7, kNow + CommitMemory::kAfterSilence));
}

}  // namespace
}  // namespace weft::controller
