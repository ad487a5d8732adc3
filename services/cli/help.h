#pragma once

#include <string>

#include "services/cli/command.h"

namespace weft::cli {

// What --help prints, made from the grammar. Pure; all end in a line feed.
std::string HelpOnAll(const Nouns& nouns);
std::string HelpOnNoun(const Noun& noun);
std::string HelpOnCommand(const Noun& noun, const Command& command);

}  // namespace weft::cli
