#include "services/cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::cli {
namespace {

bool WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

// Switches the echo of the terminal off while it lives.
class NoEcho {
 public:
  NoEcho() {
    good_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    good_ = good_ && tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (good_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  bool good() const { return good_; }

 private:
  termios before_ = {};
  bool good_ = false;
};

}  // namespace

Terminal::Terminal(Interrupt* interrupt) : interrupt_(interrupt) {}

absl::Status Terminal::Out(absl::string_view text) {
  if (WriteAll(STDOUT_FILENO, text)) return absl::OkStatus();
  const int error = errno;
  return Refusal(absl::StatusCode::kDataLoss, "OUTPUT_FAILED",
                 "the output could not be written completely", "a writable standard output",
                 std::generic_category().message(error));
}

void Terminal::Err(absl::string_view text) {
  MutexLock lock(&err_mutex_);
  WriteAll(STDERR_FILENO, text);
}

bool Terminal::out_is_terminal() const { return isatty(STDOUT_FILENO) == 1; }
bool Terminal::err_is_terminal() const { return isatty(STDERR_FILENO) == 1; }
bool Terminal::can_ask() const { return isatty(STDIN_FILENO) == 1 && err_is_terminal(); }

int Terminal::width() const {
  winsize size = {};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 80;
}

absl::StatusOr<std::string> Terminal::ReadLine() {
  const int before = interrupt_->count();
  std::string line;
  for (;;) {
    // Signals are handled on another thread, so the wait is cut into pieces to see them.
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&input, 1, 100);
    if (interrupt_->count() > before) return absl::CancelledError("interrupted");
    if (ready <= 0) continue;
    char c;
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return absl::CancelledError("the input ended before an answer was given");
    if (c == '\n') return line;
    line += c;
  }
}

absl::StatusOr<std::string> Terminal::AskSecret(absl::string_view prompt) {
  // Before the prompt: what is typed from then on is neither shown nor lost.
  const NoEcho no_echo;
  if (!no_echo.good()) {
    return absl::FailedPreconditionError("the terminal's echo cannot be switched off");
  }
  Err(prompt);
  absl::StatusOr<std::string> line = ReadLine();
  Err("\n");
  return line;
}

absl::StatusOr<bool> Terminal::Confirm(absl::string_view question) {
  Err(absl::StrCat(question, " [y/N] "));
  const absl::StatusOr<std::string> line = ReadLine();
  if (!line.ok()) {
    Err("\n");
    return line.status();
  }
  const std::string answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(*line));
  return answer == "y" || answer == "yes";
}

}  // namespace weft::cli
