#include "tests/histories/history.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/simulation/run.h"

namespace weft::histories {
namespace {

constexpr absl::string_view kRule = "----\n";

}  // namespace

absl::StatusOr<History> Read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const size_t rule = all.find(absl::StrCat("\n", kRule));
  if (!file || rule == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a script and a line ----"));
  }
  const size_t end = rule + 1 + kRule.size();
  return History{.script = all.substr(0, end), .expected = all.substr(end)};
}

absl::StatusOr<std::string> Play(absl::string_view script) {
  script.remove_suffix(kRule.size());
  const absl::StatusOr<simulation::Scenario> scenario = simulation::ParseScenario(script);
  if (!scenario.ok()) return scenario.status();
  const simulation::Outcome outcome = simulation::Simulate(*scenario, /*keep_log=*/true);
  std::string text;
  for (const std::string& line : outcome.log) absl::StrAppend(&text, line, "\n");
  if (!outcome.ok()) absl::StrAppend(&text, "FAILED ", outcome.failure, "\n");
  return text;
}

std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace weft::histories
