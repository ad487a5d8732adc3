#include "services/cli/render.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

constexpr Style kColored = {.color = true, .unicode = true};

TEST(DisplayWidthTest, CountsColumnsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("größe"), 5);
  EXPECT_EQ(DisplayWidth("服务器"), 6);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("🚀"), 2);
}

TEST(DisplayWidthTest, PassesOverColours) {
  EXPECT_EQ(DisplayWidth(Paint("abc", Tone::kBad, kColored)), 3);
}

TEST(DisplayWidthTest, CountsEachMalformedByteAsOneColumn) {
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2);
  EXPECT_EQ(DisplayWidth("\xe2\x82"), 2);
}

TEST(PrintableTest, LeavesNoControlCharacterToTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\x07"), "a?[31mb?");
  EXPECT_EQ(Printable("one\ntwo\tthree"), "one two three");
  EXPECT_EQ(Printable("\xff"), "?");
  EXPECT_EQ(Printable("\u202Eabc"), "?abc");
  EXPECT_EQ(Printable("\u009b31m"), "?31m");
  EXPECT_EQ(Printable("größe 服务器"), "größe 服务器");
}

TEST(ShortenTest, CutsAtColumns) {
  EXPECT_EQ(Shorten("short", 10), "short");
  EXPECT_EQ(Shorten("a long sentence", 10), "a long ...");
  EXPECT_EQ(Shorten("服务器服务器", 8), "服务...");
}

TEST(TableTest, AlignsColumnsAndLeavesNoTrailingBlanks) {
  Table table({"NAME", "COUNT", "NOTE"});
  table.AlignRight(1);
  table.Add({"a", "1", "first"});
  table.Add({"größer", "200", ""});
  EXPECT_EQ(table.Render({}),
            "NAME    COUNT  NOTE\n"
            "a           1  first\n"
            "größer    200  -\n");
}

TEST(TableTest, LeavesOutAColumnThatNobodyFilled) {
  Table table({"NAME", "NOTE", "LAST"});
  table.DropEmpty(1);
  table.Add({"a", "", "b"});
  EXPECT_EQ(table.Render({}), "NAME  LAST\na     b\n");
}

TEST(TableTest, ColoursDoNotDisturbTheColumns) {
  Table table({"A", "B"});
  table.Add({Cell("bad", Tone::kBad), "x"});
  EXPECT_EQ(table.Render(kColored), "\x1b[2mA\x1b[0m    \x1b[2mB\x1b[0m\n\x1b[31mbad\x1b[0m  x\n");
}

TEST(TableTest, ShowsOnlyTheHeadingWithoutRows) {
  EXPECT_EQ(Table({"A", "B"}).Render({}), "A  B\n");
}

TEST(FieldsTest, AlignsValuesAndLeavesEmptyOnesOut) {
  Fields fields;
  fields.Add("group", "g1");
  fields.Add("note", "");
  fields.Add("durability", "lossless");
  EXPECT_EQ(fields.Render({}), "group:       g1\ndurability:  lossless\n");
}

TEST(AgeTest, GetsCoarserWithSize) {
  EXPECT_EQ(Age(absl::Seconds(-3)), "0s");
  EXPECT_EQ(Age(absl::Milliseconds(20)), "0s");
  EXPECT_EQ(Age(absl::Milliseconds(340)), "0.3s");
  EXPECT_EQ(Age(absl::Seconds(12)), "12s");
  EXPECT_EQ(Age(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(Age(absl::Minutes(245)), "4h05m");
  EXPECT_EQ(Age(absl::Hours(52)), "2d04h");
  EXPECT_EQ(Age(absl::InfiniteDuration()), "for ever");
}

TEST(CountTest, KnowsThePlural) {
  EXPECT_EQ(Count(1, "server"), "1 server");
  EXPECT_EQ(Count(0, "server"), "0 servers");
}

}  // namespace
}  // namespace weft::cli
