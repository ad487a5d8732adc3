#include "services/cli/fabric/tables.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/cli/render.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::List;
using fabric::Nil;
using fabric::ResultSet;
using fabric::Struct;
using fabric::Value;
// Members in the order in which they came.
using nlohmann::ordered_json;

// As Python 2 wrote a float: 12 digits at most, and always a point or an exponent.
std::string ShowDouble(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.12g", number);
  const absl::string_view shown = text;
  const bool whole = shown.find_first_not_of("-0123456789") == absl::string_view::npos;
  return whole ? absl::StrCat(shown, ".0") : std::string(shown);
}

// As Python wrote a value inside a list.
std::string ShowNested(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    return absl::StrCat("'", absl::StrReplaceAll(*text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
  }
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth ? "True" : "False";
  return ShowValue(value);
}

struct ShowAny {
  std::string operator()(const Nil&) const { return "None"; }
  std::string operator()(bool truth) const { return truth ? "1" : "0"; }
  std::string operator()(int64_t number) const { return absl::StrCat(number); }
  std::string operator()(double number) const { return ShowDouble(number); }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const List& list) const {
    return absl::StrCat("[",
                        absl::StrJoin(list, ", ",
                                      [](std::string* out, const Value& value) {
                                        absl::StrAppend(out, ShowNested(value));
                                      }),
                        "]");
  }
  std::string operator()(const Struct& members) const {
    return absl::StrCat("{",
                        absl::StrJoin(members, ", ",
                                      [](std::string* out, const auto& member) {
                                        absl::StrAppend(out, ShowNested(Value{member.first}), ": ",
                                                        ShowNested(member.second));
                                      }),
                        "}");
  }
};

struct JsonOfAny {
  ordered_json operator()(const Nil&) const { return nullptr; }
  ordered_json operator()(bool truth) const { return truth; }
  ordered_json operator()(int64_t number) const { return number; }
  ordered_json operator()(double number) const { return number; }
  ordered_json operator()(const std::string& text) const {
    return text == "None" ? ordered_json(nullptr) : ordered_json(text);
  }
  ordered_json operator()(const List& list) const {
    ordered_json array = ordered_json::array();
    for (const Value& value : list) array.push_back(std::visit(*this, value.data));
    return array;
  }
  ordered_json operator()(const Struct& members) const {
    ordered_json object = ordered_json::object();
    for (const auto& [name, value] : members) object[name] = std::visit(*this, value.data);
    return object;
  }
};

// A node's words may hold anything: nothing of it may reach the terminal as a command.
std::string Cell(const Value& value) { return Printable(ShowValue(value)); }

std::string Right(const std::string& text, int width) {
  return std::string(std::max(0, width - DisplayWidth(text)), ' ') + text;
}

std::string RenderSet(const ResultSet& set) {
  std::vector<std::vector<std::string>> lines(1);
  for (const fabric::Column& column : set.columns) lines[0].push_back(Printable(column.name));
  for (const List& row : set.rows) {
    std::vector<std::string>& cells = lines.emplace_back();
    for (const Value& value : row) cells.push_back(Cell(value));
    cells.resize(set.columns.size());
  }
  std::vector<int> widths(set.columns.size(), 0);
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(cells[i]));
    }
  }
  std::vector<std::string> dashes;
  dashes.reserve(widths.size());
  for (const int width : widths) dashes.push_back(std::string(width, '-'));
  lines.insert(lines.begin() + 1, dashes);
  std::string text;
  for (auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = Right(cells[i], widths[i]);
    absl::StrAppend(&text, absl::StrJoin(cells, " "), "\n");
  }
  return text;
}

}  // namespace

std::string ShowValue(const Value& value) { return std::visit(ShowAny(), value.data); }

std::string RenderTables(const Result& result) {
  std::string text = absl::StrCat("Fabric UUID:  ", Printable(result.fabric_uuid),
                                  "\nTime-To-Live: ", result.ttl, "\n\n");
  if (!result.answer.error.empty()) {
    absl::StrAppend(&text, Printable(result.answer.error), "\n");
  }
  for (const ResultSet& set : result.answer.sets) absl::StrAppend(&text, RenderSet(set), "\n");
  return text + "\n";
}

std::string RenderJson(const Result& result) {
  const std::string& error = result.answer.error;
  ordered_json envelope = {{"fabric_uuid", result.fabric_uuid}, {"ttl", result.ttl}};
  envelope["message"] = error.empty() ? ordered_json(nullptr) : ordered_json(error);
  ordered_json sets = ordered_json::array({ordered_json::array({envelope})});
  for (const ResultSet& set : result.answer.sets) {
    ordered_json rows = ordered_json::array();
    for (const List& row : set.rows) {
      ordered_json object = ordered_json::object();
      for (size_t i = 0; i < row.size() && i < set.columns.size(); ++i) {
        object[set.columns[i].name] = std::visit(JsonOfAny(), row[i].data);
      }
      rows.push_back(std::move(object));
    }
    sets.push_back(std::move(rows));
  }
  return sets.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace weft::cli::mysqlfabric
