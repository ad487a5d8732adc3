#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/look.h"
#include "services/controller/mysql/opener.h"
#include "services/controller/mysql/term_gate.h"

namespace weft::controller {

class Turn;

// The held sessions of the manage account to one server: one to look with, one to act with, both
// opened ahead; and the proof that nothing older can still act on the server (rule 10):
//  - a session belongs to the term it was opened under, and is dropped when the term moves;
//  - the first session of a term kills every older session of the account and sees them gone;
//  - a session that broke under a statement is an orphan: killed and seen gone before the next
//    step, and the server counts as unreached until then.
// A session is never reopened inside a step. Thread-safe. Has one thread, which looks.
class Link {
 public:
  // All pointers outlive the link. Connects to nothing yet.
  Link(const HostPort& address, const FarmOptions* options, const TermGate* gate, Opener* opener,
       Clock* clock);
  // Waits for a look under way (2 s, or the time it was given if that is longer).
  // REQUIRES: no Turn is out.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Asks for a look that begins after this call and may take `limit`, or 2 s if that is longer: a
  // late answer is worth more than a dropped session. Does not block. Returns the ticket for Await.
  // `leads`: the server is the primary of record, so commits that wait there in vain may be helped
  // on; anywhere else that would write what nobody knows.
  uint64_t Ask(absl::Duration limit, bool leads = false);
  // The server answered the last look.
  bool Answers() const;
  // The answer to `ticket` or a later one. When there is none at the deadline the server counts as
  // silent; the look goes on in the background. Of a server that hung before, waits
  // `silent_patience` at most.
  Observation Await(uint64_t ticket, const Deadline& deadline);

  // The acting session, for one step; waits for the step before it. The server's uuid must be
  // `expected` (empty: any), else FAILED_PRECONDITION, reason WRONG_SERVER. UNAVAILABLE when older
  // sessions could not be seen gone or another step has not ended. FAILED_PRECONDITION, reason
  // NOT_LEADING, in term 0. `gives_way`: Interrupt ends the wait for the step before it.
  absl::StatusOr<std::unique_ptr<Turn>> Take(const ServerUuid& expected, const Deadline& deadline,
                                             bool gives_way = false);

  // Cuts the session of the Turn that is out, if it may be interrupted, and ends the wait of those
  // who wait for it and give way. Any thread, does not block.
  void Interrupt();

  // True while a statement that this process gave up on may still take effect on the server.
  bool HasOrphans() const;

  const HostPort& address() const { return address_; }

 private:
  friend class Turn;

  // A session of the manage account that this link knows as its own.
  struct Held {
    std::unique_ptr<mysql::Session> session;
    uint64_t term = 0;
    ServerUuid uuid;
  };

  absl::StatusOr<Held> Open(uint64_t term, absl::Duration limit);
  // Forgets a session. `orphaned`: a statement that changes something may still run in it.
  void Drop(Held* held, bool orphaned);
  // Drops `held` when it cannot serve `term` any more: broken, hung up, or of another term.
  void DropStale(Held* held, uint64_t term);
  // Sees every session of the account that is older than `by` and not of this term gone, and the
  // orphans: once per term, and again when there are orphans.
  absl::Status Secure(const Held& by, const Deadline& deadline);
  // Secures and returns a session of `term`: `held` if it still serves, else a new one.
  absl::Status Refresh(Held* held, uint64_t term, const Deadline& deadline);
  void EndTurn(Held held);

  void LookLoop();
  absl::StatusOr<Observation> Look(const Deadline& deadline);
  absl::StatusOr<Observation> LookOver(uint64_t term, const Deadline& deadline);
  void Publish(uint64_t ticket, const absl::StatusOr<Observation>& look);
  void WarmUp();
  void Nudge();

  const HostPort address_;
  const FarmOptions* const options_;
  const TermGate* const gate_;
  Opener* const opener_;
  Clock* const clock_;

  // Used by the looking thread alone.
  Held look_session_;
  LookMemory look_memory_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;
  Deadline look_deadline_ ABSL_GUARDED_BY(mutex_);
  // As of the last Ask; false from the end of a silence to the next one.
  bool leads_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t answered_ ABSL_GUARDED_BY(mutex_) = 0;
  Observation answer_ ABSL_GUARDED_BY(mutex_);
  bool hung_ ABSL_GUARDED_BY(mutex_) = false;  // the last look ended in silence
  // When the contact ceased; absent while it is good.
  std::optional<absl::Duration> silent_since_ ABSL_GUARDED_BY(mutex_);
  bool acting_ ABSL_GUARDED_BY(mutex_) = false;
  Held act_session_ ABSL_GUARDED_BY(mutex_);
  // Of the Turn that is out, where it may be interrupted.
  mysql::Session* interruptible_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint64_t interruptions_ ABSL_GUARDED_BY(mutex_) = 0;

  // Own sessions by connection id, and those that broke.
  mutable Mutex ids_mutex_;
  std::map<uint64_t, uint64_t> own_ ABSL_GUARDED_BY(ids_mutex_);  // id to term
  std::set<uint64_t> orphans_ ABSL_GUARDED_BY(ids_mutex_);

  // Held while sweeping, so that it is done once.
  Mutex sweep_mutex_;
  uint64_t swept_term_ ABSL_GUARDED_BY(sweep_mutex_) = 0;

  std::thread looker_;  // last: it uses all of the above
};

}  // namespace weft::controller
