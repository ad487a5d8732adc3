#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::cli {

class Context;

// What a command answers: the same for programs and for people.
struct Answer {
  std::string json;  // One value on one line; see json.h. Empty: the command printed nothing.
  std::string text;  // Ends in a line feed.
  // kExitOk, or kExitAttention where the answer is "not well".
  int exit_code = 0;
};

// What a value is: what is checked before a command runs, and what completion offers.
enum class Kind {
  kText,
  kInteger,   // 0 to 2147483647.
  kNumber,    // Decimal.
  kDuration,  // "500ms", "2m"; a bare number is seconds.
  kGroup,
  kServer,     // A uuid, "servers/UUID" or "host:port".
  kOperation,  // A uuid or "operations/UUID".
  kFile,
  kFolder,
  kGroupSetting,  // NAME=VALUE of common/model/group_settings.h.
};

// A positional argument or an option of a command.
struct Parameter {
  // "group", "expected-primary": an option is written --NAME, a positional as its placeholder.
  std::string name;
  // What stands for the value in the help: "GROUP". Empty: a switch without a value.
  std::string placeholder;
  std::string help;
  Kind kind = Kind::kText;
  // Not empty: the value must be one of these, in any letter case ('-' and '_' count as the same).
  std::vector<std::string> choices = {};
  // Positional arguments only.
  bool optional = false;
  // The last positional argument only: it may be given several times.
  bool repeated = false;
};

// Options that several commands share; each is accepted only where it means something.
enum Trait : uint32_t {
  kPlain = 0,
  kReads = 1 << 0,     // --watch[=SECONDS]
  kChanges = 1 << 1,   // --request-id
  kForesees = 1 << 2,  // --dry-run
  kWaits = 1 << 3,     // --no-wait
  kDestroys = 1 << 4,  // --yes
};

// What was given for a command's parameters, by name. Values have been checked against their kind.
class Arguments {
 public:
  void Set(const std::string& name, const std::string& value) { values_[name] = value; }

  bool Has(const std::string& name) const { return values_.count(name) > 0; }
  std::string Text(const std::string& name, const std::string& otherwise = "") const;
  int64_t Integer(const std::string& name, int64_t otherwise = 0) const;
  double Number(const std::string& name, double otherwise = 0) const;
  std::optional<absl::Duration> Duration(const std::string& name) const;
  // All that was given for a repeated argument.
  std::vector<std::string> List(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

struct Command {
  std::string verb = "";  // Empty: the noun alone is the command.
  std::vector<std::string> aliases = {};
  std::string summary;  // "create a group": one line, no full stop.
  std::string details = "";
  std::vector<std::string> examples;
  std::vector<Parameter> positionals = {};
  std::vector<Parameter> options = {};
  uint32_t traits = kPlain;
  std::function<absl::StatusOr<Answer>(Context&)> run;
};

struct Noun {
  std::string name;
  std::string summary;
  std::vector<Command> commands;
};

// The whole grammar: what parsing, help and completion are made from.
using Nouns = std::vector<Noun>;

// By name or alias; nullptr: there is none.
const Noun* FindNoun(const Nouns& nouns, absl::string_view name);
const Command* FindCommand(const Noun& noun, absl::string_view verb);

// The command's own options and those of its traits, in the order of the help.
std::vector<Parameter> OptionsOf(const Command& command);
// The options that every command takes, with the short names of some ("o" for output).
struct GlobalOption {
  Parameter parameter;
  std::string short_name;
};
const std::vector<GlobalOption>& GlobalOptions();

// "weft group create GROUP [ADDRESS]": how to call it, without options.
std::string UsageOf(const Noun& noun, const Command& command);

// Whether `value` is what `parameter` takes; INVALID_ARGUMENT says what was expected. `value` gets
// the spelling of the choice it matches.
absl::Status CheckValue(const Parameter& parameter, std::string& value);

// "500ms", "2m", "1h30m"; a bare number is seconds. Nothing negative.
std::optional<absl::Duration> ParseTimeSpan(absl::string_view text);

}  // namespace weft::cli
