#pragma once
// Who is asked questions: at the terminal, or by lines of standard input where there is none.
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/console.h"

namespace weft::cli::mysqlfabric {

class Person {
 public:
  // The next line of standard input without its end. CANCELLED: there is none.
  using ReadLine = std::function<absl::StatusOr<std::string>()>;

  // `console` outlives it.
  Person(Console* console, ReadLine read_line)
      : console_(console), read_line_(std::move(read_line)) {}

  Console* console() const { return console_; }

  // Not echoed at a terminal. CANCELLED: interrupted, or the input ended.
  absl::StatusOr<std::string> AskSecret(absl::string_view prompt);
  absl::StatusOr<std::string> Ask(absl::string_view prompt);
  // True for "y" and "yes".
  absl::StatusOr<bool> Confirm(absl::string_view question);

 private:
  Console* const console_;
  const ReadLine read_line_;
};

}  // namespace weft::cli::mysqlfabric
