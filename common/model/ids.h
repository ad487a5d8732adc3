#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft {

// A server's UUID as MySQL prints it: 36 characters, lower case. Empty means "none".
class ServerUuid {
 public:
  ServerUuid() = default;

  // Accepts any letter case and surrounding blanks. INVALID_ARGUMENT says what was expected.
  static absl::StatusOr<ServerUuid> Parse(absl::string_view text);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  friend bool operator==(const ServerUuid&, const ServerUuid&) = default;
  friend auto operator<=>(const ServerUuid&, const ServerUuid&) = default;

 private:
  explicit ServerUuid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Where a server listens. `host` is a name, an IPv4 or an IPv6 address without brackets.
struct HostPort {
  std::string host;
  uint16_t port = 0;

  // "host", "host:port", "[v6]:port", "[v6]"; a bare IPv6 address (two colons or more) is taken
  // whole. `default_port` serves where none is named. INVALID_ARGUMENT says what was expected.
  static absl::StatusOr<HostPort> Parse(absl::string_view text, uint16_t default_port = 3306);

  // "host:port", with brackets around IPv6.
  std::string ToString() const;
  bool empty() const { return host.empty(); }

  friend bool operator==(const HostPort&, const HostPort&) = default;
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

// OK when `text` may name a group: 1 to 64 characters of letters, digits, '_', '-' and '.', the
// first a letter, digit or '_' (Fabric's own rule, so that names travel over the legacy wire).
absl::Status ValidateGroupId(absl::string_view text);

// OK when `text` may name a zone (a place that may be lost as a whole): empty for none, else as a
// group's name.
absl::Status ValidateZone(absl::string_view text);

}  // namespace weft
