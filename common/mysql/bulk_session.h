#pragma once
// A connection for rows by the million: read one by one as they arrive, and loaded without a file.
// Speaks to the client library beneath the connector, whose own interfaces copy each cell. All else
// goes over Session.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysql/session.h"

namespace weft::mysql {

// A row as it lies in the library's buffer, valid until the next one is asked for.
struct RawRow {
  char* const* cells = nullptr;            // nullptr: NULL
  const unsigned long* lengths = nullptr;  // NOLINT(google-runtime-int): the library's
  unsigned count = 0;
};

// Of LOAD DATA, by its own account.
struct LoadFigures {
  uint64_t records = 0;
  uint64_t skipped = 0;
  uint64_t warnings = 0;
};

// Not thread safe, but for Abort. As Session it never reconnects: after a transport error it is of
// no use. Every call blocks, at most for the timeouts of the options between two parts of an
// answer.
class BulkSession {
 public:
  // Set up as Session is, but that results come in the character set of their column.
  static absl::StatusOr<std::unique_ptr<BulkSession>> Open(const ConnectOptions& options);
  ~BulkSession();
  BulkSession(const BulkSession&) = delete;
  BulkSession& operator=(const BulkSession&) = delete;

  // Runs a statement without rows.
  absl::Status Execute(absl::string_view sql);

  // Begins a SELECT. Then NextRow until it gives a row without cells: the end.
  absl::Status Select(absl::string_view sql);
  absl::StatusOr<RawRow> NextRow();
  // Columns of the SELECT under way whose values never hold a byte that LOAD DATA takes for a mark:
  // numbers and times.
  const std::vector<bool>& plain_columns() const;

  // Runs LOAD DATA LOCAL with the bytes that `produce` writes: at most `size`, 0 at the end. An
  // error of it is the call's, and nothing is loaded.
  using Produce = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;
  absl::StatusOr<LoadFigures> Load(absl::string_view sql, const Produce& produce);

  // Cuts the connection under a running call, which then fails at once. Any thread.
  void Abort();

 private:
  class Impl;
  explicit BulkSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::mysql
