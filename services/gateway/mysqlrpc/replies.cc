#include "services/gateway/mysqlrpc/replies.h"

#include "services/gateway/mysqlrpc/fields.h"
#include "services/gateway/mysqlrpc/utf8.h"

namespace weft::gateway::mysqlrpc {
namespace {

constexpr uint16_t kColumnCharset = 33;  // utf8_general_ci
constexpr uint32_t kColumnLength = 1024;
constexpr uint16_t kNotNull = 1;
// Clients have room for so many bytes of an error's text.
constexpr size_t kErrorBytes = 511;

}  // namespace

std::string OkPayload(absl::string_view info) {
  std::string out;
  AppendInteger(out, 0, 1);
  AppendLengthEncoded(out, 0);  // Rows.
  AppendLengthEncoded(out, 0);  // Last inserted id.
  AppendInteger(out, 0, 2);     // Status.
  AppendInteger(out, 0, 2);     // Warnings.
  out.append(info.data(), info.size());
  return out;
}

std::string ErrorPayload(const Error& error) {
  std::string out = "\xff";
  AppendInteger(out, error.code, 2);
  out += '#';
  out += error.sql_state;
  const std::string text = "[Fabric] " + error.message;
  out += std::string(CutUtf8(text, kErrorBytes));
  return out;
}

std::string EofPayload(uint16_t status) {
  std::string out = "\xfe";
  AppendInteger(out, 0, 2);  // Warnings.
  AppendInteger(out, status, 2);
  return out;
}

void AppendColumn(std::string& out, absl::string_view name, ColumnType type,
                  absl::string_view table, absl::string_view catalog) {
  AppendLengthEncodedString(out, catalog);
  AppendLengthEncodedString(out, catalog);
  AppendLengthEncodedString(out, table);
  AppendLengthEncodedString(out, table);
  AppendLengthEncodedString(out, name);
  AppendLengthEncodedString(out, name);
  AppendInteger(out, 0x0c, 1);  // Bytes that follow.
  AppendInteger(out, kColumnCharset, 2);
  AppendInteger(out, kColumnLength, 4);
  AppendInteger(out, static_cast<uint8_t>(type), 1);
  AppendInteger(out, kNotNull, 2);
  AppendInteger(out, 0, 1);  // Decimals.
  AppendInteger(out, 0, 2);
}

void AppendNull(std::string& out) { out.push_back('\xfb'); }

}  // namespace weft::gateway::mysqlrpc
