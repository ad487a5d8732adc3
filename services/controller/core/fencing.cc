#include "services/controller/core/fencing.h"

namespace weft::controller {

FenceMove NextFenceMove(const FenceFacts& facts) {
  if (facts.read_only) return facts.offline ? FenceMove::kLetIn : FenceMove::kDone;
  // Asked for first: it is granted the moment that nothing hinders it any more.
  if (!facts.read_only_pending) return FenceMove::kSetReadOnly;  // guard: rule 2
  if (facts.waiting == 0 || !facts.may_cut_off) return FenceMove::kKillClients;
  if (!facts.offline) return FenceMove::kCutOff;          // guard: rule 2
  if (facts.hearing > 0) return FenceMove::kKillClients;  // guard: rule 1
  return FenceMove::kReleaseCommits;
}

}  // namespace weft::controller
