#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/mysql/bulk_session.h"

namespace weft::provisioner {

// Rows as LOAD DATA takes them by default: columns end with a tab, rows with a line feed, a
// backslash escapes, \N is NULL. Bytes are passed on as they are. Not thread-safe.
class RowEncoder {
 public:
  // `plain`: the columns whose values need no look for marks (BulkSession::plain_columns).
  explicit RowEncoder(std::vector<bool> plain) : plain_(std::move(plain)) {}

  // How far a row is written.
  struct Place {
    unsigned column = 0;
    size_t byte = 0;  // of its value
  };
  // Goes on from `place` until `out` has `enough` bytes, or some more where they are escaped, so
  // that a row may be large. True: that was the row's end.
  bool Append(const mysql::RawRow& row, size_t enough, Place* place, std::string* out) const;

 private:
  const std::vector<bool> plain_;
};

}  // namespace weft::provisioner
