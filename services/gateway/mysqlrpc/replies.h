#pragma once
// The answers of MySQL's client/server protocol that Fabric sends.
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc {

// An ERR packet. `message` is without the prefix "[Fabric] ", which every one gets on the wire.
struct Error {
  uint16_t code = 0;
  std::string sql_state;  // Five characters.
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

// Another result set follows.
inline constexpr uint16_t kMoreResultsExist = 8;

// Types of columns.
enum class ColumnType : uint8_t {
  kTiny = 1,
  kLongLong = 8,
  kNewDecimal = 246,
  kBlob = 252,
  kVarString = 253,
};

// Payloads.
std::string OkPayload(absl::string_view info = "");
std::string ErrorPayload(const Error& error);
std::string EofPayload(uint16_t status = 0);

// Appends the payload of a column's definition. `catalog` is the schema's name too.
void AppendColumn(std::string& out, absl::string_view name, ColumnType type,
                  absl::string_view table, absl::string_view catalog = "fabric");
// Appends NULL to a row's payload.
void AppendNull(std::string& out);

}  // namespace weft::gateway::mysqlrpc
