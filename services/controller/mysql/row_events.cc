#include "services/controller/mysql/row_events.h"

#include <array>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace weft::controller {
namespace {

enum EventType : uint8_t {
  kFormatDescription = 15,
  kTableMap = 19,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kPartialUpdateRows = 39,
};

constexpr size_t kHeader = 19;
constexpr size_t kChecksum = 4;
// Flags of an event of rows.
constexpr uint16_t kEndOfStatement = 1;
constexpr uint16_t kNoForeignKeyChecks = 2;

uint32_t Crc32(absl::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> made = {};
    for (uint32_t i = 0; i < made.size(); ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
      made[i] = value;
    }
    return made;
  }();
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

void AppendFixed(std::string* to, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) to->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void AppendPacked(std::string* to, uint64_t value) {
  if (value < 251) return AppendFixed(to, value, 1);
  if (value < 1 << 16) {
    AppendFixed(to, 252, 1);
    return AppendFixed(to, value, 2);
  }
  AppendFixed(to, 253, 1);
  AppendFixed(to, value, 3);
}

bool IsAll(const std::vector<bool>& bits) {
  for (const bool bit : bits) {
    if (!bit) return false;
  }
  return true;
}

// Whether every event of this format ends in a checksum.
bool HasChecksums(absl::string_view format) {
  return format.size() > kHeader + kChecksum + 1 && format[format.size() - kChecksum - 1] == 1;
}

uint32_t ServerIdOf(absl::string_view event) {
  ByteReader reader(event);
  reader.Bytes(5);
  return static_cast<uint32_t>(reader.Fixed(4));
}

std::string WithHeader(uint8_t type, absl::string_view body, absl::string_view format) {
  const bool checksums = HasChecksums(format);
  std::string event;
  AppendFixed(&event, 0, 4);  // when
  AppendFixed(&event, type, 1);
  AppendFixed(&event, ServerIdOf(format), 4);
  AppendFixed(&event, kHeader + body.size() + (checksums ? kChecksum : 0), 4);
  AppendFixed(&event, 0, 4);  // where it ends
  AppendFixed(&event, 0, 2);  // flags
  absl::StrAppend(&event, body);
  if (checksums) AppendFixed(&event, Crc32(event), kChecksum);
  return event;
}

uint8_t TypeOf(RowAct act) {
  switch (act) {
    case RowAct::kInsert:
      return kWriteRows;
    case RowAct::kUpdate:
      return kUpdateRows;
    case RowAct::kDelete:
      return kDeleteRows;
  }
  return 0;
}

// Which columns the image before has.
std::vector<bool> Known(const RowChange& change) {
  std::vector<bool> known(change.table->columns.size(), true);
  for (size_t i = 0; i < change.vague.size(); ++i) {
    if (change.vague[i]) known[i] = false;
  }
  return known;
}

std::string RowsHeader(const RowChange& change) {
  std::string body;
  AppendFixed(&body, change.table->id, 6);
  AppendFixed(&body, kEndOfStatement | kNoForeignKeyChecks, 2);
  AppendFixed(&body, 2, 2);  // no extra data
  AppendPacked(&body, change.table->columns.size());
  const std::vector<bool> all(change.table->columns.size(), true);
  if (change.act == RowAct::kUpdate) {
    absl::StrAppend(&body, WriteBits(Known(change)), WriteBits(all));
  } else {
    absl::StrAppend(&body, WriteBits(all));
  }
  return body;
}

absl::Status NotInvertible(absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat("the binary log has ", what));
}

}  // namespace

absl::StatusOr<RowChange> Inverse(const RowChange& change) {
  RowChange inverse;
  inverse.table = change.table;
  switch (change.act) {
    case RowAct::kInsert:
      inverse.act = RowAct::kDelete;
      inverse.before = change.after;
      return inverse;
    case RowAct::kDelete:
      inverse.act = RowAct::kInsert;
      inverse.after = change.before;
      return inverse;
    case RowAct::kUpdate:
      break;
  }
  inverse.act = RowAct::kUpdate;
  inverse.after = change.before;
  if (change.vague.empty()) {
    inverse.before = change.after;
    return inverse;
  }
  inverse.vague = change.vague;
  WEFT_ASSIGN_OR_RETURN(inverse.before, Narrowed(*change.table, Known(inverse), change.after));
  return inverse;
}

absl::Status RowEventReader::Take(absl::string_view bytes) {
  while (!bytes.empty()) {
    ByteReader header(bytes);
    header.Fixed(4);
    const uint8_t type = static_cast<uint8_t>(header.Fixed(1));
    header.Fixed(4);
    const uint64_t size = header.Fixed(4);
    const size_t trailer = checksums_ ? kChecksum : 0;
    if (size < kHeader + trailer || size > bytes.size()) {
      return absl::InvalidArgumentError("the binary log's bytes are no event");
    }
    const absl::string_view event = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (type == kFormatDescription) {
      WEFT_RETURN_IF_ERROR(TakeFormat(event));
      continue;
    }
    const absl::string_view body = event.substr(kHeader, size - kHeader - trailer);
    if (type == kTableMap) {
      WEFT_ASSIGN_OR_RETURN(TableMap map, ParseTableMap(body));
      const uint64_t id = map.id;
      tables_[id] = std::make_shared<const TableMap>(std::move(map));
    } else if (type != kRowsQuery) {
      WEFT_RETURN_IF_ERROR(TakeRows(type, body));
    }
  }
  return absl::OkStatus();
}

absl::Status RowEventReader::TakeFormat(absl::string_view event) {
  if (event.size() < kHeader + 60) {
    return absl::InvalidArgumentError("the binary log's bytes are no description of its format");
  }
  format_ = std::string(event);
  checksums_ = HasChecksums(event);
  tables_.clear();
  return absl::OkStatus();
}

absl::Status RowEventReader::TakeRows(uint8_t type, absl::string_view body) {
  const bool v1 = type == kWriteRowsV1 || type == kUpdateRowsV1 || type == kDeleteRowsV1;
  const bool v2 = type == kWriteRows || type == kUpdateRows || type == kDeleteRows ||
                  type == kPartialUpdateRows;
  if (!v1 && !v2) return NotInvertible(absl::StrCat("an event of type ", type, ", not of rows"));
  ByteReader reader(body);
  const auto found = tables_.find(reader.Fixed(6));
  if (found == tables_.end()) return NotInvertible("rows of a table that it does not describe");
  reader.Fixed(2);  // flags
  if (v2) {
    const uint64_t extra = reader.Fixed(2);
    if (extra > 2) reader.Bytes(extra - 2);
  }
  const size_t count = reader.Packed();
  if (count != found->second->columns.size()) {
    return absl::InvalidArgumentError("the binary log's rows do not fit their table");
  }
  const bool update = type == kUpdateRows || type == kUpdateRowsV1 || type == kPartialUpdateRows;
  const std::vector<bool> all = ReadBits(reader.Bytes((count + 7) / 8), count);
  const bool whole =
      IsAll(all) && (!update || IsAll(ReadBits(reader.Bytes((count + 7) / 8), count)));
  if (!whole) {
    return NotInvertible(
        absl::StrCat("rows of ", found->second->Name(),
                     " without all their columns (binlog_row_image was not FULL)"));
  }
  while (reader.ok() && !reader.rest().empty()) {
    WEFT_ASSIGN_OR_RETURN(RowChange change, TakeRow(found->second, type, all, &reader));
    size_ += change.before.size() + change.after.size();
    changes_.push_back(std::move(change));
  }
  return reader.ok() ? absl::OkStatus() : absl::InvalidArgumentError("the event's rows are cut");
}

absl::StatusOr<RowChange> RowEventReader::TakeRow(const std::shared_ptr<const TableMap>& table,
                                                  uint8_t type, const std::vector<bool>& all,
                                                  ByteReader* reader) {
  RowChange change;
  change.table = table;
  const bool writes = type == kWriteRows || type == kWriteRowsV1;
  const bool deletes = type == kDeleteRows || type == kDeleteRowsV1;
  change.act = writes ? RowAct::kInsert : deletes ? RowAct::kDelete : RowAct::kUpdate;
  if (!writes) {
    WEFT_ASSIGN_OR_RETURN(const absl::string_view image, TakeImage(*table, all, reader));
    change.before = std::string(image);
  }
  if (deletes) return change;
  constexpr uint64_t kPartialJson = 1;
  if (type == kPartialUpdateRows && (reader->Packed() & kPartialJson) != 0) {
    size_t jsons = 0;
    for (const ColumnFormat& column : table->columns) jsons += IsJson(column) ? 1 : 0;
    const std::vector<bool> partial = ReadBits(reader->Bytes((jsons + 7) / 8), jsons);
    size_t seen = 0;
    bool any = false;
    for (const ColumnFormat& column : table->columns) {
      change.vague.push_back(IsJson(column) && partial[seen++]);
      any = any || change.vague.back();
    }
    if (!any) change.vague.clear();
  }
  WEFT_ASSIGN_OR_RETURN(const absl::string_view image, TakeImage(*table, all, reader));
  change.after = std::string(image);
  return change;
}

std::vector<std::string> WriteRowEvents(const std::vector<RowChange>& changes,
                                        const std::string& format, size_t size) {
  std::vector<std::string> written;
  for (size_t i = 0; i < changes.size();) {
    const RowChange& first = changes[i];
    std::string body = RowsHeader(first);
    bool alike = true;
    while (alike) {
      absl::StrAppend(&body, changes[i].before, changes[i].after);
      if (++i == changes.size() || body.size() >= size) break;
      const RowChange& next = changes[i];
      alike = next.table == first.table && next.act == first.act && next.vague == first.vague;
    }
    written.push_back(absl::StrCat(WithHeader(kTableMap, first.table->body, format),
                                   WithHeader(TypeOf(first.act), body, format)));
  }
  return written;
}

bool SameChange(const RowChange& one, const RowChange& other) {
  const TableMap& a = *one.table;
  const TableMap& b = *other.table;
  if (one.act != other.act || a.schema != b.schema || a.table != b.table) return false;
  if (a.columns != b.columns || one.after != other.after) return false;
  if (one.vague == other.vague) return one.before == other.before;
  // Only one of them leaves something out.
  const RowChange& vague = one.vague.empty() ? other : one;
  const RowChange& whole = one.vague.empty() ? one : other;
  const auto narrowed = Narrowed(a, Known(vague), whole.before);
  return whole.vague.empty() && narrowed.ok() && *narrowed == vague.before;
}

std::string Difference(const std::vector<RowChange>& meant, const std::vector<RowChange>& done) {
  if (meant.size() != done.size()) return absl::StrCat(done.size(), " rows changed");
  std::map<std::tuple<std::string, RowAct, absl::string_view, absl::string_view>, int> balance;
  const auto count = [&balance](const RowChange& change, int by) {
    balance[{change.table->Name(), change.act, change.before, change.after}] += by;
  };
  for (size_t i = 0; i < meant.size(); ++i) {
    if (SameChange(meant[i], done[i])) continue;
    const bool comparable = meant[i].vague.empty() && done[i].vague.empty() &&
                            meant[i].table->columns == done[i].table->columns;
    if (!comparable) return absl::StrCat("another row of ", meant[i].table->Name());
    count(meant[i], 1);
    count(done[i], -1);
  }
  for (const auto& [change, left] : balance) {
    if (left != 0) return absl::StrCat("another row of ", std::get<0>(change));
  }
  return "";
}

}  // namespace weft::controller
