#include "common/fabric/command_table.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

Value ParseStandard(absl::string_view text) {
  if (text == "None") return Value{Nil{}};
  if (text == "True") return Value{true};
  if (text == "False") return Value{false};
  if (int64_t number = 0; absl::SimpleAtoi(text, &number)) return Value{number};
  return Value{std::string(text)};
}

Parameter ParseParameter(absl::string_view word) {
  Parameter parameter;
  const std::vector<absl::string_view> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
  absl::string_view name = parts[0];
  parameter.is_list = absl::EndsWith(name, "[]");
  if (parameter.is_list) name.remove_suffix(2);
  parameter.name = std::string(name);
  if (parts.size() == 2) parameter.standard = ParseStandard(parts[1]);
  return parameter;
}

Command ParseRow(const CommandRow& row) {
  Command command;
  command.group = row.group;
  command.name = row.name;
  command.kind = row.kind;
  for (absl::string_view word : absl::StrSplit(row.parameters, ' ', absl::SkipEmpty())) {
    command.parameters.push_back(ParseParameter(word));
  }
  command.summary = row.summary;
  command.details = row.details;
  command.is_addition = row.is_addition;
  return command;
}

// "NONE" of None: the original prints defaults in capitals.
std::string ShowStandard(const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value.data)) return absl::StrCat(*number);
  if (const auto* text = std::get_if<std::string>(&value.data)) return absl::AsciiStrToUpper(*text);
  return "NONE";
}

std::vector<Command> BuildCommands() {
  std::vector<Command> commands;
  for (const auto& rows : {GroupRows(), ReadRows(), NodeRows(), ServerRows(), ShardingRows()}) {
    for (const CommandRow& row : rows) commands.push_back(ParseRow(row));
  }
  const std::vector<std::string>& groups = CommandGroups();
  const auto rank = [&groups](const Command& command) {
    return std::find(groups.begin(), groups.end(), command.group);
  };
  std::stable_sort(
      commands.begin(), commands.end(),
      [&rank](const Command& left, const Command& right) { return rank(left) < rank(right); });
  return commands;
}

}  // namespace

std::string Command::Signature() const {
  std::string mandatory = absl::StrCat(group, " ", name);
  std::string optional;
  for (const Parameter& parameter : parameters) {
    if (parameter.is_mandatory()) {
      absl::StrAppend(&mandatory, " ", parameter.name);
    } else if (parameter.is_flag()) {
      absl::StrAppend(&optional, "[--", parameter.name, "] ");
    } else {
      absl::StrAppend(&optional, "[--", parameter.name, "=", ShowStandard(*parameter.standard),
                      "] ");
    }
  }
  return absl::StrCat(mandatory, "  ", optional);
}

size_t Command::mandatory() const {
  return std::count_if(parameters.begin(), parameters.end(),
                       [](const Parameter& parameter) { return parameter.is_mandatory(); });
}

const std::vector<Command>& Commands() {
  static const auto* commands = new std::vector<Command>(BuildCommands());
  return *commands;
}

const Command* FindCommand(absl::string_view method) {
  static const auto* by_method = [] {
    auto* map = new std::map<std::string, const Command*, std::less<>>();
    for (const Command& command : Commands()) map->emplace(command.method(), &command);
    return map;
  }();
  const auto found = by_method->find(method);
  return found == by_method->end() ? nullptr : found->second;
}

const std::vector<std::string>& CommandGroups() {
  static const auto* groups = new std::vector<std::string>{
      "statistics", "group",  "dump",     "manage",   "server",   "role",
      "user",       "threat", "provider", "sharding", "snapshot", "event"};
  return *groups;
}

}  // namespace weft::fabric
