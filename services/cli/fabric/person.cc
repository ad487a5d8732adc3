#include "services/cli/fabric/person.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace weft::cli::mysqlfabric {

absl::StatusOr<std::string> Person::AskSecret(absl::string_view prompt) {
  return console_->can_ask() ? console_->AskSecret(prompt) : Ask(prompt);
}

absl::StatusOr<std::string> Person::Ask(absl::string_view prompt) {
  console_->Err(prompt);
  absl::StatusOr<std::string> line = read_line_();
  if (!console_->can_ask()) console_->Err("\n");
  return line;
}

absl::StatusOr<bool> Person::Confirm(absl::string_view question) {
  if (console_->can_ask()) return console_->Confirm(question);
  WEFT_ASSIGN_OR_RETURN(const std::string line, Ask(absl::StrCat(question, " [y/N] ")));
  const std::string answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(line));
  return answer == "y" || answer == "yes";
}

}  // namespace weft::cli::mysqlfabric
