#pragma once
// The command lines of `mysqlfabric`, as Python's optparse read them for the original: words that a
// script of ten years ago holds mean the same here. Pure.
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fabric/command_table.h"
#include "common/fabric/value.h"

namespace weft::cli::mysqlfabric {

enum class Output { kTable, kJson };

// What may stand before the command or behind it.
struct Globals {
  std::string config;                   // --config=FILE; empty: not given.
  std::vector<std::string> parameters;  // --param=SECTION.OPTION=VALUE, in their order.
  Output output = Output::kTable;       // --output=table|json: not of the original.
};

struct Line {
  enum class Verb {
    kVersion,
    kUsage,    // `--help`, or nothing at all.
    kHelp,     // `help ...`, or the name of a group alone: `words`.
    kExplain,  // GROUP COMMAND --help
    kRun,
  };
  Verb verb = Verb::kRun;
  Globals globals;
  bool asked_for_usage = false;    // kUsage by --help: no mistake.
  std::vector<std::string> words;  // kHelp

  // kExplain and kRun
  const fabric::Command* command = nullptr;
  // kRun: one for each parameter of the command; what was not given is its default.
  fabric::List arguments;
  std::optional<std::string> user;  // --user
};

// `words` are those behind the program's name. Rules, all of them optparse's: options may stand
// among arguments and may be shortened as long as they are unambiguous; `--name value` and
// `--name=value` are the same; `--` ends the options. Options of commands: a flag turns its default
// round, a list's may be repeated, any other's last value holds.
// INVALID_ARGUMENT: the message is what to print, to the original's letter where it had one.
absl::StatusOr<Line> ParseLine(const std::vector<std::string>& words, absl::string_view program);

}  // namespace weft::cli::mysqlfabric
