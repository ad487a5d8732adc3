#pragma once
// The basic fields of MySQL's client/server protocol: little-endian integers, and integers and
// strings with their length before them.
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc {

// `value` in `bytes` bytes, lowest first; what does not fit is cut.
void AppendInteger(std::string& out, uint64_t value, int bytes);
void AppendLengthEncoded(std::string& out, uint64_t value);
void AppendLengthEncodedString(std::string& out, absl::string_view text);

// Reads fields from the front of a payload. Every method answers nullopt, and reads nothing, where
// the payload ends too early.
class Cursor {
 public:
  explicit Cursor(absl::string_view rest) : rest_(rest) {}

  std::optional<uint64_t> Integer(int bytes);
  std::optional<absl::string_view> Bytes(size_t count);
  // Up to a NUL byte, which is read too.
  std::optional<absl::string_view> Terminated();
  // nullopt as well for the marks of NULL (0xFB) and of an error (0xFF).
  std::optional<uint64_t> LengthEncoded();
  std::optional<absl::string_view> LengthEncodedString();

  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

}  // namespace weft::gateway::mysqlrpc
