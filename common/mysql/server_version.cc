#include "common/mysql/server_version.h"

#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::mysql {

bool ServerVersion::AtLeast(int want_major, int want_minor, int want_patch) const {
  return std::tie(major, minor, patch) >= std::tie(want_major, want_minor, want_patch);
}

absl::StatusOr<ServerVersion> ParseServerVersion(absl::string_view text) {
  ServerVersion version;
  version.text = std::string(text);
  version.mariadb = absl::StrContains(absl::AsciiStrToLower(text), "mariadb");
  absl::string_view numbers = text;
  // So that old clients of MySQL, which compare version strings, take MariaDB 10 for something new.
  if (version.mariadb) absl::ConsumePrefix(&numbers, "5.5.5-");
  numbers = numbers.substr(0, numbers.find_first_not_of("0123456789."));
  const std::vector<absl::string_view> parts = absl::StrSplit(numbers, '.');
  if (parts.size() < 3 || !absl::SimpleAtoi(parts[0], &version.major) ||
      !absl::SimpleAtoi(parts[1], &version.minor) || !absl::SimpleAtoi(parts[2], &version.patch)) {
    return absl::InvalidArgumentError(
        absl::StrCat("server version: expected three numbers such as 8.4.0, found \"", text, "\""));
  }
  return version;
}

}  // namespace weft::mysql
