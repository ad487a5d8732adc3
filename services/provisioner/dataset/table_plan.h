#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

struct Column {
  std::string name;
  std::string type;  // "varchar", "json", ...: information_schema's DATA_TYPE

  // A value may be as large as memory, and its length costs the server nothing to tell.
  bool MayBeLarge() const;
};

// Bytes in such columns from which on a row is large. The client library keeps a row whole, and its
// buffer for the largest one it has met.
inline constexpr uint64_t kLargeRow = uint64_t{8} << 20;

// A table as the copy of its rows needs it.
struct Table {
  std::string schema;
  std::string name;
  bool transactional = true;
  bool holds_rows = true;       // false: what it shows is other tables' or another server's
  bool referenced = false;      // by foreign keys of other tables
  uint64_t bytes = 0;           // of its rows, as statistics have it
  std::vector<Column> columns;  // without generated ones
  // The first column of the primary key where that is a number; empty: not.
  std::string number;
  // CREATE TABLE; empty: not read yet.
  std::string definition;
  // Keys that are made when the rows are there (late_keys.h); empty: none.
  std::string add_keys;

  std::string QuotedName() const;
  bool MayHaveLargeRows() const;
};

// A part of a table: rows whose `number` is at least `from` and below `until`; an empty bound is
// none. The rows of a table without such a column are one part.
struct Part {
  const Table* table = nullptr;
  std::string from;
  std::string until;
  uint64_t bytes = 0;  // estimate
};

// All tables of users with their columns, the largest first, those that hold no rows last.
absl::StatusOr<std::vector<Table>> ReadTables(mysql::Session& session);

// Cuts a table into parts of about `part_bytes` by the least and the greatest `number` it holds.
// Bounds that rows have come to lie outside of lose nothing: the first and the last part are open.
// Pure.
std::vector<Part> CutTable(const Table& table, const std::string& least,
                           const std::string& greatest, uint64_t part_bytes);

// The same, asking the server for the bounds where the table is large.
absl::StatusOr<std::vector<Part>> PlanParts(mysql::Session& session, const Table& table,
                                            uint64_t part_bytes);

// The parts of all tables in the order in which they are moved: of `window` tables at a time one
// part each in turn, so that who moves them at the same time seldom writes to the same table, while
// the keys of tables that are whole are built beside the rows of others. Pure.
std::vector<Part> TakeTurns(const std::vector<std::vector<Part>>& by_table, size_t window);

// "SELECT ... FROM ..." of a part, and the LOAD DATA that takes its rows as RowEncoder writes them.
// Where the table may have large rows the SELECT has one more column, "1" of a large one, whose
// columns that make it so are NULL then.
std::string SelectOf(const Part& part);
// The large rows of a part. REQUIRES: its table may have some.
std::string SelectLargeOf(const Part& part);
std::string LoadOf(const Part& part);
// ALTER TABLE that makes the table's late keys. REQUIRES: it has some.
std::string AddKeysOf(const Table& table);

}  // namespace weft::provisioner
