#pragma once
// SQL literals and identifiers. Pure.
//
// The texts are right for sessions in utf8mb4 whose sql_mode has neither NO_BACKSLASH_ESCAPES nor
// ANSI_QUOTES; Session sets both up when it connects.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::mysql {

// 'it''s' with quotes, escaped. Any bytes are safe; NUL becomes \0.
std::string QuoteString(absl::string_view value);

// `name` in backquotes. An identifier with a NUL cannot exist: the NUL and what follows is left
// out.
std::string QuoteIdentifier(absl::string_view name);

// 'user'@'host'.
std::string QuoteAccount(absl::string_view user, absl::string_view host);

// Bytes that are no text: written as x'...'.
struct Bytes {
  std::string value;
  bool operator==(const Bytes&) const = default;
};

struct Null {
  bool operator==(const Null&) const = default;
};

// A statement's argument.
class Param {
 public:
  Param(Null) : value_(Null{}) {}                                  // NOLINT: implicit by design
  Param(bool value) : value_(value) {}                             // NOLINT
  Param(int value) : value_(static_cast<int64_t>(value)) {}        // NOLINT
  Param(unsigned value) : value_(static_cast<uint64_t>(value)) {}  // NOLINT
  Param(int64_t value) : value_(value) {}                          // NOLINT
  Param(uint64_t value) : value_(value) {}                         // NOLINT
  Param(double value) : value_(value) {}                           // NOLINT
  Param(const char* value) : value_(std::string(value)) {}         // NOLINT
  Param(std::string value) : value_(std::move(value)) {}           // NOLINT
  Param(absl::string_view value) : value_(std::string(value)) {}   // NOLINT
  Param(Bytes value) : value_(std::move(value)) {}                 // NOLINT
  Param(void*) = delete;

  // The SQL literal.
  std::string ToSql() const;

 private:
  std::variant<Null, bool, int64_t, uint64_t, double, std::string, Bytes> value_;
};

using Params = std::vector<Param>;

// `sql` with each `?` that stands outside of quotes and comments replaced by the literal of the
// parameter in that place. InvalidArgument when the counts differ. Done here rather than by the
// server's PREPARE because most of the statements that manage a server (CHANGE REPLICATION SOURCE,
// SET GLOBAL, KILL) cannot be prepared, and because it takes one round trip instead of three.
absl::StatusOr<std::string> BindParams(absl::string_view sql, const Params& params);

}  // namespace weft::mysql
