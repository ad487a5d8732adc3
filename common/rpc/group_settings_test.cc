#include "common/rpc/group_settings.h"

#include "common/base/error_details.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace weft::rpc {
namespace {

using google::protobuf::FieldDescriptor;

TEST(GroupSettingsConversionTest, TheApiHasEachSettingOfTheTableAndNoOther) {
  const auto& descriptor = *v1::GroupSettings::descriptor();
  for (const GroupSetting& setting : AllGroupSettings()) {
    EXPECT_NE(descriptor.FindFieldByName(setting.name), nullptr) << setting.name;
  }
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    EXPECT_NE(FindGroupSetting(field.name()), nullptr) << field.name();
    EXPECT_FALSE(field.is_repeated()) << field.name();
    EXPECT_TRUE(field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL ||
                field.cpp_type() == FieldDescriptor::CPPTYPE_STRING)
        << field.name() << " is neither a bool nor a string";
  }
}

TEST(GroupSettingsConversionTest, DefaultsAreSaid) {
  const v1::GroupSettings proto = ToProto(GroupSettings());
  EXPECT_TRUE(proto.failover_enabled());
  EXPECT_EQ(proto.cool_down(), "auto");
}

TEST(GroupSettingsConversionTest, EachSettingComesThroughTheApi) {
  for (const GroupSetting& setting : AllGroupSettings()) {
    for (const std::string& choice : setting.choices) {
      v1::GroupSettings proto;
      ASSERT_TRUE(SetField(setting.name, choice, &proto).ok()) << setting.name;
      EXPECT_EQ(TextOf(proto, setting.name).value(), choice) << setting.name;
    }
  }
}

TEST(GroupSettingsConversionTest, WhatIsNoSettingIsRefused) {
  v1::GroupSettings proto;
  EXPECT_EQ(ErrorReason(SetField("moon", "full", &proto)), "UNKNOWN_SETTING");
  EXPECT_EQ(ErrorReason(TextOf(proto, "moon").status()), "UNKNOWN_SETTING");
  EXPECT_EQ(ErrorReason(SetField("cool_down", "soon", &proto)), "BAD_SETTING");
  EXPECT_EQ(SettingOfMask("settings.cool_down"), "cool_down");
  EXPECT_EQ(SettingOfMask("description"), "");
}

}  // namespace
}  // namespace weft::rpc
