#pragma once
// Runs the programs that plans name, and records what they answered.
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/event_journal.h"
#include "services/controller/hooks.h"

namespace weft::controller {

// The change of primary that a program is run for, as it gets it: a JSON object, and variables.
std::string HookInput(const Snapshot& snapshot, const RunHook& step);
std::map<std::string, std::string> HookVariables(const Snapshot& snapshot, const RunHook& step);

// Thread-safe.
class HookRunner {
 public:
  // `journal` outlives this.
  HookRunner(HookBook book, EventJournal* journal) : book_(std::move(book)), journal_(journal) {}
  ~HookRunner() { Stop(); }

  const HookBook& book() const { return book_; }

  // What HookRecord keeps of it: "ok", "aborted: why", "passed over: why" (on_failure: continue, or
  // nothing left to forbid). Blocks until the program's end, which comes when `may_act` says no, or
  // `is_moot` yes.
  //
  // Of an occasion that is over nothing waits for the program: begins it, unless it was begun and
  // not killed, and says "runs" until a call finds that it has ended. `may_act` is asked until
  // then, by another thread: it outlives Stop.
  std::string Run(const Snapshot& snapshot, const RunHook& step,
                  const std::function<bool()>& may_act, const std::function<bool()>& is_moot)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // A program that nothing waits for, of this operation on the group, has not ended.
  bool Runs(const std::string& group, const std::string& operation) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Kills the programs that nothing waits for, which are for the next leader to run again; begins
  // none from now on. Blocks until they are gone.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A program that nothing waits for. Kept until its group's next one is begun.
  struct Child {
    std::string group;
    std::string operation;
    std::thread thread;
    bool ended = false;
    std::string outcome;  // once it has ended; empty: it was killed half-way
  };
  void Tell(const Snapshot& snapshot, const RunHook& step, const HookEnd& end);
  std::string Begin(const Snapshot& snapshot, const RunHook& step, const Hook& hook,
                    const std::function<bool()>& may_act) ABSL_LOCKS_EXCLUDED(mutex_);
  // Its last one of this operation; nullptr: there is none.
  const Child* Find(const std::string& group, const std::string& operation) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reap(const std::string& group) ABSL_LOCKS_EXCLUDED(mutex_);

  const HookBook book_;
  EventJournal* const journal_;
  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<Child> children_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
