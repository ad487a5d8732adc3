#include "services/provisioner/dataset/late_keys.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::provisioner {
namespace {

// The quoted name that `text` begins with; empty: none. A backtick in it is doubled.
absl::string_view NameOf(absl::string_view text) {
  if (!absl::StartsWith(text, "`")) return "";
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] != '`') continue;
    if (at + 1 == text.size() || text[at + 1] != '`') return text.substr(0, at + 1);
    ++at;
  }
  return "";
}

// Whether the column, which is no other's comment or text, is the counter.
bool IsCounter(absl::string_view column) {
  column.remove_prefix(NameOf(column).size());
  return absl::StrContains(column.substr(0, column.find('\'')), " AUTO_INCREMENT");
}

// The first column of a key; empty: it is an expression, or the line is no key.
absl::string_view FirstColumnOf(absl::string_view line) {
  const bool primary = absl::ConsumePrefix(&line, "PRIMARY KEY ");
  if (!primary) {
    absl::ConsumePrefix(&line, "UNIQUE ");
    if (!absl::ConsumePrefix(&line, "KEY ")) return "";
    line.remove_prefix(NameOf(line).size());
    absl::ConsumePrefix(&line, " ");
  }
  return absl::ConsumePrefix(&line, "(") ? NameOf(line) : "";
}

}  // namespace

// A line is one column, key or constraint; a name with a line break in it, which nobody has, makes
// lines of another kind, and then nothing is taken apart.
KeysApart TakeKeysApart(absl::string_view create_table) {
  const KeysApart whole = {std::string(create_table), ""};
  const std::vector<absl::string_view> lines = absl::StrSplit(create_table, '\n');
  std::vector<absl::string_view> stay;
  std::vector<absl::string_view> later;
  absl::string_view counted;  // the column of which a key must stay; empty: none must
  size_t at = 1;
  for (; at < lines.size() && !absl::StartsWith(lines[at], ")"); ++at) {
    absl::string_view line = lines[at];
    if (!absl::ConsumePrefix(&line, "  ") || absl::StrContains(line, " FOREIGN KEY ")) return whole;
    absl::ConsumeSuffix(&line, ",");
    const bool column = absl::StartsWith(line, "`");
    if (column && IsCounter(line)) counted = NameOf(line);
    const bool needed = !column && !counted.empty() && FirstColumnOf(line) == counted;
    if (needed) counted = "";
    if (absl::StartsWith(line, "KEY `") && !needed) {
      later.push_back(line);
      continue;
    }
    // Those before one that stays do too, so that their order is the same in the end.
    if (!column) stay.insert(stay.end(), later.begin(), later.end());
    if (!column) later.clear();
    stay.push_back(line);
  }
  if (at >= lines.size() || later.empty() || stay.empty()) return whole;
  KeysApart apart;
  apart.create = absl::StrCat(lines[0], "\n", absl::StrJoin(stay, ",\n"));
  for (; at < lines.size(); ++at) absl::StrAppend(&apart.create, "\n", lines[at]);
  apart.add_keys = absl::StrCat("ADD ", absl::StrJoin(later, ", ADD "));
  return apart;
}

}  // namespace weft::provisioner
