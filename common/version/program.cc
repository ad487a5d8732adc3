#include "common/version/program.h"

#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/version/version.h"

namespace weft {

std::string VersionText(absl::string_view name) { return absl::StrCat(name, " ", Version(), "\n"); }

bool HoldsOwnFlags(absl::string_view file) { return absl::EndsWith(file, "/main.cc"); }

void DescribeProgram(absl::string_view name, absl::string_view usage) {
  absl::SetProgramUsageMessage(usage);
  absl::FlagsUsageConfig config;
  // By default --help looks for flags in a file that is named like the program.
  config.contains_helpshort_flags = config.contains_help_flags = HoldsOwnFlags;
  config.version_string = [text = VersionText(name)] { return text; };
  absl::SetFlagsUsageConfig(config);
}

}  // namespace weft
