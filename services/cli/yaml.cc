#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "services/cli/json.h"

namespace weft::cli {
namespace {

using Json = nlohmann::ordered_json;

// True for text that may stand without quotes in YAML 1.1 and 1.2 alike: words that are neither
// numbers, dates, booleans nor null, and that hold nothing but letters, digits and "_./-" with a
// letter first.
bool IsPlainWord(const std::string& text) {
  if (text.empty() || !absl::ascii_isalpha(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '/' && c != '-') return false;
  }
  const std::string lower = absl::AsciiStrToLower(text);
  for (const char* word : {"y", "n", "yes", "no", "true", "false", "on", "off", "null"}) {
    if (lower == word) return false;
  }
  return true;
}

void Emit(const Json& json, YAML::Emitter& out) {
  if (json.is_object()) {
    if (json.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key << key << YAML::Value;
      Emit(value, out);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    if (json.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Json& value : json) Emit(value, out);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (!IsPlainWord(text)) out << YAML::DoubleQuoted;
    out << text;
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << json.dump();  // Numbers, true and false are the same in both.
  }
}

}  // namespace

std::string JsonToYaml(absl::string_view json) {
  Json parsed = Json::parse(json.begin(), json.end(), nullptr, false);
  if (parsed.is_discarded()) parsed = Json(std::string(json));
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  Emit(parsed, out);
  return std::string(out.c_str()) + "\n";
}

}  // namespace weft::cli
