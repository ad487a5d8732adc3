#include "services/provisioner/dataset/row_encoder.h"

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

void RowEncoder::Append(const mysql::RawRow& row, std::string* out) const {
  for (unsigned i = 0; i < row.count; ++i) {
    if (i > 0) out->push_back('\t');
    if (row.cells[i] == nullptr) {
      out->append("\\N", 2);
    } else if (plain_[i]) {
      out->append(row.cells[i], row.lengths[i]);
    } else {
      AppendEscaped(row.cells[i], row.lengths[i], out);
    }
  }
  out->push_back('\n');
}

}  // namespace weft::provisioner
