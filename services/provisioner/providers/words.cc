#include "services/provisioner/providers/words.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner {

absl::StatusOr<std::vector<std::string>> ShellWords(absl::string_view field,
                                                    absl::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word.push_back(text[++i]);
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.push_back(c);
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (absl::ascii_isspace(c)) {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != '\0') return BadOrder(field, "a second quote for each first one", text);
  if (in_word) words.push_back(word);
  return words;
}

absl::StatusOr<int64_t> Bytes(absl::string_view field, absl::string_view text) {
  absl::string_view number = text;
  if (absl::EndsWithIgnoreCase(number, "b")) number.remove_suffix(1);
  double unit = 1;
  for (const auto& [letter, factor] :
       {std::pair("k", 1024.0), {"m", 1024.0 * 1024}, {"g", 1024.0 * 1024 * 1024}}) {
    if (absl::EndsWithIgnoreCase(number, letter)) {
      number.remove_suffix(1);
      unit = factor;
      break;
    }
  }
  double value = 0;
  if (!absl::SimpleAtod(number, &value) || !(value >= 1) || value * unit > 9e15) {
    return BadOrder(field, "a size, as 600m", text);
  }
  return static_cast<int64_t>(value * unit);
}

}  // namespace weft::provisioner
