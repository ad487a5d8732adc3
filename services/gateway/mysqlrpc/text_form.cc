#include "services/gateway/mysqlrpc/text_form.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weft::gateway::mysqlrpc {
namespace {

using Json = nlohmann::ordered_json;

// REQUIRES: values are nested no deeper than a command of ours nests them.
Json JsonOf(const fabric::Value& value) {
  if (IsNone(value)) return nullptr;
  struct Visitor {
    Json operator()(const fabric::Nil&) const { return nullptr; }
    Json operator()(bool flag) const { return flag; }
    Json operator()(int64_t number) const { return number; }
    Json operator()(double number) const { return number; }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(const fabric::List& list) const {
      Json array = Json::array();
      for (const fabric::Value& element : list) array.push_back(JsonOf(element));
      return array;
    }
    Json operator()(const fabric::Struct& members) const {
      Json object = Json::object();
      for (const auto& [name, member] : members) object[name] = JsonOf(member);
      return object;
    }
  };
  return std::visit(Visitor(), value.data);
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace

ColumnType ColumnTypeOf(fabric::Type type) {
  switch (type) {
    case fabric::Type::kInteger:
      return ColumnType::kLongLong;
    case fabric::Type::kFloat:
      return ColumnType::kNewDecimal;
    case fabric::Type::kBoolean:
      return ColumnType::kTiny;
    case fabric::Type::kString:
    case fabric::Type::kList:
      break;
  }
  return ColumnType::kVarString;
}

bool IsNone(const fabric::Value& value) {
  const std::string* text = std::get_if<std::string>(&value.data);
  return value.is_nil() || (text != nullptr && *text == "None");
}

std::string FloatText(double value) {
  std::string text = absl::StrFormat("%.12g", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string FieldText(const fabric::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "1" : "0";
  if (const auto* number = std::get_if<int64_t>(&value.data)) return absl::StrCat(*number);
  if (const auto* number = std::get_if<double>(&value.data)) return FloatText(*number);
  return Dump(JsonOf(value));
}

std::string JsonText(const std::vector<fabric::ResultSet>& sets) {
  Json all = Json::array();
  for (const fabric::ResultSet& set : sets) {
    Json rows = Json::array();
    for (const fabric::List& row : set.rows) {
      Json object = Json::object();
      for (size_t i = 0; i < set.columns.size() && i < row.size(); ++i) {
        object[set.columns[i].name] = JsonOf(row[i]);
      }
      rows.push_back(std::move(object));
    }
    all.push_back(std::move(rows));
  }
  return Dump(all);
}

}  // namespace weft::gateway::mysqlrpc
