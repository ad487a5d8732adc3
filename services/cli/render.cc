#include "services/cli/render.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weft::cli {
namespace {

constexpr uint32_t kMalformed = 0xFFFFFFFF;

struct Range {
  uint32_t first;
  uint32_t last;
};

// Unicode 15: marks that take no column of their own (combining marks, joiners, variation
// selectors), the blocks that people meet.
constexpr std::array<Range, 11> kZeroWidth = {{{0x0300, 0x036F},
                                               {0x0483, 0x0489},
                                               {0x0591, 0x05BD},
                                               {0x0610, 0x061A},
                                               {0x064B, 0x065F},
                                               {0x1AB0, 0x1AFF},
                                               {0x1DC0, 0x1DFF},
                                               {0x200B, 0x200F},
                                               {0x20D0, 0x20FF},
                                               {0xFE00, 0xFE0F},
                                               {0xFE20, 0xFE2F}}};

// Unicode 15: East Asian Width W and F, and emoji shown wide.
constexpr std::array<Range, 15> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x33FF},
                                          {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF},
                                          {0xA000, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F6FF},
                                          {0x1F900, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};

template <size_t N>
bool In(const std::array<Range, N>& ranges, uint32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// Takes one character off the front of `text`; kMalformed takes one byte.
uint32_t Next(absl::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  int more = 0;
  uint32_t c = 0;
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  if (lead >= 0xC2 && lead < 0xE0) {
    more = 1;
    c = lead & 0x1F;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    more = 2;
    c = lead & 0x0F;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    more = 3;
    c = lead & 0x07;
  }
  bool good = more > 0 && static_cast<size_t>(more) < text.size();
  for (int i = 1; good && i <= more; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    good = (byte & 0xC0) == 0x80;
    c = (c << 6) | (byte & 0x3F);
  }
  // Overlong forms and surrogates are no characters either.
  good = good && !(more == 2 && c < 0x800) && !(more == 3 && (c < 0x10000 || c > 0x10FFFF)) &&
         !(c >= 0xD800 && c <= 0xDFFF);
  text.remove_prefix(good ? more + 1 : 1);
  return good ? c : kMalformed;
}

int WidthOf(uint32_t c) {
  if (c == kMalformed) return 1;
  if (In(kZeroWidth, c)) return 0;
  return In(kWide, c) ? 2 : 1;
}

// Length of the colour sequence that `text` begins with, else 0.
size_t SequenceLength(absl::string_view text) {
  if (text.size() < 3 || text[0] != '\x1b' || text[1] != '[') return 0;
  const size_t end = text.find('m');
  return end == absl::string_view::npos ? 0 : end + 1;
}

absl::string_view CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kGood:
      return "32";
    case Tone::kWarning:
      return "33";
    case Tone::kBad:
      return "31";
    case Tone::kFaint:
      return "2";
    case Tone::kStrong:
      return "1";
  }
  return "";
}

std::string Blanks(int n) { return std::string(std::max(n, 0), ' '); }

}  // namespace

std::string Paint(absl::string_view text, Tone tone, const Style& style) {
  if (!style.color || tone == Tone::kPlain || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", CodeOf(tone), "m", text, "\x1b[0m");
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    if (const size_t length = SequenceLength(text); length > 0) {
      text.remove_prefix(length);
      continue;
    }
    width += WidthOf(Next(text));
  }
  return width;
}

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const absl::string_view before = text;
    const uint32_t c = Next(text);
    if (c == '\n' || c == '\t' || c == '\r') {
      result += ' ';
    } else if (c == kMalformed || c < 0x20 || (c >= 0x7F && c < 0xA0) ||
               (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) {
      result += '?';  // Controls, and the marks that turn the direction of writing.
    } else {
      result.append(before.data(), before.size() - text.size());
    }
  }
  return result;
}

std::string Shorten(absl::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string result;
  int used = 0;
  while (!text.empty()) {
    const absl::string_view before = text;
    const int columns = WidthOf(Next(text));
    if (used + columns > width - 3) break;
    used += columns;
    result.append(before.data(), before.size() - text.size());
  }
  return result + std::string(std::min(3, std::max(width, 0)), '.');
}

Table& Table::AlignRight(int column) {
  right_.push_back(column);
  return *this;
}

Table& Table::DropEmpty(int column) {
  droppable_.push_back(column);
  return *this;
}

void Table::Add(std::vector<Cell> row) {
  row.resize(headings_.size());
  for (Cell& cell : row) cell.text = Printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::Render(const Style& style) const {
  std::vector<int> columns;
  std::vector<int> widths(headings_.size());
  for (int i = 0; i < static_cast<int>(headings_.size()); ++i) {
    bool used = std::find(droppable_.begin(), droppable_.end(), i) == droppable_.end();
    widths[i] = DisplayWidth(headings_[i]);
    for (const auto& row : rows_) {
      used = used || !row[i].text.empty();
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
    if (used) columns.push_back(i);
  }
  std::string result;
  const auto add_line = [&](const std::vector<Cell>& row) {
    std::string line;
    int owed = 0;  // Blanks that are written only if something follows.
    for (const int i : columns) {
      const std::string& text = row[i].text.empty() ? "-" : row[i].text;
      const int pad = widths[i] - DisplayWidth(text);
      const bool right = std::find(right_.begin(), right_.end(), i) != right_.end();
      absl::StrAppend(&line, Blanks(owed + (right ? pad : 0)), Paint(text, row[i].tone, style));
      owed = 2 + (right ? 0 : pad);
    }
    absl::StrAppend(&result, line, "\n");
  };
  std::vector<Cell> heading;
  for (const std::string& text : headings_) heading.emplace_back(text, Tone::kFaint);
  add_line(heading);
  for (const auto& row : rows_) add_line(row);
  return result;
}

void Fields::Add(absl::string_view name, Cell value) {
  if (value.text.empty()) return;
  value.text = Printable(value.text);
  fields_.emplace_back(std::string(name), std::move(value));
}

std::string Fields::Render(const Style& style) const {
  int width = 0;
  for (const auto& [name, value] : fields_) width = std::max(width, DisplayWidth(name) + 1);
  std::string result;
  for (const auto& [name, value] : fields_) {
    absl::StrAppend(&result, Paint(absl::StrCat(name, ":"), Tone::kFaint, style),
                    Blanks(width - DisplayWidth(name) - 1 + 2),
                    Paint(value.text, value.tone, style), "\n");
  }
  return result;
}

std::string Age(absl::Duration duration) {
  if (duration <= absl::ZeroDuration()) return "0s";
  if (duration >= absl::Hours(24 * 365 * 100)) return "for ever";
  if (duration < absl::Seconds(10)) {
    const double seconds = absl::ToDoubleSeconds(duration);
    return seconds < 0.05 ? "0s" : absl::StrFormat("%.1fs", seconds);
  }
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 60) return absl::StrFormat("%ds", seconds);
  if (seconds < 3600) return absl::StrFormat("%dm%02ds", seconds / 60, seconds % 60);
  if (seconds < 86400) return absl::StrFormat("%dh%02dm", seconds / 3600, seconds / 60 % 60);
  return absl::StrFormat("%dd%02dh", seconds / 86400, seconds / 3600 % 24);
}

std::string Count(int64_t n, absl::string_view singular) {
  return absl::StrCat(n, " ", singular, n == 1 ? "" : "s");
}

}  // namespace weft::cli
