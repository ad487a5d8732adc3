#include "services/provisioner/dataset/row_encoder.h"

#include <algorithm>
#include <array>

namespace weft::provisioner {
namespace {

// The letter that stands for a byte behind a backslash; 0: the byte stands for itself.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  escapes[0] = '0';
  escapes['\t'] = 't';
  escapes['\n'] = 'n';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

void AppendEscaped(const char* cell, size_t length, std::string* out) {
  size_t clean = 0;  // where the bytes begin that are not yet written
  for (size_t i = 0; i < length; ++i) {
    const char escape = kEscapes[static_cast<unsigned char>(cell[i])];
    if (escape == 0) continue;
    out->append(cell + clean, i - clean);
    out->push_back('\\');
    out->push_back(escape);
    clean = i + 1;
  }
  out->append(cell + clean, length - clean);
}

}  // namespace

bool RowEncoder::Append(const mysql::RawRow& row, size_t enough, Place* place,
                        std::string* out) const {
  for (; place->column < row.count; *place = {place->column + 1, 0}) {
    const unsigned i = place->column;
    if (place->byte == 0 && i > 0) out->push_back('\t');
    if (row.cells[i] == nullptr) {
      out->append("\\N", 2);
      continue;
    }
    const size_t room = std::max(enough, out->size() + 1) - out->size();
    const size_t count = std::min<size_t>(room, row.lengths[i] - place->byte);
    if (plain_[i]) {
      out->append(row.cells[i] + place->byte, count);
    } else {
      AppendEscaped(row.cells[i] + place->byte, count, out);
    }
    place->byte += count;
    if (place->byte < row.lengths[i]) return false;
  }
  out->push_back('\n');
  return true;
}

}  // namespace weft::provisioner
