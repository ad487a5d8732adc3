#include "services/controller/backup_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/ports/inventory_rows.h"

namespace weft::controller {
namespace {

StoreImage Full() {
  StoreImage image;
  image.taken = absl::FromUnixMicros(1'700'000'000'123'456);
  image.incarnation = 2;
  image.lease.term = 18'000'000'000'000'000'000u;
  Group group;
  group.id = "g";
  group.description = "it's \"quoted\" \xC3\xA9";
  group.active = true;
  group.epoch = 7;
  group.primary = *ServerUuid::Parse("aaaaaaaa-0000-0000-0000-000000000000");
  group.acknowledgers = {4, {*ServerUuid::Parse("bbbbbbbb-0000-0000-0000-000000000000")}};
  group.watermark = *GtidSet::Parse("aaaaaaaa-0000-0000-0000-000000000000:1-9");
  group.history = {{7, group.primary, group.watermark, image.taken}};
  group.settings.failover_enabled = false;
  group.last_failover = {7, image.taken};
  group.revision = 99;
  Server server;
  server.uuid = group.primary;
  server.address = {"::1", 3306};
  server.group = "g";
  server.status = ServerStatus::kPrimary;
  server.mode = ServerMode::kReadWrite;
  server.weight = 0.25;
  server.promotion_rule = PromotionRule::kPrefer;
  server.zone = "north";
  group.servers = {server};
  image.groups = {group};
  Operation operation;
  operation.id = "op";
  operation.request_id = "r";
  operation.result = R"({"lost": 0})";
  operation.created = operation.updated = image.taken;
  image.operations = {operation};
  User user;
  user.name = "ann";
  user.roles = {"connector", "monitor"};
  user.revision = 3;
  image.users.version = 8;
  image.users.users = {{"ann", user}};
  image.failover = {false, "moving", "ann", image.taken};
  image.inventory["provider"] = {RowOf("provider", {{"id", "p"}, {"password", "sealed"}})};
  image.inventory["machine_snapshot"] = {RowOf("machine_snapshot", {{"name", "s"}})};
  return image;
}

TEST(BackupFileTest, WhatIsWrittenIsRead) {
  const absl::StatusOr<StoreImage> read = DecodeBackup(EncodeBackup(Full()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Full());
  const StoreImage empty{.taken = Full().taken,
                         .incarnation = 0,
                         .lease = {},
                         .groups = {},
                         .operations = {},
                         .users = {},
                         .failover = {},
                         .inventory = {}};
  EXPECT_EQ(*DecodeBackup(EncodeBackup(empty)), empty);
}

TEST(BackupFileTest, HoldsNoSecret) {
  StoreImage image = Full();
  image.users.key = "KEY";
  User& user = image.users.users["ann"];
  user.digest_ha1 = user.native_hash = user.verifier = "HASH";
  const std::string text = EncodeBackup(image);
  EXPECT_FALSE(absl::StrContains(text, "KEY"));
  EXPECT_FALSE(absl::StrContains(text, "HASH"));
  EXPECT_EQ(text, EncodeBackup(Full()));
}

TEST(BackupFileTest, OneThatWasCutOffOrChangedIsRefused) {
  const std::string text = EncodeBackup(Full());
  for (size_t length = 0; length < text.size() - 1; length += 7) {
    EXPECT_EQ(ErrorReason(DecodeBackup(text.substr(0, length)).status()), "BACKUP_CORRUPT");
  }
  EXPECT_EQ(ErrorReason(
                DecodeBackup(absl::StrReplaceAll(text, {{"\"epoch\":7", "\"epoch\":8"}})).status()),
            "BACKUP_CORRUPT");
  for (const char* other : {"", "\n", "{}", "{}\n", "<html>\n</html>\n"}) {
    EXPECT_EQ(ErrorReason(DecodeBackup(other).status()), "BACKUP_CORRUPT") << other;
  }
}

// One whose checksum fits, made by a program that is wrong, or by hand.
TEST(BackupFileTest, ValuesThatMakeNoSenseAreRefused) {
  StoreImage image;
  image.taken = Full().taken;
  Group group;
  group.id = "g";
  group.watermark = GtidSet();
  image.groups = {group, group};
  EXPECT_TRUE(DecodeBackup(EncodeBackup(image)).ok());
  image.inventory["mysql.user"] = {{{"name", "root"}}};
  EXPECT_EQ(ErrorReason(DecodeBackup(EncodeBackup(image)).status()), "BACKUP_CORRUPT");
  image.inventory.clear();
  image.taken = absl::InfinitePast();
  EXPECT_EQ(ErrorReason(DecodeBackup(EncodeBackup(image)).status()), "BACKUP_CORRUPT");
}

}  // namespace
}  // namespace weft::controller
