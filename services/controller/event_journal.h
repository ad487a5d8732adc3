#pragma once
// Every decision with its evidence, within a second, off the road of what is being decided
// (design section 4, rule 11).
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Writes events to the store from a thread of its own. Thread-safe; no call but Flush blocks.
// While the store is down events wait, up to a bound; beyond it the oldest are dropped, and the
// next event that is written says how many.
class EventJournal {
 public:
  struct Options {
    size_t max_waiting = 4096;
    // An event waits this long before it is written, so that its commit does not stand in the way
    // of those of the change it tells of. Well below the second of rule 11.
    absl::Duration delay = absl::Milliseconds(300);
    // Between two tries while the store is down.
    absl::Duration retry = absl::Milliseconds(500);
    // Called with the number of events dropped, from any thread.
    std::function<void(int)> dropped = [](int) {};
  };

  // `store` and `clock` outlive this.
  EventJournal(Options options, Store* store, Clock* clock);
  // Writes what can still be written, in one try.
  ~EventJournal();

  // `event.when` is set here. Also goes to the log.
  void Append(Event event);

  // Appends only if the last event recorded under (event.group, key) had another `state`: a
  // condition that stays is recorded once, whatever figures its text holds. True when appended.
  bool AppendChange(absl::string_view key, absl::string_view state, Event event);
  // The next AppendChange appends again: of this key, or of all keys of all groups.
  void ForgetKey(absl::string_view group, absl::string_view key);
  void ForgetAll();

  // Blocks until all that was appended before is written (without delay) or dropped; false after
  // `timeout`.
  bool Flush(absl::Duration timeout);
  size_t CountWaiting() const;

 private:
  struct Waiting {
    Event event;
    absl::Duration due;  // monotonic
  };

  void Loop();
  // False: the store is down, try again later.
  bool Write(const Event& event);
  // Until the oldest event is to be written.
  void AwaitWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Trim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Store* const store_;
  Clock* const clock_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  // Last state by group and key.
  std::map<std::string, std::map<std::string, std::string>> states_ ABSL_GUARDED_BY(mutex_);
  int dropped_ ABSL_GUARDED_BY(mutex_) = 0;  // since the last event that was written
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int flushing_ ABSL_GUARDED_BY(mutex_) = 0;  // calls of Flush
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace weft::controller
