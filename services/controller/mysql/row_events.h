#pragma once
// Changes of rows, read from and written as the events of a row-image binary log. Pure.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/controller/mysql/row_image.h"

namespace weft::controller {

enum class RowAct { kInsert, kUpdate, kDelete };

// One changed row. Images are bytes of the log: the bits of NULL, then the values.
struct RowChange {
  std::shared_ptr<const TableMap> table;
  RowAct act = RowAct::kInsert;
  std::string before;  // of kUpdate and kDelete; all columns but those of `vague`
  std::string after;   // of kInsert and kUpdate; all columns
  // Columns of which not the whole value is known, but how it changed (partial JSON): of what was
  // read, those of `after`; of what is inverted, those that `before` leaves out. Empty: none.
  std::vector<bool> vague;
};

// What undoes it. Its `after` is always whole.
absl::StatusOr<RowChange> Inverse(const RowChange& change);

// Reads events of one server. Not thread-safe.
class RowEventReader {
 public:
  // Takes the events of one BINLOG statement, decoded. UNIMPLEMENTED names what cannot be inverted:
  // an event that is none of rows, rows without all columns, an unknown type of column.
  absl::Status Take(absl::string_view bytes);

  // In the order of the log.
  std::vector<RowChange>& changes() { return changes_; }
  // The bytes of the last FORMAT_DESCRIPTION event, which every BINLOG session begins with.
  const std::string& format() const { return format_; }
  // Of the images taken so far.
  uint64_t size() const { return size_; }

 private:
  absl::Status TakeFormat(absl::string_view event);
  absl::Status TakeRows(uint8_t type, absl::string_view body);
  absl::StatusOr<RowChange> TakeRow(const std::shared_ptr<const TableMap>& table, uint8_t type,
                                    const std::vector<bool>& all, ByteReader* reader);

  std::string format_;
  bool checksums_ = false;
  std::map<uint64_t, std::shared_ptr<const TableMap>> tables_;
  std::vector<RowChange> changes_;
  uint64_t size_ = 0;
};

// The events that do `changes` in order: each element is what one BINLOG statement holds, not yet
// encoded, a table map and its rows, about `size` bytes of them. Foreign keys are not checked, and
// triggers do not fire (row events never fire any).
std::vector<std::string> WriteRowEvents(const std::vector<RowChange>& changes,
                                        const std::string& format, size_t size);

// True when both say the same of the same table; columns that either leaves out do not count.
bool SameChange(const RowChange& one, const RowChange& other);

// What tells the two apart; empty: a table that underwent the one and a table that underwent the
// other are the same. Rows of a table without a primary key may be found in another order, and a
// table is the rows it had, less those before, and those after: so their order does not count.
std::string Difference(const std::vector<RowChange>& meant, const std::vector<RowChange>& done);

}  // namespace weft::controller
