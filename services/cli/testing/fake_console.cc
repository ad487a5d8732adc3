#include "services/cli/testing/fake_console.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"

namespace weft::cli {

std::string FakeConsole::out() const {
  MutexLock lock(&mutex_);
  return out_;
}

std::string FakeConsole::err() const {
  MutexLock lock(&mutex_);
  return err_;
}

bool FakeConsole::AwaitErr(absl::string_view text) {
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
  MutexLock lock(&mutex_);
  while (!absl::StrContains(err_, text)) {
    if (deadline.Passed()) return false;
    written_.WaitFor(&mutex_, deadline.Remaining());
  }
  return true;
}

void FakeConsole::Clear() {
  MutexLock lock(&mutex_);
  out_.clear();
  err_.clear();
}

absl::Status FakeConsole::Out(absl::string_view text) {
  if (broken_) return absl::DataLossError("no space left on device");
  MutexLock lock(&mutex_);
  absl::StrAppend(&out_, text);
  return absl::OkStatus();
}

void FakeConsole::Err(absl::string_view text) {
  MutexLock lock(&mutex_);
  absl::StrAppend(&err_, text);
  written_.NotifyAll();
}

absl::StatusOr<std::string> FakeConsole::AskSecret(absl::string_view prompt) {
  Err(prompt);
  if (answers_.empty()) return absl::CancelledError("the input ended before an answer was given");
  std::string answer = answers_.front();
  answers_.pop_front();
  return answer;
}

absl::StatusOr<bool> FakeConsole::Confirm(absl::string_view question) {
  const absl::StatusOr<std::string> answer = AskSecret(question);
  if (!answer.ok()) return answer.status();
  return *answer == "y";
}

}  // namespace weft::cli
