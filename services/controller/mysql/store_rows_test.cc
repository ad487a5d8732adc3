#include "services/controller/mysql/store_rows.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/error_details.h"
#include "common/mysql/result_set.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

mysql::ResultSet EventRow(const std::string& happened) {
  return mysql::ResultSet(
      {"sequence", "happened", "group_id", "server", "operation", "kind", "text"},
      {{"18446744073709551615", happened, "g", "", "", "change", "t"}});
}

TEST(StoreRowsTest, ReadsTheGreatestNumberAndMicroseconds) {
  const mysql::ResultSet rows = EventRow("2026-01-02 03:04:05.000006");
  const absl::StatusOr<Event> event = ReadEventRow(rows.front());
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->sequence, 18446744073709551615ull);
  EXPECT_EQ(TimeText(event->when), "2026-01-02 03:04:05.000006");
}

TEST(StoreRowsTest, NamesTheFieldThatMakesNoSense) {
  const mysql::ResultSet rows = EventRow("yesterday");
  const absl::Status status = ReadEventRow(rows.front()).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(ErrorReason(status), "STORE_CORRUPT");
}

TEST(StoreRowsTest, RefusesAServerWithAWordThatIsNoStatus) {
  const std::string text = std::string(R"({"uuid": ")") + kUuid +
                           R"(", "group": "g", "host": "h", "port": 1, "status": "KING",)"
                           R"( "mode": "OFFLINE", "weight": 1.0, "set_aside": "", "errant": ""})";
  EXPECT_TRUE(absl::IsDataLoss(ReadServerJson(text).status()));
  const std::string ruled = absl::StrReplaceAll(
      text, {{"KING", "SPARE"}, {"\"mode\"", "\"promotion_rule\": \"NEVER\", \"mode\""}});
  EXPECT_TRUE(absl::StrContains(ReadServerJson(ruled).status().message(), "promotion rule"));
  EXPECT_FALSE(ReadServerJson("not json").ok());
}

TEST(StoreRowsTest, WritesListsThatTheServerCanRead) {
  const ServerUuid uuid = *ServerUuid::Parse(kUuid);
  EXPECT_EQ(UuidsAsJson({}), "[]");
  EXPECT_EQ(UuidsAsJson({uuid}), std::string("[\"") + kUuid + "\"]");
  Server server;
  server.uuid = uuid;
  server.address = {"h\"1", 3306};
  server.set_aside = std::string("a\0b\n\xff", 5);
  server.promotion_rule = PromotionRule::kPreferNot;
  server.zone = "north";
  const std::string json = ServersAsJson({server});
  const absl::StatusOr<Server> read = ReadServerJson(json.substr(1, json.size() - 2));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->address, server.address);
  EXPECT_EQ(read->promotion_rule, server.promotion_rule);
  EXPECT_EQ(read->zone, server.zone);
  EXPECT_EQ(read->set_aside, std::string("a\0b\n\xEF\xBF\xBD", 7));
}

}  // namespace
}  // namespace weft::controller
