#pragma once

#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace weft {

// Ctrl-C (SIGINT) and SIGTERM, turned into something that code can ask about. Thread-safe.
class Interrupt {
 public:
  // Number of interruptions so far.
  int count() const;
  bool raised() const { return count() > 0; }

  // Blocks until more than `count` interruptions have been, at most `timeout`; true if so.
  bool AwaitBeyond(int count, absl::Duration timeout);

  // One more interruption: every registered callback runs, on this thread.
  void Raise();
  // Forgets what was: a shell goes on after an interrupted command.
  void Reset();

  // While it lives, `callback` runs at each interruption, on a thread of its own and under a lock:
  // it must be short and must not touch this object. It runs at once when already interrupted.
  class Scope {
   public:
    Scope(Interrupt* interrupt, std::function<void()> callback);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Interrupt* const interrupt_;
    int id_;
  };

  // From now on SIGINT and SIGTERM raise `interrupt`, which must live as long as the process. Calls
  // of the system that a signal would break off are restarted. Children that are executed get the
  // default handling back. Call once, from main.
  static void Install(Interrupt* interrupt);

 private:
  mutable Mutex mutex_;
  CondVar raised_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  int next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int, std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft
