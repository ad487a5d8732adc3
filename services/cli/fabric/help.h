#pragma once
// What `mysqlfabric help` prints, in the original's form. Pure.
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/fabric/command_table.h"

namespace weft::cli::mysqlfabric {

// The version of Fabric whose commands these are: what `--version` and scripts that ask it expect.
inline constexpr char kFabricVersion[] = "1.5.5";

// `weft_version` is this program's own. Both end in a line feed.
std::string VersionText(absl::string_view program, absl::string_view weft_version);
std::string UsageText(absl::string_view program, absl::string_view weft_version);

// `help GROUP COMMAND`: the signature and what it means.
std::string CommandHelp(const fabric::Command& command);

// `help WORDS...`: none, "commands", "groups", a group, a group and a command, or whatever is
// unknown.
std::string HelpText(const std::vector<std::string>& words, absl::string_view program,
                     absl::string_view weft_version);

}  // namespace weft::cli::mysqlfabric
