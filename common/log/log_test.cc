#include "common/log/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weft::log {
namespace {

const absl::Time kTime = absl::FromUnixMicros(1'700'000'000'123'456);

std::string Line(Format format, std::initializer_list<Field> fields) {
  return FormatLine({.format = format, .service = "weft-test"}, kTime, Level::kInfo, "a b", fields);
}

TEST(LogTest, WritesKeysAndValuesOnOneLine) {
  EXPECT_EQ(Line(Format::kLogfmt, {{"group", "g1"}, {"count", 3}, {"ready", true}}),
            "time=2023-11-14T22:13:20.123456Z level=info service=weft-test msg=\"a b\" "
            "group=g1 count=3 ready=true");
}

TEST(LogTest, QuotesWhatWouldBreakALine) {
  const std::string line =
      Line(Format::kLogfmt, {{"error", "two\nlines \"quoted\" \\ a=b"}, {"empty", ""}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"(error="two\nlines \"quoted\" \\ a=b" empty="")"), std::string::npos)
      << line;
}

TEST(LogTest, JsonLinesAreValidWithTypedValues) {
  const auto json =
      nlohmann::json::parse(Line(Format::kJson, {{"text", std::string("\"\\\n\t\x01", 5)},
                                                 {"number", uint64_t{18446744073709551615u}},
                                                 {"negative", -5},
                                                 {"share", 0.25},
                                                 {"infinite", 1.0 / 0.0},
                                                 {"ready", false},
                                                 {"took", absl::Milliseconds(1500)}}));
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["service"], "weft-test");
  EXPECT_EQ(json["msg"], "a b");
  EXPECT_EQ(json["text"], "\"\\\n\t\x01");
  EXPECT_EQ(json["number"], 18446744073709551615u);
  EXPECT_EQ(json["negative"], -5);
  EXPECT_EQ(json["share"], 0.25);
  EXPECT_EQ(json["infinite"], "inf");
  EXPECT_EQ(json["ready"], false);
  EXPECT_EQ(json["took"], "1.5s");
}

TEST(LogTest, AStatusIsItsCodeAndMessage) {
  EXPECT_EQ(Field("error", absl::NotFoundError("no group g1")).value(), "NOT_FOUND: no group g1");
  EXPECT_EQ(Field("error", absl::OkStatus()).value(), "OK");
}

TEST(LogTest, ParsesLevelsAndFormatsByName) {
  Level level = Level::kInfo;
  EXPECT_TRUE(ParseLevel("error", &level).ok());
  EXPECT_EQ(level, Level::kError);
  EXPECT_TRUE(ParseLevel("warn", &level).ok());
  EXPECT_EQ(level, Level::kWarning);
  EXPECT_EQ(ParseLevel("loud", &level).code(), absl::StatusCode::kInvalidArgument);
  Format format = Format::kLogfmt;
  EXPECT_TRUE(ParseFormat("json", &format).ok());
  EXPECT_EQ(format, Format::kJson);
  EXPECT_FALSE(ParseFormat("xml", &format).ok());
}

// A pipe that stands in for stderr.
class LogWritingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe(pipe_), 0);
    Initialize({.level = Level::kInfo, .file_descriptor = pipe_[1]});
  }
  void TearDown() override {
    Initialize({});
    close(pipe_[0]);
  }

  std::vector<std::string> Lines() {
    close(pipe_[1]);
    std::string text;
    char buffer[65536];
    for (ssize_t got; (got = read(pipe_[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, got);
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

  int pipe_[2];
};

TEST_F(LogWritingTest, LinesOfManyThreadsStayWhole) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) WEFT_LOG(kInfo, "tick", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = Lines();
  EXPECT_EQ(lines.size(), 400u);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.rfind("time=", 0), 0u) << line;
    EXPECT_NE(line.find(" msg=tick thread="), std::string::npos) << line;
  }
}

TEST_F(LogWritingTest, TheLevelSwitchesAtRunTime) {
  int evaluated = 0;
  WEFT_LOG(kDebug, "hidden", {{"n", ++evaluated}});
  SetLevel(Level::kDebug);
  WEFT_LOG(kDebug, "shown", {{"n", ++evaluated}});
  SetLevel(Level::kError);
  WEFT_LOG(kWarning, "hidden again");
  EXPECT_EQ(evaluated, 1);
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("level=debug msg=shown n=1"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace weft::log
