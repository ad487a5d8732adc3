#pragma once

namespace weft::controller {

// One look at a server that is being fenced.
struct FenceFacts {
  bool read_only = false;  // super_read_only; read_only where the version has no more
  bool offline = false;    // offline_mode
  // The order allows to cut everybody off, replicas too, and the version can.
  bool may_cut_off = false;
  // Setting it read-only has been asked for and is held up. Until it is granted no session begins
  // a write.
  bool read_only_pending = false;
  int waiting = 0;  // commits in its binary log that wait for an acknowledgement
  int hearing = 0;  // client sessions that could still be told OK: the killed ones are not
};

enum class FenceMove {
  kSetReadOnly,  // ask for it, and go on while it is held up
  kKillClients,  // those that could hear
  kCutOff,       // offline_mode: clients go and cannot come back
  // What waits is committed, and nobody is told: semi-sync source off, and at once on again, so
  // that a commit which begins later waits, whatever becomes of who fences.
  kReleaseCommits,
  kLetIn,  // offline_mode off again
  kDone,
};

// What is to be done next, until kDone; the same for real servers and simulated ones. Tried on 9.7:
// super_read_only waits for ever for a commit that waits for an acknowledgement, and KILL only cuts
// its client off. So where the order allows it commits are released, but not before nobody can be
// told OK (S19): a successor does not have them. Pure: from any state that a controller which died
// has left it goes on to the end. Source: issue Lossless, part 2.
FenceMove NextFenceMove(const FenceFacts& facts);

}  // namespace weft::controller
