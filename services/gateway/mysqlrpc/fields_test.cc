#include "services/gateway/mysqlrpc/fields.h"

#include <gtest/gtest.h>

#include "services/gateway/mysqlrpc/utf8.h"

namespace weft::gateway::mysqlrpc {
namespace {

std::string Encoded(uint64_t value) {
  std::string out;
  AppendLengthEncoded(out, value);
  return out;
}

TEST(FieldsTest, IntegersGrowWithTheirValue) {
  EXPECT_EQ(Encoded(250), "\xfa");
  EXPECT_EQ(Encoded(251), std::string("\xfc\xfb\x00", 3));
  EXPECT_EQ(Encoded(0xffff), "\xfc\xff\xff");
  EXPECT_EQ(Encoded(0x10000), std::string("\xfd\x00\x00\x01", 4));
  EXPECT_EQ(Encoded(0x1000000), std::string("\xfe\x00\x00\x00\x01\x00\x00\x00\x00", 9));
}

TEST(FieldsTest, WhatWasWrittenIsReadBack) {
  for (const uint64_t value : {0ull, 250ull, 251ull, 65535ull, 65536ull, 1ull << 24, ~0ull}) {
    const std::string text = Encoded(value);
    Cursor cursor(text);
    EXPECT_EQ(cursor.LengthEncoded(), value);
    EXPECT_TRUE(cursor.rest().empty());
  }
}

TEST(FieldsTest, AFieldThatEndsTooEarlyIsNoneAndNothingIsRead) {
  for (const uint64_t value : {251ull, 65536ull, 1ull << 24}) {
    const std::string whole = Encoded(value);
    for (size_t length = 0; length < whole.size(); ++length) {
      const std::string cut = whole.substr(0, length);
      Cursor cursor(cut);
      EXPECT_EQ(cursor.LengthEncoded(), std::nullopt) << value << " cut to " << length;
      EXPECT_EQ(cursor.rest().size(), length);
    }
  }
  Cursor string(
      "\x05"
      "four");
  EXPECT_EQ(string.LengthEncodedString(), std::nullopt);
  EXPECT_EQ(string.rest().size(), 5u);
  Cursor open("no end");
  EXPECT_EQ(open.Terminated(), std::nullopt);
}

TEST(FieldsTest, ALengthNearTheHighestNumberIsNotBelieved) {
  Cursor cursor("\xfe\xff\xff\xff\xff\xff\xff\xff\xff tail");
  EXPECT_EQ(cursor.LengthEncodedString(), std::nullopt);
}

TEST(FieldsTest, MarksOfNullAndErrorAreNoLengths) {
  EXPECT_EQ(Cursor("\xfb").LengthEncoded(), std::nullopt);
  EXPECT_EQ(Cursor("\xff").LengthEncoded(), std::nullopt);
}

TEST(Utf8Test, KnowsWhatIsWellFormed) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("g\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xac"));
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xe2\x82",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Utf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(CutUtf8("abc", 3), "abc");
  EXPECT_EQ(CutUtf8("abcd", 3), "abc");
  EXPECT_EQ(CutUtf8("ab\xe2\x82\xac", 4), "ab");
  EXPECT_EQ(CutUtf8("\x82\x82\x82", 2), "");
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
