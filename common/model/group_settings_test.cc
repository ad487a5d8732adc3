#include "common/model/group_settings.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft {
namespace {

using Document = std::map<std::string, std::string>;

TEST(GroupSettingsTest, DefaultsMakeAnEmptyDocument) {
  EXPECT_EQ(DocumentOf(GroupSettings()), Document());
  EXPECT_EQ(GroupSettingsOf({}), GroupSettings());
}

TEST(GroupSettingsTest, WhatIsSetComesBackFromTheDocument) {
  GroupSettings settings;
  ASSERT_TRUE(SetGroupSetting("failover_enabled", "false", &settings).ok());
  ASSERT_TRUE(SetGroupSetting("cool_down", "1h30m", &settings).ok());
  EXPECT_FALSE(settings.failover_enabled);
  EXPECT_EQ(settings.cool_down, absl::Minutes(90));
  EXPECT_EQ(DocumentOf(settings),
            (Document{{"cool_down", "1h30m"}, {"failover_enabled", "false"}}));
  EXPECT_EQ(GroupSettingsOf(DocumentOf(settings)), settings);
}

TEST(GroupSettingsTest, WindowsAndAcknowledgementsComeBackFromTheDocument) {
  GroupSettings settings;
  settings.acknowledged_epoch = 18'000'000'000'000'000'000u;
  const absl::Time until = absl::FromUnixMicros(1'700'000'000'123'456);
  settings.maintenance[""] = {until, "a | b", "admin"};
  settings.maintenance["aaaaaaaa-0000-0000-0000-000000000000"] = {until, "", ""};
  EXPECT_EQ(DocumentOf(settings).size(), 3);
  EXPECT_EQ(GroupSettingsOf(DocumentOf(settings)), settings);
}

TEST(GroupSettingsTest, AWindowThatIsNoneIsKeptAsItIs) {
  const Document document = {{"maintenance", "soon|admin|x"}, {"maintenance/", "1"}};
  const GroupSettings settings = GroupSettingsOf(document);
  EXPECT_TRUE(settings.maintenance.empty());
  EXPECT_EQ(DocumentOf(settings), document);
}

TEST(GroupSettingsTest, ZonesAndHooksAreNames) {
  GroupSettings settings;
  for (const char* text : {"", "a,,b", "a b", ","}) {
    EXPECT_FALSE(SetGroupSetting("promotion_zones", text, &settings).ok()) << text;
  }
  EXPECT_TRUE(SetGroupSetting("promotion_zones", "north,south", &settings).ok());
  EXPECT_EQ(settings.promotion_zones, "north,south");
  EXPECT_FALSE(SetGroupSetting("fence", "/bin/sh -c x", &settings).ok());
  EXPECT_TRUE(SetGroupSetting("fence", "power-off", &settings).ok());
  EXPECT_TRUE(SetGroupSetting("fence", "", &settings).ok());
  for (const std::string& name : HookSettings()) EXPECT_NE(FindGroupSetting(name), nullptr);
}

TEST(GroupSettingsTest, ABareNumberIsSecondsAndAutoTakesASpanBack) {
  GroupSettings settings;
  ASSERT_TRUE(SetGroupSetting("cool_down", "30", &settings).ok());
  EXPECT_EQ(settings.cool_down, absl::Seconds(30));
  ASSERT_TRUE(SetGroupSetting("cool_down", "auto", &settings).ok());
  EXPECT_EQ(settings, GroupSettings());
}

TEST(GroupSettingsTest, WhatALaterVersionSetIsKept) {
  const Document document = {{"cool_down", "in moonlight"}, {"of_tomorrow", "yes"}};
  const GroupSettings settings = GroupSettingsOf(document);
  EXPECT_EQ(settings.cool_down, std::nullopt);
  EXPECT_EQ(DocumentOf(settings), document);
}

TEST(GroupSettingsTest, AValueThatIsNoneIsRefusedWithWhatWasExpected) {
  GroupSettings settings;
  for (const char* text : {"", "-1s", "inf", "nan", "10 parsecs", "1e400"}) {
    const absl::Status status = SetGroupSetting("cool_down", text, &settings);
    EXPECT_EQ(ErrorReason(status), "BAD_SETTING") << text;
    EXPECT_EQ(GetErrorDetail(status)->found, text);
  }
  EXPECT_EQ(ErrorReason(SetGroupSetting("failover_enabled", "maybe", &settings)), "BAD_SETTING");
  EXPECT_EQ(settings, GroupSettings());
}

TEST(GroupSettingsTest, AnUnknownNameIsRefusedWithThoseThereAre) {
  GroupSettings settings;
  const absl::Status status = SetGroupSetting("coldown", "1s", &settings);
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_SETTING");
  EXPECT_NE(GetErrorDetail(status)->expected.find("cool_down"), std::string::npos);
}

TEST(GroupSettingsTest, EachSettingPrintsWhatItParses) {
  for (const GroupSetting& setting : AllGroupSettings()) {
    GroupSettings settings;
    EXPECT_TRUE(setting.parse(setting.print(settings), &settings)) << setting.name;
    EXPECT_EQ(settings, GroupSettings()) << setting.name;
    for (const std::string& choice : setting.choices) {
      ASSERT_TRUE(setting.parse(choice, &settings)) << setting.name << "=" << choice;
      EXPECT_EQ(setting.print(settings), choice);
    }
    EXPECT_FALSE(setting.help.empty());
    EXPECT_FALSE(setting.expected.empty());
  }
}

}  // namespace
}  // namespace weft
