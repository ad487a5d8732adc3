#pragma once

#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/cli/console.h"

namespace weft::cli {

// A console in memory. Whoever asks gets the prepared answers in turn.
class FakeConsole : public Console {
 public:
  // Terminals or pipes, all three streams alike.
  explicit FakeConsole(bool terminal = false) : terminal_(terminal) {}

  void Answer(const std::string& answer) { answers_.push_back(answer); }
  void BreakOut() { broken_ = true; }

  std::string out() const;
  std::string err() const;
  // Blocks until `text` has been written to stderr; false after a minute.
  bool AwaitErr(absl::string_view text);
  void Clear();

  absl::Status Out(absl::string_view text) override;
  void Err(absl::string_view text) override;
  bool out_is_terminal() const override { return terminal_; }
  bool err_is_terminal() const override { return terminal_; }
  bool can_ask() const override { return terminal_; }
  int width() const override { return 60; }
  absl::StatusOr<std::string> AskSecret(absl::string_view prompt) override;
  absl::StatusOr<bool> Confirm(absl::string_view question) override;

 private:
  const bool terminal_;
  bool broken_ = false;
  std::deque<std::string> answers_;
  mutable Mutex mutex_;
  CondVar written_;
  std::string out_ ABSL_GUARDED_BY(mutex_);
  std::string err_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::cli
