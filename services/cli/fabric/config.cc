#include "services/cli/fabric/config.h"

#include <ini.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft::cli::mysqlfabric {
namespace {

constexpr char kDefaults[] = "DEFAULT";
// The parser cuts what is longer without a word.
constexpr size_t kLongestLine = 198;
// As deep as the original went.
constexpr int kDeepest = 10;

absl::Status Malformed(absl::string_view name, int line, absl::string_view what) {
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_CONFIGURATION",
                 absl::StrCat(name, ", line ", line, ": ", what), "[section] or option = value", "",
                 absl::StrCat("mend line ", line, " of ", name));
}

// What the parser would take for something else than the original did.
absl::Status CheckLines(const std::vector<absl::string_view>& lines, absl::string_view name) {
  bool option_before = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::string_view line = lines[i];
    const absl::string_view words = absl::StripAsciiWhitespace(line);
    const int number = static_cast<int>(i) + 1;
    if (words.empty() || words[0] == '#' || words[0] == ';') continue;
    if (line.size() > kLongestLine) {
      return Malformed(name, number, absl::StrCat("longer than ", kLongestLine, " bytes"));
    }
    if (absl::ascii_isspace(line[0]) && option_before) {
      return Malformed(name, number, "it begins with a blank, and no value has several lines");
    }
    option_before = words[0] != '[';
  }
  return absl::OkStatus();
}

// Comments may be of any length, so the parser does not get them.
std::string WithoutComments(const std::vector<absl::string_view>& lines) {
  std::string text;
  for (const absl::string_view line : lines) {
    const absl::string_view words = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::StartsWith(words, "#") && !absl::StartsWith(words, ";")) {
      absl::StrAppend(&text, line);
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<Config> Config::Parse(absl::string_view text, absl::string_view name) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  WEFT_RETURN_IF_ERROR(CheckLines(lines, name));
  Config config;
  const auto take = [](void* target, const char* section, const char* option, const char* value) {
    auto* sections = static_cast<decltype(Config::sections_)*>(target);
    if (*section == '\0') return 0;
    (*sections)[section][absl::AsciiStrToLower(option)] = value == nullptr ? "" : value;
    return 1;
  };
  const int wrong = ini_parse_string(WithoutComments(lines).c_str(), take, &config.sections_);
  if (wrong < 0) return absl::ResourceExhaustedError("no memory for the configuration");
  if (wrong > 0) return Malformed(name, wrong, "neither a section nor an option in one");
  return config;
}

absl::Status Config::Override(absl::string_view parameter) {
  const size_t equals = parameter.find('=');
  const absl::string_view name = absl::StripAsciiWhitespace(parameter.substr(0, equals));
  const size_t point = name.rfind('.');
  if (equals == absl::string_view::npos || point == absl::string_view::npos || point == 0 ||
      point + 1 == name.size()) {
    // Not what it was: it may hold a password.
    return Refusal(absl::StatusCode::kInvalidArgument, "BAD_PARAMETER",
                   "--param takes section.option=value", "section.option=value",
                   equals == absl::string_view::npos ? "no '='" : name,
                   "for example --param=protocol.xmlrpc.address=localhost:32274");
  }
  sections_[std::string(name.substr(0, point))][absl::AsciiStrToLower(name.substr(point + 1))] =
      std::string(absl::StripAsciiWhitespace(parameter.substr(equals + 1)));
  return absl::OkStatus();
}

const std::string* Config::Find(const std::string& section, const std::string& option) const {
  for (const std::string& place : {section, std::string(kDefaults)}) {
    const auto options = sections_.find(place);
    if (options == sections_.end()) continue;
    const auto found = options->second.find(absl::AsciiStrToLower(option));
    if (found != options->second.end()) return &found->second;
  }
  return nullptr;
}

absl::StatusOr<std::string> Config::Expand(const std::string& section, const std::string& option,
                                           const std::string& text, int depth) const {
  const auto wrong = [&](absl::string_view what, absl::string_view found) {
    return Refusal(absl::StatusCode::kInvalidArgument, "BAD_CONFIGURATION",
                   absl::StrCat("the value of ", section, ".", option, " ", what),
                   "%(name)s of a name that is defined, and %% for a percent sign", found,
                   absl::StrCat("mend ", option, " in section [", section, "]"));
  };
  if (depth > kDeepest) return wrong("refers to itself", "");
  std::string expanded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      expanded += text[i];
      continue;
    }
    if (text.compare(i, 2, "%%") == 0) {
      expanded += '%';
      ++i;
      continue;
    }
    const size_t end = text.compare(i, 2, "%(") == 0 ? text.find(")s", i) : std::string::npos;
    if (end == std::string::npos) return wrong("holds a percent sign of no meaning", "");
    const std::string name = text.substr(i + 2, end - i - 2);
    const std::string* value = Find(section, name);
    if (value == nullptr) return wrong("refers to what is not defined", name);
    WEFT_ASSIGN_OR_RETURN(const std::string inner, Expand(section, option, *value, depth + 1));
    expanded += inner;
    i = end + 1;
  }
  return expanded;
}

absl::StatusOr<std::optional<std::string>> Config::Get(const std::string& section,
                                                       const std::string& option) const {
  const std::string* value = Find(section, option);
  if (value == nullptr) return std::nullopt;
  WEFT_ASSIGN_OR_RETURN(std::string expanded, Expand(section, option, *value, 0));
  return std::optional<std::string>(std::move(expanded));
}

std::vector<std::pair<std::string, std::string>> Config::Names() const {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [section, options] : sections_) {
    if (section == kDefaults) continue;
    for (const auto& [option, value] : options) names.emplace_back(section, option);
  }
  return names;
}

std::string DefaultConfigPath(absl::string_view program) {
  constexpr char kPlace[] = "/etc/mysql/fabric.cfg";
  const size_t slash = program.rfind('/');
  absl::string_view folder =
      slash == absl::string_view::npos ? absl::string_view() : program.substr(0, slash);
  if (!absl::ConsumeSuffix(&folder, "/bin")) return kPlace;
  return folder.empty() || folder == "/usr" ? kPlace : absl::StrCat(folder, kPlace);
}

absl::StatusOr<Config> ReadConfig(const std::string& path) {
  WEFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return Config::Parse(text, path);
}

}  // namespace weft::cli::mysqlfabric
