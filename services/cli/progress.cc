#include "services/cli/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weft::cli {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(1);
constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr int kBarWidth = 20;
constexpr char kWipe[] = "\r\x1b[K";

}  // namespace

std::string ProgressLine(const Step& step, absl::Duration elapsed, int width, const Style& style) {
  std::string line = step.what;
  if (!step.phase.empty()) absl::StrAppend(&line, ": ", step.phase);
  std::string tail;
  if (step.progress >= 0) {
    const double share = std::clamp(step.progress, 0.0, 1.0);
    const int full = static_cast<int>(std::floor(share * kBarWidth));
    tail = "  [";
    for (int i = 0; i < kBarWidth; ++i) {
      absl::StrAppend(&tail, i < full ? (style.unicode ? "█" : "#") : (style.unicode ? "·" : "."));
    }
    absl::StrAppendFormat(&tail, "] %3d%%", static_cast<int>(std::floor(share * 100)));
  }
  absl::StrAppend(&tail, "  ", Age(elapsed));
  return absl::StrCat(Shorten(Printable(line), std::max(width - 1 - DisplayWidth(tail), 10)), tail);
}

Progress::Progress(Console* console, Clock* clock, const Style& style)
    : console_(console),
      clock_(clock),
      style_(style),
      live_(console->err_is_terminal()),
      start_(clock->MonotonicNow()),
      thread_([this] { Run(); }) {}

Progress::~Progress() {
  {
    MutexLock lock(&mutex_);
    done_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
  if (live_ && !shown_.empty()) console_->Err(kWipe);
}

void Progress::Update(const Step& step) {
  MutexLock lock(&mutex_);
  step_ = step;
  changed_.NotifyAll();
}

void Progress::Run() {
  MutexLock lock(&mutex_);
  while (!done_) {
    const absl::Duration elapsed = clock_->MonotonicNow() - start_;
    if (elapsed < kQuiet) {
      clock_->WaitFor(&changed_, &mutex_, kQuiet - elapsed);
      continue;
    }
    Draw();
    clock_->WaitFor(&changed_, &mutex_, live_ ? kRedraw : absl::InfiniteDuration());
  }
}

void Progress::Draw() {
  if (step_.what.empty()) return;
  const absl::Duration elapsed = clock_->MonotonicNow() - start_;
  if (live_) {
    shown_ = ProgressLine(step_, elapsed, console_->width(), style_);
    console_->Err(absl::StrCat(kWipe, shown_));
    return;
  }
  // A log: one line for each phase, without a clock or bar that would make each line new.
  const std::string line =
      absl::StrCat(Printable(step_.what), step_.phase.empty() ? "" : ": ", Printable(step_.phase));
  if (line == shown_) return;
  shown_ = line;
  console_->Err(absl::StrCat(line, " (", Age(elapsed), ")\n"));
}

}  // namespace weft::cli
