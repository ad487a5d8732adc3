#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/cli/fabric/option_rules.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::HasSubstr;

TEST(DocsTest, TheGuideSaysOfEveryOptionWhatBecomesOfIt) {
  std::stringstream text;
  text << std::ifstream("docs/mysqlfabric.md").rdbuf();
  for (const OptionRule& rule : OptionRules()) {
    const std::string row = absl::StrCat("| `", rule.section, ".", rule.option, "` | ");
    EXPECT_THAT(text.str(), HasSubstr(rule.instead == nullptr
                                          ? row
                                          : absl::StrCat(row, "no effect: ", rule.instead, " |")));
  }
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
