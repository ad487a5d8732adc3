#pragma once
// What the binary log says of a table and of its rows, as bytes. Values are never interpreted: only
// where each ends is known, so that whatever a row holds survives. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::controller {

// Reads little-endian integers and runs of bytes; remembers whether it ran over the end.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}

  uint64_t Fixed(size_t size);  // at most 8 bytes
  uint64_t Packed();            // a length-encoded integer
  absl::string_view Bytes(size_t size);
  absl::string_view rest() const { return rest_; }
  // False after a read beyond the end; what was read then is zero or empty.
  bool ok() const { return ok_; }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

struct ColumnFormat {
  uint8_t type = 0;       // of the wire
  uint16_t metadata = 0;  // of the wire; its meaning depends on the type
  friend bool operator==(const ColumnFormat&, const ColumnFormat&) = default;
};

// A TABLE_MAP event.
struct TableMap {
  uint64_t id = 0;
  std::string schema;
  std::string table;
  std::vector<ColumnFormat> columns;
  std::string body;  // of the event, without header and checksum

  std::string Name() const;  // "`schema`.`table`"
};

// INVALID_ARGUMENT: not such an event. UNIMPLEMENTED: it has columns of an unknown type.
absl::StatusOr<TableMap> ParseTableMap(absl::string_view body);

bool IsJson(const ColumnFormat& column);

// The image of one row that begins `reader`: the bits of NULL and the values of the columns that
// `present` marks. INVALID_ARGUMENT when the bytes end before.
absl::StatusOr<absl::string_view> TakeImage(const TableMap& table, const std::vector<bool>& present,
                                            ByteReader* reader);

// `image`, which has all columns, without those that `present` does not mark.
absl::StatusOr<std::string> Narrowed(const TableMap& table, const std::vector<bool>& present,
                                     absl::string_view image);

std::vector<bool> ReadBits(absl::string_view bytes, size_t count);
std::string WriteBits(const std::vector<bool>& bits);

}  // namespace weft::controller
