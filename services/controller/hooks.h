#pragma once
// Programs of the controller's host that a group's settings name: told of a change of primary,
// asked whether it may go on, or made to end a dead primary for certain (STONITH).
//
// What is run is written in a file on that host (--hooks-file), never in the state store: who may
// change a group's settings chooses among the programs, and can neither add one nor an argument.
//
//   hooks:
//     power-off:
//       command: [/usr/local/bin/power-off, --now]   # no shell; an absolute path
//       deadline: 10s                                # default 10s, at most 5m
//       on_failure: abort                            # or continue; default abort
//
// A program gets the decision as a JSON object on its standard input and as WEFT_... variables of
// an otherwise empty environment (but for PATH); no secret is among them. It must bear being run
// twice for the same WEFT_OPERATION: a new leader repeats what its predecessor did not see the
// end of.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace weft::controller {

struct Hook {
  std::vector<std::string> command;
  absl::Duration deadline = absl::Seconds(10);
  bool abort_on_failure = true;
};
using HookBook = std::map<std::string, Hook>;  // by name

// Reads the file. INVALID_ARGUMENT BAD_HOOKS_FILE says what was expected and found, and where;
// FAILED_PRECONDITION when others than its owner may write to the file or to a program.
absl::StatusOr<HookBook> ReadHooksFile(const std::string& path);
// The same of a text. Pure.
absl::StatusOr<HookBook> ParseHooks(const std::string& text);

// How a program ended.
struct HookEnd {
  absl::Status
      status;          // OK: exit code 0. Else what happened: exit code, signal, deadline, no start
  std::string output;  // of both streams, its first kMostHookOutput bytes; the rest is thrown away
  absl::Duration took;
};
constexpr size_t kMostHookOutput = 4096;

// Runs `hook` with `input` on its standard input and `variables` in its environment, in a process
// group of its own. Blocks until it ends, or until its deadline or `gone` (asked every few
// milliseconds), when the whole group is killed. Never throws, never leaves a process of the group
// behind. Thread-safe.
HookEnd RunProgram(const Hook& hook, const std::string& input,
                   const std::map<std::string, std::string>& variables,
                   const std::function<bool()>& gone);

}  // namespace weft::controller
