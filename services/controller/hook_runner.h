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
  // Ends the programs that nothing waits for.
  ~HookRunner();

  const HookBook& book() const { return book_; }

  // What HookRecord keeps of it: "ok", "aborted: why", "passed over: why" (on_failure: continue, or
  // nothing left to forbid), "begun" (of an occasion that is over: nothing waits for the program).
  // Blocks until the program's end otherwise; it is ended when `may_act` says no.
  std::string Run(const Snapshot& snapshot, const RunHook& step,
                  const std::function<bool()>& may_act);

 private:
  struct Child {
    std::thread thread;
    bool ended = false;
  };
  void Tell(const Snapshot& snapshot, const RunHook& step, const HookEnd& end);
  void Begin(const Snapshot& snapshot, const RunHook& step, const Hook& hook);
  void Reap() ABSL_LOCKS_EXCLUDED(mutex_);

  const HookBook book_;
  EventJournal* const journal_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<Child> children_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
