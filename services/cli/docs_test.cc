// docs/cli.md says everything that the grammar has, and nothing that it has not.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/cli/command.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {
namespace {

std::string ReadPage() {
  std::ifstream file("docs/cli.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Every `...` of the table of commands that begins with "weft ".
std::set<std::string> UsagesIn(const std::string& page) {
  std::set<std::string> usages;
  const size_t begin = page.find("## Commands");
  const size_t end = page.find("A SERVER is", begin);
  for (size_t at = page.find("`weft ", begin); at < end; at = page.find("`weft ", at + 1)) {
    usages.insert(page.substr(at + 1, page.find('`', at + 1) - at - 1));
  }
  return usages;
}

TEST(CliPageTest, ListsExactlyTheCommandsThereAre) {
  std::set<std::string> usages;
  for (const Noun& noun : AllNouns()) {
    for (const Command& command : noun.commands) usages.insert(UsageOf(noun, command));
  }
  EXPECT_EQ(UsagesIn(ReadPage()), usages);
}

TEST(CliPageTest, NamesEveryOption) {
  const std::string page = ReadPage();
  for (const GlobalOption& global : GlobalOptions()) {
    const std::string name = global.parameter.name;
    if (name == "output") continue;  // Written -o there.
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("--", name))) << name;
  }
  for (const Noun& noun : AllNouns()) {
    for (const Command& command : noun.commands) {
      for (const Parameter& option : OptionsOf(command)) {
        // What `group create` and `group set` share is spelled out once.
        EXPECT_TRUE(absl::StrContains(page, absl::StrCat("--", option.name)))
            << noun.name << " " << command.verb << " --" << option.name;
      }
    }
  }
}

}  // namespace
}  // namespace weft::cli
