// The commands that the controller's texts name exist, and are given what they need.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/cli/command.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What stands for a value that is made when the text is.
constexpr char kValue = '\x01';

// The texts that a C++ source is made of, a line each: the literals of one argument are joined,
// with kValue for what stands between them. Comments are left out.
std::string TextsIn(const std::string& source) {
  std::string texts;
  bool in_value = false;
  std::vector<bool> joins;  // of the parentheses that are open: their arguments are joined
  for (size_t at = 0; at < source.size(); ++at) {
    const char c = source[at];
    if (absl::StartsWith(absl::string_view(source).substr(at), "//")) {
      at = source.find('\n', at);
      if (at == std::string::npos) break;
    } else if (c == '\'' && at + 2 < source.size()) {
      at = source.find('\'', source[at + 1] == '\\' ? at + 3 : at + 2);
      if (at == std::string::npos) break;
    } else if (c == '"') {
      in_value = false;
      for (++at; at < source.size() && source[at] != '"'; ++at) {
        if (source[at] == '\\') ++at;
        texts.push_back(source[at]);
      }
    } else if (c == '(') {
      const absl::string_view before = absl::string_view(source).substr(0, at);
      joins.push_back((!joins.empty() && joins.back()) || absl::EndsWith(before, "StrCat") ||
                      absl::EndsWith(before, "StrAppend"));
    } else if (c == ')') {
      if (!joins.empty()) joins.pop_back();
    } else if (c == ':' && source[at + 1] == ':') {
      ++at;
    } else if (absl::StrContains(";:{}?", c) || (c == ',' && (joins.empty() || !joins.back()))) {
      texts.push_back('\n');
      in_value = false;
    } else if (absl::ascii_isalnum(c) && !in_value) {
      texts.push_back(kValue);
      in_value = true;
    }
  }
  return texts;
}

// The words after "weft ", as far as they may be a command.
std::vector<std::string> WordsAt(absl::string_view text) {
  std::vector<std::string> words;
  text = text.substr(0, text.find_first_of("\n`,;:()"));
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (word == "or" || word == "and") break;
    words.emplace_back(absl::StripSuffix(word, "."));
  }
  return words;
}

// Lower-case words are prose, unless the command says that it takes them.
bool IsValue(const Parameter& parameter, const std::string& word) {
  if (std::find(parameter.choices.begin(), parameter.choices.end(), word) !=
      parameter.choices.end()) {
    return true;
  }
  return !std::all_of(word.begin(), word.end(), absl::ascii_islower);
}

std::optional<Parameter> FindOption(const Command& command, absl::string_view name) {
  for (const GlobalOption& global : GlobalOptions()) {
    if (global.parameter.name == name) return global.parameter;
  }
  for (const Parameter& option : OptionsOf(command)) {
    if (option.name == name) return option;
  }
  return std::nullopt;
}

// What is wrong with the words of a command; empty: nothing, or they are prose.
std::string Wrong(const std::vector<std::string>& words) {
  static const Nouns& nouns = *new Nouns(AllNouns());
  if (words.empty()) return "";
  const Noun* const noun = FindNoun(nouns, words[0]);
  if (noun == nullptr) return "";
  size_t at = 1;
  const Command* command = FindCommand(*noun, "");
  if (command == nullptr) {
    if (words.size() < 2) return "";
    command = FindCommand(*noun, words[at++]);
    if (command == nullptr) return absl::StrCat("no verb ", words[1]);
  }
  size_t given = 0;
  for (; at < words.size(); ++at) {
    std::string word = words[at];
    if (absl::StartsWith(word, "--")) {
      word = absl::StrReplaceAll(word, {{std::string(1, kValue), ""}});
      const std::vector<std::string> parts =
          absl::StrSplit(word.substr(2), absl::MaxSplits('=', 1));
      const std::optional<Parameter> option = FindOption(*command, parts[0]);
      if (!option.has_value()) return absl::StrCat("no option --", parts[0]);
      if (option->placeholder.empty() || parts.size() > 1) continue;
      if (++at >= words.size()) return absl::StrCat("no value for --", parts[0]);
      continue;
    }
    const auto& positionals = command->positionals;
    if (positionals.empty()) break;
    const Parameter& next = positionals[std::min(given, positionals.size() - 1)];
    if (!IsValue(next, word)) break;
    ++given;
    if (given > positionals.size() && !positionals.back().repeated) {
      return absl::StrCat("too many values: ", word);
    }
  }
  size_t needed = 0;
  for (const Parameter& positional : command->positionals) needed += positional.optional ? 0 : 1;
  if (given < needed) return absl::StrCat("no ", command->positionals[given].placeholder);
  return "";
}

struct Checked {
  int commands = 0;
  std::vector<std::string> wrong;
};

void Check(const std::string& source, const std::string& where, Checked* checked) {
  const std::string texts = TextsIn(source);
  static const std::string& kWeft = *new std::string("weft ");
  for (size_t at = texts.find(kWeft); at != std::string::npos; at = texts.find(kWeft, at + 1)) {
    if (at > 0 && absl::ascii_isalnum(texts[at - 1])) continue;
    const std::vector<std::string> words =
        WordsAt(absl::string_view(texts).substr(at + kWeft.size()));
    ++checked->commands;
    const std::string wrong = Wrong(words);
    if (wrong.empty()) continue;
    checked->wrong.push_back(
        absl::StrReplaceAll(absl::StrCat(where, ": weft ", absl::StrJoin(words, " "), ": ", wrong),
                            {{std::string(1, kValue), "..."}}));
  }
}

std::vector<std::string> WrongIn(const std::string& source) {
  Checked checked;
  Check(source, "here", &checked);
  return checked.wrong;
}

TEST(NamedCommandsTest, WhatTextsOfTheControllerNameCanBeRun) {
  Checked checked;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("services/controller")) {
    const std::string path = entry.path().string();
    const bool source = absl::EndsWith(path, ".cc") || absl::EndsWith(path, ".h");
    if (!source || absl::EndsWith(path, "_test.cc")) continue;
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    Check(text.str(), path, &checked);
  }
  EXPECT_GT(checked.commands, 60);
  EXPECT_THAT(checked.wrong, IsEmpty());
}

TEST(NamedCommandsTest, ACommandThatCannotBeRunIsFound) {
  const auto found = [](const std::string& source) { return absl::StrJoin(WrongIn(source), "|"); };
  EXPECT_THAT(found(R"(StrCat("weft group update ", id, " --durability async"))"),
              HasSubstr("no verb update"));
  EXPECT_THAT(found(R"(StrCat("weft group " "set ", id, " --lossless"))"),
              HasSubstr("no option --lossless"));
  EXPECT_THAT(found(R"("weft group set --durability lossless")"), HasSubstr("no GROUP"));
  EXPECT_THAT(found(R"("or weft server rejoin --rebuild, after a look")"), HasSubstr("no SERVER"));
  EXPECT_THAT(found(R"("see `weft why`, mend it")"), HasSubstr("no GROUP"));
  EXPECT_THAT(found(R"(StrCat("weft group set ", id, " --durability"))"), HasSubstr("no value"));
}

TEST(NamedCommandsTest, ACommandThatCanBeRunAndProseArePassed) {
  EXPECT_THAT(WrongIn(R"(a ? StrCat("weft why ", ns::Id(g)) : StrCat("weft group show ", id);
                         StrCat("weft group set ", group.id, " cool_down=", x, ", or do it");
                         StrCat("weft why ", id, " says what is done"); // weft nonsense here
                         "weft says so; weft manage failover on, or weft operation list";
                         StrCat("weft group maintenance ", id, " --end", a ? "" : " --server ", b))"),
              IsEmpty());
}

}  // namespace
}  // namespace weft::cli
