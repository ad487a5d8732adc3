#include "services/controller/mysql/row_image.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"

namespace weft::controller {
namespace {

// The types of columns, as libs/mysql/binlog of MySQL numbers them.
enum Type : uint8_t {
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kNull = 6,
  kTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDatetime2 = 18,
  kTime2 = 19,
  kVector = 242,
  kJson = 245,
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

// Bytes of metadata of a type in a TABLE_MAP event; -1: an unknown type.
int MetadataSize(uint8_t type) {
  switch (type) {
    case kTiny:
    case kShort:
    case kLong:
    case kNull:
    case kTimestamp:
    case kLongLong:
    case kInt24:
    case kDate:
    case kTime:
    case kDatetime:
    case kYear:
    case kNewDate:
      return 0;
    case kFloat:
    case kDouble:
    case kTimestamp2:
    case kDatetime2:
    case kTime2:
    case kVector:
    case kJson:
    case kTinyBlob:
    case kMediumBlob:
    case kLongBlob:
    case kBlob:
    case kGeometry:
      return 1;
    case kVarchar:
    case kBit:
    case kNewDecimal:
    case kEnum:
    case kSet:
    case kVarString:
    case kString:
      return 2;
    default:
      return -1;
  }
}

// Nine digits take four bytes, the rest of a side fewer.
size_t DecimalSize(int precision, int scale) {
  constexpr size_t kBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  const int whole = precision - scale;
  if (whole < 0) return 0;
  return static_cast<size_t>(whole / 9 * 4) + kBytes[whole % 9] +
         static_cast<size_t>(scale / 9 * 4) + kBytes[scale % 9];
}

// Bytes of the length that stands before a value; 0: the value has a fixed size, see FixedSize.
size_t PrefixSize(const ColumnFormat& column) {
  const uint8_t low = column.metadata & 0xff;
  switch (column.type) {
    case kVector:
    case kJson:
    case kTinyBlob:
    case kMediumBlob:
    case kLongBlob:
    case kBlob:
    case kGeometry:
      return low;
    case kVarchar:
    case kVarString:
      return column.metadata > 255 ? 2 : 1;
    case kString: {
      // The upper bits of a long CHAR's length are folded into the type (inverted).
      if (low == kEnum || low == kSet) return 0;
      const int high = column.metadata >> 8;
      const int length = high | (((low & 0x30) ^ 0x30) << 4);
      return length > 255 ? 2 : 1;
    }
    default:
      return 0;
  }
}

size_t FixedSize(const ColumnFormat& column) {
  const uint8_t low = column.metadata & 0xff;
  const uint8_t high = column.metadata >> 8;
  switch (column.type) {
    case kTiny:
    case kYear:
      return 1;
    case kShort:
      return 2;
    case kInt24:
    case kDate:
    case kNewDate:
    case kTime:
      return 3;
    case kLong:
    case kTimestamp:
    case kFloat:
      return 4;
    case kLongLong:
    case kDouble:
    case kDatetime:
      return 8;
    case kTimestamp2:
      return 4 + (low + 1) / 2;
    case kDatetime2:
      return 5 + (low + 1) / 2;
    case kTime2:
      return 3 + (low + 1) / 2;
    case kNewDecimal:
      return DecimalSize(low, high);
    case kBit:
      return static_cast<size_t>(high) + (low > 0 ? 1 : 0);
    case kEnum:
    case kSet:
    case kString:  // which ENUM and SET come as
      return high;
    default:
      return 0;
  }
}

absl::string_view TakeValue(const ColumnFormat& column, ByteReader* reader) {
  const absl::string_view begin = reader->rest();
  const size_t prefix = PrefixSize(column);
  const uint64_t size = prefix == 0 ? FixedSize(column) : reader->Fixed(prefix);
  reader->Bytes(size);
  return begin.substr(0, begin.size() - reader->rest().size());
}

size_t CountOf(const std::vector<bool>& bits) {
  size_t count = 0;
  for (const bool bit : bits) count += bit ? 1 : 0;
  return count;
}

absl::Status Cut(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the binary log's bytes are no ", what));
}

}  // namespace

uint64_t ByteReader::Fixed(size_t size) {
  const absl::string_view bytes = size <= 8 ? Bytes(size) : Bytes(std::string::npos);
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

uint64_t ByteReader::Packed() {
  const uint64_t first = Fixed(1);
  if (first < 251) return first;
  if (first == 252) return Fixed(2);
  if (first == 253) return Fixed(3);
  if (first == 254) return Fixed(8);
  ok_ = false;
  return 0;
}

absl::string_view ByteReader::Bytes(size_t size) {
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = absl::string_view();
    return rest_;
  }
  const absl::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::string TableMap::Name() const {
  return absl::StrCat("`", absl::StrReplaceAll(schema, {{"`", "``"}}), "`.`",
                      absl::StrReplaceAll(table, {{"`", "``"}}), "`");
}

absl::StatusOr<TableMap> ParseTableMap(absl::string_view body) {
  ByteReader reader(body);
  TableMap map;
  map.body = std::string(body);
  map.id = reader.Fixed(6);
  reader.Fixed(2);  // flags
  map.schema = std::string(reader.Bytes(reader.Packed()));
  reader.Fixed(1);
  map.table = std::string(reader.Bytes(reader.Packed()));
  reader.Fixed(1);
  const absl::string_view types = reader.Bytes(reader.Packed());
  ByteReader metadata(reader.Bytes(reader.Packed()));
  reader.Bytes((types.size() + 7) / 8);  // which may be NULL
  for (const char one : types) {
    ColumnFormat column;
    column.type = static_cast<uint8_t>(one);
    const int size = MetadataSize(column.type);
    if (size < 0) {
      return absl::UnimplementedError(absl::StrCat("a column of ", map.Name(), " is of type ",
                                                   column.type, ", which Weft does not know"));
    }
    column.metadata = static_cast<uint16_t>(metadata.Fixed(size));
    if (PrefixSize(column) > 8) return Cut("table map");
    map.columns.push_back(column);
  }
  if (!reader.ok() || !metadata.ok() || types.empty()) return Cut("table map");
  return map;
}

bool IsJson(const ColumnFormat& column) { return column.type == kJson; }

absl::StatusOr<absl::string_view> TakeImage(const TableMap& table, const std::vector<bool>& present,
                                            ByteReader* reader) {
  const absl::string_view begin = reader->rest();
  const size_t count = CountOf(present);
  const std::vector<bool> null = ReadBits(reader->Bytes((count + 7) / 8), count);
  size_t seen = 0;
  for (size_t i = 0; i < table.columns.size() && reader->ok(); ++i) {
    if (!present[i]) continue;
    if (!null[seen++]) TakeValue(table.columns[i], reader);
  }
  if (!reader->ok()) return Cut("row");
  return begin.substr(0, begin.size() - reader->rest().size());
}

absl::StatusOr<std::string> Narrowed(const TableMap& table, const std::vector<bool>& present,
                                     absl::string_view image) {
  ByteReader reader(image);
  const size_t count = table.columns.size();
  const std::vector<bool> null = ReadBits(reader.Bytes((count + 7) / 8), count);
  std::vector<bool> kept_null;
  std::string values;
  for (size_t i = 0; i < count; ++i) {
    const absl::string_view value =
        null[i] ? absl::string_view() : TakeValue(table.columns[i], &reader);
    if (!present[i]) continue;
    kept_null.push_back(null[i]);
    absl::StrAppend(&values, value);
  }
  if (!reader.ok()) return Cut("row");
  return absl::StrCat(WriteBits(kept_null), values);
}

std::vector<bool> ReadBits(absl::string_view bytes, size_t count) {
  std::vector<bool> bits(count, false);
  for (size_t i = 0; i < count && i / 8 < bytes.size(); ++i) {
    bits[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (i % 8) & 1) != 0;
  }
  return bits;
}

std::string WriteBits(const std::vector<bool>& bits) {
  std::string bytes((bits.size() + 7) / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << (i % 8));
  }
  return bytes;
}

}  // namespace weft::controller
