#pragma once
// A server's version as a value. Pure.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::mysql {

struct ServerVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;
  bool mariadb = false;
  std::string text;  // as the server gave it: "9.7.4-log", "10.11.19-MariaDB-0+deb12u1"

  // Compares numbers only; a MariaDB number says nothing about MySQL features, so ask `mariadb`
  // first.
  bool AtLeast(int want_major, int want_minor, int want_patch = 0) const;

  bool operator==(const ServerVersion&) const = default;
};

// Reads VERSION(), with the "5.5.5-" prefix that MariaDB puts before its own. InvalidArgument when
// it does not begin with three numbers.
absl::StatusOr<ServerVersion> ParseServerVersion(absl::string_view text);

}  // namespace weft::mysql
