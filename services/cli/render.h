#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::cli {

// Text for people, made by pure functions. Nothing here knows a terminal: whether colours and
// line-drawing characters may be used is an argument.

// How text may look. The defaults are those of a pipe.
struct Style {
  bool color = false;
  bool unicode = true;
};

enum class Tone { kPlain, kGood, kWarning, kBad, kFaint, kStrong };

// `text` between escape sequences; unchanged without colour or for kPlain.
std::string Paint(absl::string_view text, Tone tone, const Style& style);

// Columns that UTF-8 `text` takes on a terminal: two for East Asian wide characters and emoji, none
// for combining marks and for colour sequences made by Paint. A malformed byte counts as one.
int DisplayWidth(absl::string_view text);

// `text` as it may be shown to a terminal: control characters (line feeds and escapes too) and
// malformed bytes become "?", tabs and line feeds a space. What servers and people wrote goes
// through this, so that nobody can send escape sequences to an operator's terminal.
std::string Printable(absl::string_view text);

// At most `width` columns of `text`, which ends in "..." where it was cut.
std::string Shorten(absl::string_view text, int width);

struct Cell {
  Cell() = default;
  Cell(absl::string_view t) : text(t) {}   // NOLINT(google-explicit-constructor)
  Cell(const std::string& t) : text(t) {}  // NOLINT(google-explicit-constructor)
  Cell(const char* t) : text(t) {}         // NOLINT(google-explicit-constructor)
  Cell(absl::string_view t, Tone o) : text(t), tone(o) {}

  std::string text;
  Tone tone = Tone::kPlain;
};

// Rows under a heading, columns aligned and two blanks apart, no trailing blanks. An empty cell is
// shown as "-". A column whose cells are all empty is left out when `drop_empty` says so.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  // Columns of numbers stand to the right.
  Table& AlignRight(int column);
  Table& DropEmpty(int column);

  // REQUIRES: as many cells as headings.
  void Add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  // Ends in a line feed. Without rows: the heading alone.
  std::string Render(const Style& style) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<int> right_;
  std::vector<int> droppable_;
};

// "name:   value" lines, values aligned; pairs with an empty value are left out.
class Fields {
 public:
  void Add(absl::string_view name, Cell value);
  std::string Render(const Style& style) const;

 private:
  std::vector<std::pair<std::string, Cell>> fields_;
};

// For people: "0.3s", "12s", "3m12s", "4h05m", "2d04h". Negative: "0s".
std::string Age(absl::Duration duration);

// "1 server", "3 servers".
std::string Count(int64_t n, absl::string_view singular);

}  // namespace weft::cli
