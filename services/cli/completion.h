#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/cli/command.h"
#include "services/cli/options.h"

namespace weft::cli {

// One word that could stand where the cursor is, and what it means (may be empty).
struct Candidate {
  std::string word;
  std::string description = "";
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// Words that stand for "any file" and "any folder": the shell knows better which there are.
inline constexpr char kAnyFile[] = ":file";
inline constexpr char kAnyFolder[] = ":folder";

// Names that only the controller knows, of kGroup, kServer or kOperation. `arguments` are those
// before the cursor: servers are those of "group" when it is given. Nothing where they cannot be
// had quickly.
using NameSource = std::function<std::vector<Candidate>(Kind kind, const Options& options,
                                                        const Arguments& arguments)>;

// What could replace the last of `words` (without the program's name; the last one may be empty).
// `defaults` as for Parse. Pure but for `names`.
std::vector<Candidate> Complete(const Nouns& nouns, const std::vector<std::string>& words,
                                const Options& defaults, const NameSource& names);

// Scripts to be sourced. They ask `weft __complete -- WORDS...`, which prints one candidate and,
// after a tab, its description on each line.
std::string BashScript();
std::string ZshScript();

}  // namespace weft::cli
