#include "services/gateway/mysqlrpc/results.h"

#include "services/gateway/mysqlrpc/fields.h"
#include "services/gateway/mysqlrpc/replies.h"
#include "services/gateway/mysqlrpc/text_form.h"

namespace weft::gateway::mysqlrpc {
namespace {

void AppendField(const fabric::Value& value, std::string& out) {
  if (IsNone(value)) return AppendNull(out);
  const auto* text = std::get_if<std::string>(&value.data);
  AppendLengthEncodedString(out, text != nullptr ? *text : FieldText(value));
}

void AppendRow(const fabric::List& row, PacketWriter& out) {
  std::string payload;
  for (const fabric::Value& value : row) AppendField(value, payload);
  out.Append(payload);
}

// What every answer begins with.
fabric::ResultSet InfoOf(const fabric::Answer& answer, int ttl) {
  const fabric::Value message =
      answer.error.empty() ? fabric::Value{fabric::Nil{}} : fabric::Value{answer.error};
  return {
      .columns = {{"fabric_uuid", fabric::Type::kString},
                  {"ttl", fabric::Type::kInteger},
                  {"message", fabric::Type::kString}},
      .rows = {{{std::string(fabric::kFabricUuid)}, {static_cast<int64_t>(ttl)}, message}},
  };
}

void AppendJson(const std::string& json, absl::string_view table, PacketWriter& out) {
  out.Build([](std::string& payload) { AppendLengthEncoded(payload, 1); });
  out.Build([&](std::string& payload) { AppendColumn(payload, "json", ColumnType::kBlob, table); });
  out.Append(EofPayload());
  std::string row;
  AppendLengthEncodedString(row, json);
  out.Append(row);
  out.Append(EofPayload());
}

}  // namespace

void AppendResultSet(const fabric::ResultSet& set, absl::string_view table, uint16_t status,
                     PacketWriter& out, absl::string_view catalog) {
  out.Build([&](std::string& payload) { AppendLengthEncoded(payload, set.columns.size()); });
  for (const fabric::Column& column : set.columns) {
    out.Build([&](std::string& payload) {
      AppendColumn(payload, column.name, ColumnTypeOf(column.type), table, catalog);
    });
  }
  out.Append(EofPayload());
  for (const fabric::List& row : set.rows) AppendRow(row, out);
  out.Append(EofPayload(status));
}

void AppendAnswer(const fabric::Answer& answer, int ttl, absl::string_view table, Format format,
                  PacketWriter& out) {
  const fabric::ResultSet info = InfoOf(answer, ttl);
  if (format == Format::kJson) {
    std::vector<fabric::ResultSet> sets = {info};
    if (answer.error.empty()) sets.insert(sets.end(), answer.sets.begin(), answer.sets.end());
    return AppendJson(JsonText(sets), table, out);
  }
  const size_t own = answer.error.empty() ? answer.sets.size() : 0;
  AppendResultSet(info, table, own > 0 ? kMoreResultsExist : 0, out);
  for (size_t i = 0; i < own; ++i) {
    AppendResultSet(answer.sets[i], table, i + 1 < own ? kMoreResultsExist : 0, out);
  }
}

}  // namespace weft::gateway::mysqlrpc
