#include "services/cli/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>  // readline's headers need FILE
#include <sys/stat.h>
#include <unistd.h>
// After <stdio.h>.
#include <readline/history.h>
#include <readline/readline.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/cli/completion.h"
#include "services/cli/exit_code.h"
#include "services/cli/names.h"

namespace weft::cli {
namespace {

constexpr int kRemembered = 1000;

// What readline's callbacks, which take no argument, work on: there is one terminal.
struct LineEditor {
  Context* context = nullptr;
  std::vector<Candidate> candidates;
  size_t next = 0;
  bool ended = false;
  std::optional<std::string> line;
};
LineEditor* editor = nullptr;

// ${XDG_STATE_HOME:-~/.local/state}/weft/history, its folder made; empty: nowhere to keep it.
std::string HistoryFile(const Variables& variables) {
  const auto state = variables.find("XDG_STATE_HOME");
  const auto home = variables.find("HOME");
  std::string folder;
  if (state != variables.end() && absl::StartsWith(state->second, "/")) {
    folder = state->second;
  } else if (home != variables.end() && absl::StartsWith(home->second, "/")) {
    mkdir(absl::StrCat(home->second, "/.local").c_str(), 0700);
    folder = absl::StrCat(home->second, "/.local/state");
  } else {
    return "";
  }
  mkdir(folder.c_str(), 0700);
  absl::StrAppend(&folder, "/weft");
  mkdir(folder.c_str(), 0700);
  return absl::StrCat(folder, "/history");
}

char* NextCandidate(const char*, int state) {
  if (state == 0) editor->next = 0;
  if (editor->next >= editor->candidates.size()) return nullptr;
  return strdup(editor->candidates[editor->next++].word.c_str());
}

char** CompleteWord(const char* text, int start, int) {
  Context& context = *editor->context;
  auto words = SplitLine(absl::string_view(rl_line_buffer, start));
  if (!words.ok()) return nullptr;
  words->push_back(text);
  editor->candidates = Complete(*context.surroundings().nouns, *words, context.options(),
                                NamesFromController(context.surroundings()));
  if (editor->candidates.size() == 1 && editor->candidates[0].word[0] == ':') {
    return nullptr;  // Readline completes names of files by itself.
  }
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, NextCandidate);
}

void OnLine(char* line) {
  if (line == nullptr) {
    editor->ended = true;
  } else {
    editor->line = line;
  }
  free(line);
  rl_callback_handler_remove();
}

// One line by readline; nullopt at the end of input. Ctrl-C begins a new line.
std::optional<std::string> EditLine(Context& context) {
  editor->line.reset();
  rl_callback_handler_install("weft> ", OnLine);
  while (!editor->line.has_value() && !editor->ended) {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&input, 1, 100);
    if (context.interrupt().raised()) {
      context.interrupt().Reset();
      rl_callback_handler_remove();
      context.console().Err("^C\n");
      rl_callback_handler_install("weft> ", OnLine);
    } else if (ready > 0) {
      rl_callback_read_char();
    }
  }
  return editor->line;
}

// Readline with its history, while it lives.
class Editor {
 public:
  explicit Editor(Context& context)
      : context_(context), history_(HistoryFile(context.surroundings().variables)) {
    state_.context = &context;
    editor = &state_;
    rl_catch_signals = 0;  // Signals are the process's own affair (Interrupt).
    rl_readline_name = "weft";
    rl_attempted_completion_function = CompleteWord;
    rl_completer_word_break_characters = " \t\n\"'";
    using_history();
    if (!history_.empty()) read_history(history_.c_str());
  }
  ~Editor() {
    if (!history_.empty()) {
      // Made with narrow rights before readline writes it.
      const int file = open(history_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
      if (file >= 0) close(file);
      stifle_history(kRemembered);
      write_history(history_.c_str());
    }
    editor = nullptr;
  }
  std::optional<std::string> Next() {
    std::optional<std::string> line = EditLine(context_);
    if (line.has_value() && IsWorthRemembering(*line)) add_history(line->c_str());
    if (!line.has_value()) context_.console().Err("\n");
    return line;
  }

 private:
  Context& context_;
  const std::string history_;
  LineEditor state_;
};

std::optional<std::string> NextOfInput() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitLine(absl::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (absl::ascii_isspace(c)) {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) {
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "a quote is not closed",
                   absl::StrCat("another ", std::string(1, quote)), "the end of the line");
  }
  if (in_word) words.push_back(word);
  return words;
}

bool IsWorthRemembering(absl::string_view line) {
  if (line.empty() || absl::ascii_isspace(line[0])) return false;
  for (absl::string_view rest = line; !rest.empty();) {
    const size_t at = rest.find("--password");
    if (at == absl::string_view::npos) return true;
    rest.remove_prefix(at + strlen("--password"));
    if (!absl::StartsWith(rest, "-file")) return false;
  }
  return true;
}

int RunShell(Context& context) {
  std::optional<Editor> readline;
  if (context.console().can_ask()) readline.emplace(context);
  int exit_code = kExitOk;
  for (;;) {
    const std::optional<std::string> line = readline.has_value() ? readline->Next() : NextOfInput();
    if (!line.has_value()) return exit_code;
    auto words = SplitLine(*line);
    if (!words.ok()) {
      context.console().Err(absl::StrCat("error: ", words.status().message(), "\n"));
      exit_code = kExitUsage;
      continue;
    }
    if (!words->empty() && words->front() == "weft") words->erase(words->begin());
    if (words->empty() || absl::StartsWith(words->front(), "#")) continue;
    if (words->front() == "exit" || words->front() == "quit") return exit_code;
    if (words->front() == "shell") {
      context.console().Err("error: this is the shell already\n");
      continue;
    }
    const int code = context.surroundings().run_line(*words, context.options());
    if (code != kExitOk) exit_code = code;
    if (!readline.has_value() && context.interrupt().raised()) return kExitInterrupted;
    context.interrupt().Reset();
  }
}

}  // namespace weft::cli
