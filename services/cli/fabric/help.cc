#include "services/cli/fabric/help.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::Command;
using fabric::Commands;

std::string ListCommands() {
  size_t width = 0;
  for (const Command& command : Commands()) {
    width = std::max(width, command.group.size() + 1 + command.name.size());
  }
  std::string text;
  for (const Command& command : Commands()) {
    absl::StrAppendFormat(&text, "%-*s  %s\n", static_cast<int>(width),
                          absl::StrCat(command.group, " ", command.name), command.summary);
  }
  return text;
}

std::string ListGroups() {
  return absl::StrCat("Available groups: ", absl::StrJoin(fabric::CommandGroups(), ", "), "\n");
}

std::string GroupHelp(const std::string& group, absl::string_view program) {
  std::string text;
  for (const Command& command : Commands()) {
    if (command.group == group) absl::StrAppend(&text, "    ", command.Signature(), "\n");
  }
  if (text.empty()) return absl::StrCat(program, ": group '", group, "' does not exist\n\n");
  return absl::StrCat("\nCommands available in group '", group, "' are:\n", text);
}

}  // namespace

std::string VersionText(absl::string_view program, absl::string_view weft_version) {
  return absl::StrCat(program, " ", kFabricVersion, " (Weft ", weft_version, ")\n");
}

std::string UsageText(absl::string_view program, absl::string_view weft_version) {
  return absl::StrCat("Usage: ", program, " [--param, --config] <grp> <cmd> [arg, ...].\n\n",
                      "Weft ", weft_version, " by the command line of MySQL Fabric ",
                      kFabricVersion,
                      "\n\n"
                      "Options:\n"
                      "  --version             show program's version number and exit\n"
                      "  -h, --help            show this help message and exit\n"
                      "  --param=CONFIG_PARAMS\n"
                      "                        Override a configuration parameter.\n"
                      "  --config=FILE         Read configuration from FILE.\n"
                      "  --output=FORMAT       Print answers as table (the default) or json.\n"
                      "\n"
                      "Basic commands:\n"
                      "    help <grp> <cmd>  Show help for command\n"
                      "    help commands     List all commands\n"
                      "    help groups       List all groups\n");
}

std::string CommandHelp(const Command& command) {
  std::string text = absl::StrCat(command.Signature(), " \n\n", command.summary, "\n");
  if (!command.details.empty()) absl::StrAppend(&text, "\n", command.details, "\n");
  return text;
}

std::string HelpText(const std::vector<std::string>& words, absl::string_view program,
                     absl::string_view weft_version) {
  if (words.empty()) return UsageText(program, weft_version);
  if (words.size() == 1 && words[0] == "commands") return ListCommands();
  if (words.size() == 1 && words[0] == "groups") return ListGroups();
  if (words.size() == 1) return GroupHelp(words[0], program);
  const Command* command = fabric::FindCommand(absl::StrCat(words[0], ".", words[1]));
  if (command != nullptr) return CommandHelp(*command);
  return absl::StrCat(program, ": command '", words[1], "' in group '", words[0],
                      "' was not found.\n\n");
}

}  // namespace weft::cli::mysqlfabric
