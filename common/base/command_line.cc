#include "common/base/command_line.h"

#include <algorithm>

namespace weft {
namespace {

// The length of "--name" in "--name=value"; 0 for what is no flag.
size_t NameLength(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-') return 0;
  return std::min(argument.find('='), argument.size());
}

}  // namespace

std::vector<std::string> WithUnderscores(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (size_t i = 1; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    if (argument == "--") break;
    const size_t length = NameLength(argument);
    const size_t name = std::min(argument.find_first_not_of('-'), length);
    std::replace(argument.begin() + name, argument.begin() + length, '-', '_');
  }
  return arguments;
}

CommandLine UnderscoredCommandLine(int argc, char** argv) {
  // Never freed: flags keep views of it.
  auto* const arguments = new std::vector<std::string>(WithUnderscores(argc, argv));
  auto* const pointers = new std::vector<char*>;
  for (std::string& argument : *arguments) pointers->push_back(argument.data());
  pointers->push_back(nullptr);
  return {argc, pointers->data()};
}

}  // namespace weft
