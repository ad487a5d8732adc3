#include "services/controller/ports/stored.h"

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

const std::string kReplaced = "\xEF\xBF\xBD";

TEST(StoredTest, KeepsEveryCharacter) {
  for (const std::string& text :
       {std::string("plain"), std::string("a\0b", 3), std::string("\x7F\xC2\x80\xDF\xBF"),
        std::string("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"),
        std::string("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")}) {
    EXPECT_EQ(StoredText(text), text);
  }
}

TEST(StoredTest, ReplacesEachByteThatBelongsToNoCharacter) {
  EXPECT_EQ(StoredText("a\xff"
                       "b"),
            "a" + kReplaced + "b");
  EXPECT_EQ(StoredText("\x80"), kReplaced);                                  // a lone continuation
  EXPECT_EQ(StoredText("\xC3"), kReplaced);                                  // cut off
  EXPECT_EQ(StoredText("\xE2\x82"), kReplaced + kReplaced);                  // cut off
  EXPECT_EQ(StoredText("\xC0\xAF"), kReplaced + kReplaced);                  // overlong
  EXPECT_EQ(StoredText("\xE0\x9F\xBF"), kReplaced + kReplaced + kReplaced);  // overlong
  EXPECT_EQ(StoredText("\xED\xA0\x80"), kReplaced + kReplaced + kReplaced);  // a surrogate
  EXPECT_EQ(StoredText("\xF4\x90\x80\x80").size(), 4 * kReplaced.size());    // beyond the last
  EXPECT_EQ(StoredText("\xF5\x80\x80\x80").size(), 4 * kReplaced.size());
}

TEST(StoredTest, KeepsInstantsToTheMicrosecondAndWithinTheYearsOfADatabase) {
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  EXPECT_EQ(StoredTime(time + absl::Nanoseconds(999)), time);
  EXPECT_EQ(absl::ToCivilYear(StoredTime(absl::InfiniteFuture()), absl::UTCTimeZone()),
            absl::CivilYear(9999));
  EXPECT_EQ(absl::ToCivilYear(StoredTime(absl::InfinitePast()), absl::UTCTimeZone()),
            absl::CivilYear(1000));
  EXPECT_EQ(StoredTime(StoredTime(absl::InfiniteFuture())), StoredTime(absl::InfiniteFuture()));
}

TEST(StoredTest, KeepsAnEndlessDuration) {
  EXPECT_EQ(StoredDuration(absl::InfiniteDuration()), absl::InfiniteDuration());
  EXPECT_EQ(StoredDuration(absl::Nanoseconds(1999)), absl::Microseconds(1));
}

TEST(StoredTest, RefusesNamesBeyondTheirLength) {
  Operation operation;
  operation.id = "op";
  EXPECT_TRUE(CheckStorable(operation).ok());
  operation.request_id = std::string(256, 'r');
  EXPECT_TRUE(absl::IsInvalidArgument(CheckStorable(operation)));
  Server server;
  server.uuid = *ServerUuid::Parse("3e11fa47-71ca-11e1-9e33-c80aa9429562");
  server.address = {"h", 1};
  EXPECT_TRUE(CheckStorable(server).ok());
  server.weight = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckStorable(server)));
  Group group;
  group.id = "not a name";
  EXPECT_TRUE(absl::IsInvalidArgument(CheckStorable(group)));
}

}  // namespace
}  // namespace weft::controller
