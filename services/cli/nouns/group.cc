#include <utility>

#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Noun GroupNoun() {
  Noun noun = {"group", "high-availability groups of servers", GroupRecordCommands()};
  for (Command& command : GroupMemberCommands()) noun.commands.push_back(std::move(command));
  for (Command& command : GroupPrimaryCommands()) noun.commands.push_back(std::move(command));
  for (Command& command : GroupGuardCommands()) noun.commands.push_back(std::move(command));
  for (Command& command : GroupScaleCommands()) noun.commands.push_back(std::move(command));
  noun.commands.push_back(GroupHealthCommand());
  noun.commands.push_back(GroupDurabilityCommand());
  return noun;
}

}  // namespace weft::cli
