#pragma once
// What becomes of each option of Fabric's configuration file, as one table: docs/mysqlfabric.md
// prints it.
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "services/cli/fabric/config.h"

namespace weft::cli::mysqlfabric {

struct OptionRule {
  const char* section;
  const char* option;
  // What the file that came with the original says; nullptr: it says nothing.
  const char* shipped;
  // What to do instead, where the option has no meaning here; nullptr: it is honoured.
  const char* instead;
  bool secret = false;
};

absl::Span<const OptionRule> OptionRules();

// nullptr: neither the original nor Weft has such an option.
const OptionRule* FindOptionRule(const std::string& section, const std::string& option);

// One line, without its end, for each option that is said and has no effect. With `all` false the
// ones that say what the original's own file says are left out: nobody has set them.
std::vector<std::string> UselessOptions(const Config& config, bool all);

}  // namespace weft::cli::mysqlfabric
