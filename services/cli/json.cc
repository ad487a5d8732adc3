#include "services/cli/json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/error_details.h"
#include "services/cli/exit_code.h"

namespace weft::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Text from servers may be in any encoding: what is not UTF-8 is replaced, never an error.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Convert(const Message& message);

Json ConvertTimestamp(const Message& message) {
  google::protobuf::Timestamp timestamp;
  timestamp.CopyFrom(message);
  const absl::Time time =
      absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

Json ConvertDuration(const Message& message) {
  google::protobuf::Duration duration;
  duration.CopyFrom(message);
  return static_cast<double>(duration.seconds()) + static_cast<double>(duration.nanos()) / 1e9;
}

Json ConvertMessage(const Message& message) {
  const std::string& name = message.GetDescriptor()->full_name();
  if (name == "google.protobuf.Timestamp") return ConvertTimestamp(message);
  if (name == "google.protobuf.Duration") return ConvertDuration(message);
  return Convert(message);
}

// `index` < 0: the field is not repeated.
Json ConvertValue(const Message& message, const FieldDescriptor* field, int index) {
  const auto* r = message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r->GetInt32(message, field) : r->GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? r->GetInt64(message, field) : r->GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r->GetUInt32(message, field) : r->GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return one ? r->GetUInt64(message, field) : r->GetRepeatedUInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r->GetDouble(message, field) : r->GetRepeatedDouble(message, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r->GetFloat(message, field) : r->GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? r->GetBool(message, field) : r->GetRepeatedBool(message, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return (one ? r->GetEnum(message, field) : r->GetRepeatedEnum(message, field, index))->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r->GetString(message, field) : r->GetRepeatedString(message, field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!one) return ConvertMessage(r->GetRepeatedMessage(message, field, index));
      if (!r->HasField(message, field)) return nullptr;
      return ConvertMessage(r->GetMessage(message, field));
  }
  return nullptr;
}

Json ConvertMap(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  std::vector<std::pair<std::string, Json>> entries;
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    const Json k = ConvertValue(entry, key, -1);
    entries.emplace_back(k.is_string() ? k.get<std::string>() : Dump(k),
                         ConvertValue(entry, value, -1));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Json result = Json::object();
  for (auto& [k, v] : entries) result[k] = std::move(v);
  return result;
}

Json Convert(const Message& message) {
  const auto* reflection = message.GetReflection();
  Json result = Json::object();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_map()) {
      result[field->name()] = ConvertMap(message, field);
    } else if (field->is_repeated()) {
      Json values = Json::array();
      for (int j = 0; j < reflection->FieldSize(message, field); ++j) {
        values.push_back(ConvertValue(message, field, j));
      }
      result[field->name()] = std::move(values);
    } else if (field->type() == FieldDescriptor::TYPE_STRING &&
               absl::EndsWith(field->name(), "_json")) {
      Json inner = Json::parse(reflection->GetString(message, field), nullptr, false);
      if (inner.is_discarded()) inner = nullptr;
      result[std::string(absl::StripSuffix(field->name(), "_json"))] = std::move(inner);
    } else {
      result[field->name()] = ConvertValue(message, field, -1);
    }
  }
  return result;
}

}  // namespace

std::string ToJson(const Message& message, const std::vector<std::string>& without) {
  Json json = ConvertMessage(message);
  for (const std::string& name : without) json.erase(name);
  return Dump(json);
}

std::string JsonString(absl::string_view text) { return Dump(Json(std::string(text))); }

std::string JsonObject(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string result;
  for (const auto& [name, value] : members) {
    result += (result.empty() ? "{" : ",") + JsonString(name) + ":" + value;
  }
  return (result.empty() ? "{" : result) + "}";
}

std::string JsonArray(const std::vector<std::string>& values) {
  std::string result;
  for (const std::string& value : values) result += (result.empty() ? "[" : ",") + value;
  return (result.empty() ? "[" : result) + "]";
}

std::string ErrorToJson(const absl::Status& status) {
  const ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail());
  Json error = {{"code", std::string(CodeName(status.code()))},
                {"reason", detail.reason},
                {"message", std::string(status.message())},
                {"expected", detail.expected},
                {"found", detail.found},
                {"next_step", detail.next_step},
                {"metadata", Json::object()}};
  for (const auto& [key, value] : detail.metadata) error["metadata"][key] = value;
  return Dump(Json{{"error", std::move(error)}});
}

}  // namespace weft::cli
