#include "services/provisioner/dataset/table_plan.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/mysql/quote.h"
#include "services/provisioner/dataset/logical_sql.h"

namespace weft::provisioner {
namespace {

bool IsNumber(absl::string_view type) {
  constexpr std::array<absl::string_view, 5> kNumbers = {"tinyint", "smallint", "mediumint", "int",
                                                         "bigint"};
  return std::find(kNumbers.begin(), kNumbers.end(), type) != kNumbers.end();
}

absl::Status ReadColumns(mysql::Session& session, Table* table) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet key,
                        session.Query(sql::kPrimaryKeyColumn, {table->schema, table->name}));
  const std::string first = key.empty() ? "" : key.front().StringOr("name", "");
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet columns,
                        session.Query(sql::kColumns, {table->schema, table->name}));
  for (const mysql::ResultSet::Row row : columns) {
    Column column = {row.StringOr("name", ""), row.StringOr("type", "")};
    if (row.BoolOr("is_generated", false)) continue;
    if (column.name == first && IsNumber(column.type)) table->number = first;
    table->columns.push_back(std::move(column));
  }
  return absl::OkStatus();
}

// In SQL, the bytes of a row's columns that may be large.
std::string LargeBytesOf(const Table& table) {
  std::vector<std::string> lengths;
  for (const Column& column : table.columns) {
    if (!column.MayBeLarge()) continue;
    lengths.push_back(absl::StrFormat(sql::kBytesOfColumn, mysql::QuoteIdentifier(column.name)));
  }
  return absl::StrJoin(lengths, " + ");
}

std::string ExpressionOf(const Column& column) {
  const std::string name = mysql::QuoteIdentifier(column.name);
  return column.type == "float" ? absl::StrFormat(sql::kWholeFloat, name) : name;
}

std::string SelectWith(const Part& part, const std::vector<std::string>& columns,
                       std::vector<std::string> conditions) {
  const std::string number = mysql::QuoteIdentifier(part.table->number);
  if (!part.from.empty()) conditions.push_back(absl::StrCat(number, " >= ", part.from));
  if (!part.until.empty()) conditions.push_back(absl::StrCat(number, " < ", part.until));
  const std::string where =
      conditions.empty() ? "" : absl::StrCat(" WHERE ", absl::StrJoin(conditions, " AND "));
  return absl::StrFormat(sql::kSelect, absl::StrJoin(columns, ", "), part.table->QuotedName(),
                         where);
}

}  // namespace

bool Column::MayBeLarge() const {
  constexpr std::array<absl::string_view, 4> kLarge = {"mediumblob", "longblob", "mediumtext",
                                                       "longtext"};
  return std::find(kLarge.begin(), kLarge.end(), type) != kLarge.end();
}

bool Table::MayHaveLargeRows() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& column) { return column.MayBeLarge(); });
}

std::string Table::QuotedName() const {
  return absl::StrCat(mysql::QuoteIdentifier(schema), ".", mysql::QuoteIdentifier(name));
}

absl::StatusOr<std::vector<Table>> ReadTables(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet references, session.Query(sql::kReferenced));
  std::set<std::pair<std::string, std::string>> referenced;
  for (const mysql::ResultSet::Row row : references) {
    referenced.emplace(row.StringOr("schema", ""), row.StringOr("name", ""));
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kTables));
  std::vector<Table> tables;
  for (const mysql::ResultSet::Row row : rows) {
    Table table;
    table.schema = row.StringOr("schema", "");
    table.name = row.StringOr("name", "");
    table.transactional = row.BoolOr("transactional", false);
    table.bytes = row.UintOr("bytes", 0);
    table.holds_rows = row.BoolOr("holds_rows", true);
    table.referenced = referenced.count({table.schema, table.name}) > 0;
    WEFT_RETURN_IF_ERROR(ReadColumns(session, &table));
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<Part> CutTable(const Table& table, const std::string& least,
                           const std::string& greatest, uint64_t part_bytes) {
  // A long double holds every 64 bit number exactly on the machines that Weft runs on; where it
  // does not, bounds are less even and nothing else.
  const long double low = std::strtold(least.c_str(), nullptr);
  const long double high = std::strtold(greatest.c_str(), nullptr);
  const uint64_t wanted = std::max<uint64_t>(1, (table.bytes + part_bytes - 1) / part_bytes);
  const long double step = (high - low + 1) / static_cast<long double>(wanted);
  if (table.number.empty() || wanted == 1 || step < 1) return {{&table, "", "", table.bytes}};
  std::vector<Part> parts;
  std::string from;
  for (uint64_t i = 1; i <= wanted; ++i) {
    std::string until;
    if (i < wanted) until = absl::StrFormat("%.0Lf", low + step * static_cast<long double>(i));
    parts.push_back({&table, from, until, table.bytes / wanted});
    from = until;
  }
  return parts;
}

absl::StatusOr<std::vector<Part>> PlanParts(mysql::Session& session, const Table& table,
                                            uint64_t part_bytes) {
  if (table.number.empty() || table.bytes <= part_bytes) return CutTable(table, "", "", part_bytes);
  const std::string number = mysql::QuoteIdentifier(table.number);
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet bounds,
      session.Query(absl::StrFormat(sql::kBounds, number, number, table.QuotedName())));
  const std::string least = bounds.empty() ? "" : bounds.front().StringOr("least", "");
  const std::string greatest = bounds.empty() ? "" : bounds.front().StringOr("greatest", "");
  return CutTable(table, least, greatest, part_bytes);
}

std::vector<Part> TakeTurns(const std::vector<std::vector<Part>>& by_table, size_t window) {
  std::vector<Part> order;
  for (size_t first = 0; first < by_table.size(); first += window) {
    const size_t end = std::min(by_table.size(), first + window);
    size_t longest = 0;
    for (size_t i = first; i < end; ++i) longest = std::max(longest, by_table[i].size());
    for (size_t turn = 0; turn < longest; ++turn) {
      for (size_t i = first; i < end; ++i) {
        if (turn < by_table[i].size()) order.push_back(by_table[i][turn]);
      }
    }
  }
  return order;
}

std::string SelectOf(const Part& part) {
  const std::string bytes = LargeBytesOf(*part.table);
  std::vector<std::string> columns;
  for (const Column& column : part.table->columns) {
    std::string expression = ExpressionOf(column);
    if (column.MayBeLarge()) {
      expression = absl::StrFormat(sql::kUnlessLarge, bytes, kLargeRow, expression);
    }
    columns.push_back(std::move(expression));
  }
  if (!bytes.empty()) columns.push_back(absl::StrFormat(sql::kIsLarge, bytes, kLargeRow));
  return SelectWith(part, columns, {});
}

std::string SelectLargeOf(const Part& part) {
  std::vector<std::string> columns;
  for (const Column& column : part.table->columns) columns.push_back(ExpressionOf(column));
  return SelectWith(part, columns,
                    {absl::StrFormat(sql::kIsLarge, LargeBytesOf(*part.table), kLargeRow)});
}

std::string LoadOf(const Part& part) {
  std::vector<std::string> targets;
  std::vector<std::string> conversions;
  for (const Column& column : part.table->columns) {
    const std::string name = mysql::QuoteIdentifier(column.name);
    if (column.type != "json") {
      targets.push_back(name);
      continue;
    }
    const std::string variable = absl::StrCat("@weft_", targets.size());
    targets.push_back(variable);
    conversions.push_back(absl::StrFormat(sql::kAsText, name, variable));
  }
  const std::string set =
      conversions.empty() ? "" : absl::StrCat(" SET ", absl::StrJoin(conversions, ", "));
  return absl::StrFormat(sql::kLoad, part.table->QuotedName(), absl::StrJoin(targets, ", "), set);
}

std::string AddKeysOf(const Table& table) {
  return absl::StrFormat(sql::kAlterTable, table.QuotedName(), table.add_keys);
}

}  // namespace weft::provisioner
