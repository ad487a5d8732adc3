#include "common/model/ids.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft {
namespace {

constexpr size_t kUuidLength = 36;
constexpr size_t kMaxHostLength = 253;  // of a domain name (RFC 1035)
constexpr size_t kMaxNameLength = 64;

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

// Quotes for messages: bounded, so that a hostile name does not fill a terminal.
std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 80;
  return text.size() <= kShown ? absl::StrCat("'", text, "'")
                               : absl::StrCat("'", text.substr(0, kShown), "...'");
}

bool IsNameHost(absl::string_view host) {
  return !host.empty() && host.size() <= kMaxHostLength && absl::ascii_isalnum(host.front()) &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

// Good enough to tell an address from a mistake; the resolver has the last word.
bool IsIpv6Host(absl::string_view host) {
  const absl::string_view address =
      host.substr(0, host.find('%'));  // a zone may follow: fe80::1%eth0
  return std::count(address.begin(), address.end(), ':') >= 2 && address.size() <= 45 &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return absl::ascii_isxdigit(c) || c == ':' || c == '.'; });
}

absl::Status Malformed(absl::string_view text, absl::string_view found) {
  return Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_ADDRESS",
                 absl::StrCat("expected host, host:port, [IPv6]:port or IPv6, found ", Quoted(text),
                              ": ", found),
                 "host, host:port, [IPv6]:port or IPv6", Quoted(text),
                 "name the server as db1.example.net:3306 or [2001:db8::7]:3306");
}

bool IsWellFormedName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength &&
         (absl::ascii_isalnum(text.front()) || text.front() == '_') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

absl::Status MalformedName(absl::string_view what, absl::string_view reason,
                           absl::string_view text) {
  return Refusal(absl::StatusCode::kInvalidArgument, reason,
                 absl::StrCat("a ", what, " cannot be named ", Quoted(text)),
                 "1 to 64 letters, digits, '_', '-' and '.', the first a letter, digit or '_'",
                 absl::StrCat(text.size(), " characters: ", Quoted(text)), "choose another name");
}

}  // namespace

absl::StatusOr<ServerUuid> ServerUuid::Parse(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (!IsUuid(trimmed)) {
    return Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_UUID",
                   absl::StrCat("a server UUID cannot be ", Quoted(text)),
                   "a UUID such as 3e11fa47-71ca-11e1-9e33-c80aa9429562", Quoted(text),
                   "the server tells it: SELECT @@server_uuid");
  }
  return ServerUuid(absl::AsciiStrToLower(trimmed));
}

absl::StatusOr<HostPort> HostPort::Parse(absl::string_view text, uint16_t default_port) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  absl::string_view host = trimmed;
  absl::string_view port;
  bool has_port = false;
  bool ipv6 = false;
  if (!trimmed.empty() && trimmed.front() == '[') {
    const size_t close = trimmed.find(']');
    if (close == absl::string_view::npos) return Malformed(text, "']' is missing");
    host = trimmed.substr(1, close - 1);
    const absl::string_view rest = trimmed.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return Malformed(text, "only ':port' may follow ']'");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    ipv6 = true;
  } else if (std::count(trimmed.begin(), trimmed.end(), ':') >= 2) {
    ipv6 = true;
  } else if (const size_t colon = trimmed.find(':'); colon != absl::string_view::npos) {
    host = trimmed.substr(0, colon);
    port = trimmed.substr(colon + 1);
    has_port = true;
  }
  if (ipv6 ? !IsIpv6Host(host) : !IsNameHost(host)) {
    return Malformed(text, ipv6 ? "not an IPv6 address" : "not a host name or IPv4 address");
  }
  uint32_t number = default_port;
  const bool digits = std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
  if (has_port && (!digits || !absl::SimpleAtoi(port, &number) || number < 1 || number > 65535)) {
    return Malformed(text, "the port must be 1 to 65535");
  }
  return HostPort{.host = std::string(host), .port = static_cast<uint16_t>(number)};
}

std::string HostPort::ToString() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

absl::Status ValidateGroupId(absl::string_view text) {
  if (IsWellFormedName(text)) return absl::OkStatus();
  return MalformedName("group", "MALFORMED_GROUP", text);
}

absl::Status ValidateZone(absl::string_view text) {
  if (text.empty() || IsWellFormedName(text)) return absl::OkStatus();
  return MalformedName("zone", "MALFORMED_ZONE", text);
}

}  // namespace weft
