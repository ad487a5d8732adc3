#pragma once
// The configuration file of MySQL Fabric: an INI file with %(name)s in values. Pure, but for
// ReadConfig.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::cli::mysqlfabric {

// Options by section. Names of options are compared without regard to case, sections to the letter;
// the last of several values holds. The section DEFAULT holds what others may refer to, and what
// they have where they say nothing else.
class Config {
 public:
  // INVALID_ARGUMENT with `name` and the line: no INI file, a line longer than the 199 bytes that
  // the parser takes, a value of several lines. Values are never repeated: they may be secrets.
  static absl::StatusOr<Config> Parse(absl::string_view text, absl::string_view name);

  // "section.option=value", as --param gives it: the section may hold points, the option none.
  // INVALID_ARGUMENT otherwise.
  absl::Status Override(absl::string_view parameter);

  // With %(name)s replaced by what `section` or DEFAULT holds, and %% by %. nullopt: not there.
  // INVALID_ARGUMENT: the name is not there, or refers to itself.
  absl::StatusOr<std::optional<std::string>> Get(const std::string& section,
                                                 const std::string& option) const;

  bool HasSection(const std::string& section) const { return sections_.count(section) > 0; }

  // Section and option of all that is said, DEFAULT left out, ordered.
  std::vector<std::pair<std::string, std::string>> Names() const;

 private:
  const std::string* Find(const std::string& section, const std::string& option) const;
  absl::StatusOr<std::string> Expand(const std::string& section, const std::string& option,
                                     const std::string& text, int depth) const;

  std::map<std::string, std::map<std::string, std::string>> sections_;
};

// Where the file is looked for when no --config names it: /etc/mysql/fabric.cfg of a program in
// /bin or /usr/bin, PREFIX/etc/mysql/fabric.cfg of one in PREFIX/bin. `program` is its absolute
// path.
std::string DefaultConfigPath(absl::string_view program);

// Reads and parses a file. NOT_FOUND, PERMISSION_DENIED, and as Parse.
absl::StatusOr<Config> ReadConfig(const std::string& path);

}  // namespace weft::cli::mysqlfabric
