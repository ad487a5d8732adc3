#include "services/controller/mysql/row_events.h"

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

// Of a MySQL 9.7.4, with checksums.
std::string Format() {
  std::string bytes;
  absl::Base64Unescape(
      "4ywCaw8BAAAAewAAAH8AAAAAAAQAOS43LjQtMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAADjLAJrEwANAAgAAAAABAAEAAAAYwAEGggAAAAAAAACAAAACgoKKioAEjQA"
      "CigAAAHqy0Zp",
      &bytes);
  return bytes;
}

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// CREATE TABLE s.t (a INT, v VARCHAR(300), j JSON, d DECIMAL(5,2), e ENUM, b BIT(9))
std::string MapBody() {
  return absl::StrCat(Bytes({7, 0, 0, 0, 0, 0, 1, 0, 1}), "s", Bytes({0, 1}), "t",
                      Bytes({0, 6, 3, 15, 245, 246, 254, 16}),
                      Bytes({9, 0x2c, 1, 4, 5, 2, 247, 1, 1, 1}), Bytes({0x3f}));
}

std::shared_ptr<const TableMap> Table() {
  const auto map = ParseTableMap(MapBody());
  EXPECT_TRUE(map.ok()) << map.status();
  return std::make_shared<const TableMap>(*map);
}

std::string Image(int a, absl::string_view json) {
  return absl::StrCat(Bytes({0, a, 0, 0, 0, 3, 0}), "abc",
                      Bytes({static_cast<int>(json.size()), 0, 0, 0}), json,
                      Bytes({0x80, 0x01, 0x02, 2, 0xff, 1}));
}

RowChange Changed(RowAct act, std::string before, std::string after) {
  RowChange change;
  change.table = Table();
  change.act = act;
  change.before = std::move(before);
  change.after = std::move(after);
  return change;
}

std::vector<RowChange> ReadBack(const std::vector<std::string>& events) {
  RowEventReader reader;
  EXPECT_EQ(reader.Take(Format()), absl::OkStatus());
  for (const std::string& event : events) EXPECT_EQ(reader.Take(event), absl::OkStatus());
  return reader.changes();
}

// One event of rows as the server writes it.
std::string RowsEvent(int type, absl::string_view rest) {
  std::vector<std::string> some =
      WriteRowEvents({Changed(RowAct::kInsert, "", Image(1, "{}"))}, Format(), 1);
  const size_t map_size = 19 + MapBody().size() + 4;
  std::string body = absl::StrCat(Bytes({7, 0, 0, 0, 0, 0, 1, 0, 2, 0, 6}), rest);
  std::string event =
      absl::StrCat(some[0].substr(0, map_size), Bytes({0, 0, 0, 0, type, 1, 0, 0, 0}));
  const size_t size = 19 + body.size() + 4;
  absl::StrAppend(&event, Bytes({static_cast<int>(size & 0xff), static_cast<int>(size >> 8), 0, 0}),
                  Bytes({0, 0, 0, 0, 0, 0}), body, "crc!");
  return event;
}

TEST(RowEventsTest, WhatIsWrittenIsReadAgain) {
  const std::vector<RowChange> changes = {
      Changed(RowAct::kInsert, "", Image(1, "{}")), Changed(RowAct::kInsert, "", Image(2, "[]")),
      Changed(RowAct::kUpdate, Image(1, "{}"), Image(9, "long")),
      Changed(RowAct::kDelete, Image(9, "long"), "")};
  for (const size_t size : {1, 1000}) {
    const std::vector<RowChange> read = ReadBack(WriteRowEvents(changes, Format(), size));
    ASSERT_EQ(read.size(), changes.size());
    for (size_t i = 0; i < read.size(); ++i) EXPECT_TRUE(SameChange(read[i], changes[i])) << i;
  }
}

TEST(RowEventsTest, TheInverseOfTheInverseIsTheChange) {
  for (const RowChange& change : {Changed(RowAct::kInsert, "", Image(1, "{}")),
                                  Changed(RowAct::kUpdate, Image(1, "{}"), Image(2, "")),
                                  Changed(RowAct::kDelete, Image(3, "x"), "")}) {
    const auto inverse = Inverse(change);
    ASSERT_TRUE(inverse.ok());
    EXPECT_FALSE(SameChange(*inverse, change));
    EXPECT_TRUE(SameChange(*Inverse(*inverse), change));
  }
}

TEST(RowEventsTest, AnInsertIsUndoneByADeleteOfTheSameRow) {
  const auto inverse = Inverse(Changed(RowAct::kInsert, "", Image(1, "{}")));
  ASSERT_TRUE(inverse.ok());
  EXPECT_EQ(inverse->act, RowAct::kDelete);
  EXPECT_EQ(inverse->before, Image(1, "{}"));
}

TEST(RowEventsTest, APartOfJsonIsNotLookedForWhenUndone) {
  // PARTIAL_UPDATE_ROWS: all columns before, all after, a diff of the JSON.
  const std::string event = RowsEvent(
      39, absl::StrCat(Bytes({0x3f, 0x3f}), Image(1, "{whole}"), Bytes({1, 1}), Image(2, "diff")));
  const std::vector<RowChange> read = ReadBack({event});
  ASSERT_EQ(read.size(), 1u);
  const auto inverse = Inverse(read[0]);
  ASSERT_TRUE(inverse.ok()) << inverse.status();
  EXPECT_EQ(inverse->after, Image(1, "{whole}"));
  EXPECT_EQ(inverse->before, absl::StrCat(Bytes({0, 2, 0, 0, 0, 3, 0}), "abc",
                                          Bytes({0x80, 0x01, 0x02, 2, 0xff, 1})));
  const std::vector<std::string> written = WriteRowEvents({*inverse}, Format(), 100);
  // The server's own log of it has the JSON whole; it is compared without.
  EXPECT_TRUE(
      SameChange(*inverse, Changed(RowAct::kUpdate, Image(2, "{any}"), Image(1, "{whole}"))));
  EXPECT_FALSE(SameChange(*inverse, Changed(RowAct::kUpdate, Image(3, "{}"), Image(1, "{whole}"))));
  EXPECT_EQ(written.size(), 1u);
}

TEST(RowEventsTest, TheOrderInWhichRowsAreFoundMakesNoDifference) {
  const RowChange one = Changed(RowAct::kDelete, Image(1, "{}"), "");
  const RowChange two = Changed(RowAct::kDelete, Image(2, "{}"), "");
  EXPECT_EQ(Difference({one, two}, {two, one}), "");
  EXPECT_EQ(Difference({one, one, two}, {one, two, one}), "");
  EXPECT_EQ(Difference({one, two}, {one}), "1 rows changed");
  EXPECT_EQ(Difference({one, two}, {two, two}), "another row of `s`.`t`");
}

TEST(RowEventsTest, RefusesRowsWithoutAllColumns) {
  RowEventReader reader;
  ASSERT_EQ(reader.Take(Format()), absl::OkStatus());
  const absl::Status status =
      reader.Take(RowsEvent(30, absl::StrCat(Bytes({0x01}), Bytes({0, 1, 0, 0, 0}))));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
}

TEST(RowEventsTest, RefusesEventsThatAreNotOfRows) {
  RowEventReader reader;
  ASSERT_EQ(reader.Take(Format()), absl::OkStatus());
  EXPECT_EQ(reader.Take(RowsEvent(2, "")).code(), absl::StatusCode::kUnimplemented);
}

TEST(RowEventsTest, RefusesTypesItDoesNotKnow) {
  std::string body = MapBody();
  body[body.find(Bytes({3, 15}))] = 20;  // an array of a functional index
  EXPECT_EQ(ParseTableMap(body).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(RowEventsTest, NoBytesWhateverBreakTheReader) {
  const std::vector<RowChange> changes = {Changed(RowAct::kUpdate, Image(1, "{}"), Image(2, "[]")),
                                          Changed(RowAct::kDelete, Image(2, "[]"), "")};
  std::string whole = Format();
  for (const std::string& event : WriteRowEvents(changes, Format(), 1)) {
    absl::StrAppend(&whole, event);
  }
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = whole.substr(0, random() % 4 == 0 ? random() % whole.size() : whole.size());
    for (int flips = static_cast<int>(random() % 4); flips > 0 && !bytes.empty(); --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    RowEventReader reader;
    if (!reader.Take(bytes).ok()) ++refused;
    for (const RowChange& change : reader.changes()) {
      if (const auto inverse = Inverse(change); inverse.ok()) {
        EXPECT_FALSE(WriteRowEvents({*inverse}, Format(), 100).empty());
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace weft::controller
