#include "services/cli/command.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"

namespace weft::cli {
namespace {

TEST(ParseTimeSpanTest, ABareNumberIsSeconds) {
  EXPECT_EQ(ParseTimeSpan("10"), absl::Seconds(10));
  EXPECT_EQ(ParseTimeSpan("0.5"), absl::Milliseconds(500));
  EXPECT_EQ(ParseTimeSpan("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(ParseTimeSpan("1h30m"), absl::Minutes(90));
  for (const char* wrong : {"", "x", "-1", "-1s", "inf", "nan", "10 s"}) {
    EXPECT_EQ(ParseTimeSpan(wrong), std::nullopt) << wrong;
  }
}

TEST(CheckValueTest, AChoiceMayBeWrittenInAnyCase) {
  const Parameter mode = {"mode", "MODE", "", Kind::kText, {"READ_ONLY", "OFFLINE"}};
  std::string value = "read-only";
  EXPECT_TRUE(CheckValue(mode, value).ok());
  EXPECT_EQ(value, "READ_ONLY");
  value = "readonly";
  const absl::Status status = CheckValue(mode, value);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetail(status)->expected, "one of READ_ONLY, OFFLINE");
  EXPECT_EQ(GetErrorDetail(status)->found, "\"readonly\"");
}

TEST(CheckValueTest, NumbersAreChecked) {
  struct {
    Kind kind;
    std::string value;
    bool good;
  } rows[] = {{Kind::kInteger, "3", true},      {Kind::kInteger, "-3", false},
              {Kind::kInteger, "3.5", false},   {Kind::kInteger, "4294967297", false},
              {Kind::kNumber, "0.5", true},     {Kind::kNumber, "nan", false},
              {Kind::kNumber, "half", false},   {Kind::kDuration, "2m", true},
              {Kind::kDuration, "soon", false}, {Kind::kGroup, "", false},
              {Kind::kGroup, "g1", true},       {Kind::kText, "", true}};
  for (auto& row : rows) {
    const Parameter parameter = {"p", "P", "", row.kind};
    EXPECT_EQ(CheckValue(parameter, row.value).ok(), row.good) << row.value;
  }
}

TEST(OptionsOfTest, ACommandTakesOnlyWhatMeansSomethingToIt) {
  const auto names = [](uint32_t traits) {
    std::string text;
    for (const Parameter& option :
         OptionsOf({.summary = "", .examples = {}, .traits = traits, .run = nullptr})) {
      text += option.name + " ";
    }
    return text;
  };
  EXPECT_EQ(names(kPlain), "");
  EXPECT_EQ(names(kReads), "watch ");
  EXPECT_EQ(names(kChanges | kForesees | kWaits | kDestroys), "dry-run no-wait yes request-id ");
}

}  // namespace
}  // namespace weft::cli
