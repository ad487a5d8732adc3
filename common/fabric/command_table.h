#pragma once
// The commands of MySQL Fabric 1.5 as data: names, parameters in their order, defaults, kinds and
// help. The wires, the command line and the tests of permissions all read this one table, so a
// command exists for all of them or for none.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"

namespace weft::fabric {

enum class CommandKind {
  // Answered at once, mostly reads.
  kPlain,
  // Changes something by jobs; its last parameter is `synchronous`.
  kProcedure,
  // Works on the machine of the command line only; every node refuses it.
  kLocal,
};

struct Parameter {
  std::string name;
  // What is taken where a caller gives nothing; none: it must be given. On the command line these
  // are options, and the ones of type bool are flags that turn their default round: `--synchronous`
  // makes a call asynchronous.
  std::optional<Value> standard;
  // Repeatable on the command line; an array on the wire.
  bool is_list = false;

  bool is_mandatory() const { return !standard.has_value(); }
  bool is_flag() const {
    return standard.has_value() && std::holds_alternative<bool>(standard->data);
  }
};

struct Command {
  std::string group;
  std::string name;
  CommandKind kind = CommandKind::kPlain;
  std::vector<Parameter> parameters;
  // One line.
  std::string summary;
  // Lines of further text; may be empty.
  std::string details;
  // True for the commands that the original lacks: of its maintained fork.
  bool is_addition = false;

  // "group.add", the name on the wires.
  std::string method() const { return group + "." + name; }
  // What help shows, to the letter of the original (doubled and closing blanks included):
  // "group add group_id address  [--timeout=NONE] [--update_only] [--synchronous] ".
  std::string Signature() const;
  // How many arguments must be given.
  size_t mandatory() const;
};

// All commands, in the order in which the original lists them, its additions at the end of their
// group. 65 of the original and 5 additions; built once and never freed.
const std::vector<Command>& Commands();

// By its name on the wires, "group.add". nullptr where there is none of that name. Names are
// compared to the letter.
const Command* FindCommand(absl::string_view method);

// The groups of commands in the order of the original's `help groups`.
const std::vector<std::string>& CommandGroups();

}  // namespace weft::fabric
