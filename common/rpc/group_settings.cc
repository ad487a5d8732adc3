#include "common/rpc/group_settings.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace weft::rpc {
namespace {

using google::protobuf::FieldDescriptor;

const FieldDescriptor* FieldOf(absl::string_view name) {
  return v1::GroupSettings::descriptor()->FindFieldByName(std::string(name));
}

// A field is a flag or a text (a test sees to it).
void Write(const FieldDescriptor& field, const std::string& text, v1::GroupSettings* proto) {
  const google::protobuf::Reflection& reflection = *proto->GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    reflection.SetBool(proto, &field, text == "true");
  } else {
    reflection.SetString(proto, &field, text);
  }
}

std::string Read(const FieldDescriptor& field, const v1::GroupSettings& proto) {
  const google::protobuf::Reflection& reflection = *proto.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    return reflection.GetBool(proto, &field) ? "true" : "false";
  }
  return reflection.GetString(proto, &field);
}

}  // namespace

absl::string_view SettingOfMask(absl::string_view field) {
  return absl::ConsumePrefix(&field, "settings.") ? field : absl::string_view();
}

v1::GroupSettings ToProto(const GroupSettings& settings) {
  v1::GroupSettings proto;
  for (const GroupSetting& setting : AllGroupSettings()) {
    const FieldDescriptor* const field = FieldOf(setting.name);
    if (field != nullptr) Write(*field, setting.print(settings), &proto);
  }
  return proto;
}

absl::StatusOr<std::string> TextOf(const v1::GroupSettings& proto, absl::string_view name) {
  const FieldDescriptor* const field = FieldOf(name);
  if (field != nullptr && FindGroupSetting(name) != nullptr) return Read(*field, proto);
  GroupSettings scratch;
  return SetGroupSetting(name, "", &scratch);
}

absl::Status SetField(absl::string_view name, absl::string_view text, v1::GroupSettings* proto) {
  GroupSettings settings;
  WEFT_RETURN_IF_ERROR(SetGroupSetting(name, text, &settings));
  Write(*FieldOf(name), FindGroupSetting(name)->print(settings), proto);
  return absl::OkStatus();
}

}  // namespace weft::rpc
