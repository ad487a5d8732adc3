#pragma once

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

  void Append(const mysql::RawRow& row, std::string* out) const;

 private:
  const std::vector<bool> plain_;
};

}  // namespace weft::provisioner
