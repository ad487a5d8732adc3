#pragma once

#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/cli/console.h"
#include "services/cli/render.h"

namespace weft::cli {

// Where something long stands.
struct Step {
  std::string what;      // "promote g1"
  std::string phase;     // "catch up"; may be empty
  double progress = -1;  // 0 to 1; negative: not known
  friend bool operator==(const Step&, const Step&) = default;
};

// The line that a terminal shows, at most `width` columns: "promote g1: catch up [####....] 50%
// 3s". Pure.
std::string ProgressLine(const Step& step, absl::Duration elapsed, int width, const Style& style);

// Shows on stderr how something long goes on, once it has taken a second: one line that is redrawn
// on a terminal, else a plain line for each new phase. Draws on a thread of its own.
class Progress {
 public:
  Progress(Console* console, Clock* clock, const Style& style);
  // Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Thread-safe.
  void Update(const Step& step);

 private:
  void Run();
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Console* const console_;
  Clock* const clock_;
  const Style style_;
  const bool live_;
  const absl::Duration start_;

  Mutex mutex_;
  CondVar changed_;
  Step step_ ABSL_GUARDED_BY(mutex_);
  std::string shown_ ABSL_GUARDED_BY(mutex_);
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace weft::cli
