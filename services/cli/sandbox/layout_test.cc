#include "services/cli/sandbox/layout.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace weft::cli::sandbox {
namespace {

Layout Example() {
  Layout layout;
  layout.dir = "/tmp/sandbox";
  layout.store = {"127.0.0.1:20001",
                  "weft_store",
                  "/tmp/sandbox/secrets/store",
                  11,
                  {{"store", "127.0.0.1:20001", 11}}};
  layout.groups = {
      {"g1",
       {{"127.0.0.1:20002", "11111111-2222-3333-4444-555555555555", 12, "/tmp/sandbox/s1.sock"},
        {"127.0.0.1:20003", "11111111-2222-3333-4444-666666666666", 0, "/tmp/sandbox/s2.sock"}}}};
  layout.added = {
      {"127.0.0.1:20004", "11111111-2222-3333-4444-777777777777", 13, "/tmp/sandbox/s3.sock"}};
  layout.controller = "127.0.0.1:20010";
  layout.controllers = {"127.0.0.1:20010", "127.0.0.1:20012"};
  layout.metrics = {{"weft-controller", "http://127.0.0.1:20011/metrics"}};
  layout.admin = {"admin", "/tmp/sandbox/secrets/admin"};
  layout.app = {"app", "/tmp/sandbox/secrets/app", "app"};
  layout.monitor_account = {"weft_monitor", "/tmp/sandbox/secrets/monitor"};
  return layout;
}

TEST(LayoutTest, IsWrittenAsDocumented) {
  EXPECT_EQ(
      ToJson(Example()),
      R"({"dir":"/tmp/sandbox",)"
      R"("store":{"address":"127.0.0.1:20001","user":"weft_store",)"
      R"("password_file":"/tmp/sandbox/secrets/store","pid":11,)"
      R"("members":[{"name":"store","address":"127.0.0.1:20001","pid":11}]},)"
      R"("groups":[{"id":"g1","servers":[)"
      R"({"address":"127.0.0.1:20002","uuid":"11111111-2222-3333-4444-555555555555","pid":12,)"
      R"("socket":"/tmp/sandbox/s1.sock"},)"
      R"({"address":"127.0.0.1:20003","uuid":"11111111-2222-3333-4444-666666666666","pid":null,)"
      R"("socket":"/tmp/sandbox/s2.sock"}]}],)"
      R"("added":[{"address":"127.0.0.1:20004","uuid":"11111111-2222-3333-4444-777777777777",)"
      R"("pid":13,"socket":"/tmp/sandbox/s3.sock"}],)"
      R"("controller":"127.0.0.1:20010","monitor":null,"provisioner":null,"gateway":null,)"
      R"("controllers":["127.0.0.1:20010","127.0.0.1:20012"],"monitors":[],"provisioners":[],"gateways":[],)"
      R"("metrics":{"weft-controller":"http://127.0.0.1:20011/metrics"},)"
      R"("admin":{"user":"admin","password_file":"/tmp/sandbox/secrets/admin"},)"
      R"("app":{"user":"app","password_file":"/tmp/sandbox/secrets/app","database":"app"},)"
      R"("monitor_account":{"user":"weft_monitor","password_file":"/tmp/sandbox/secrets/monitor"}})");
}

TEST(LayoutTest, IsReadBackWhole) {
  Layout layout = Example();
  layout.gateways = {{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}};
  layout.gateway = layout.gateways.front();
  const absl::StatusOr<Layout> back = FromJson(ToJson(layout));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ToJson(*back), ToJson(layout));
  EXPECT_EQ(back->groups[0].servers[1].pid, 0);
  EXPECT_EQ(back->monitor, std::nullopt);
  EXPECT_EQ(back->gateway, layout.gateway);
}

TEST(LayoutTest, ARecordFromBeforeThereWereSeveralControllersHasItsOne) {
  nlohmann::json json = nlohmann::json::parse(ToJson(Example()));
  json.erase("controllers");
  json.erase("monitors");
  const absl::StatusOr<Layout> back = FromJson(json.dump());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->controllers, std::vector<std::string>{"127.0.0.1:20010"});
  EXPECT_TRUE(back->monitors.empty());
}

TEST(LayoutTest, ARecordFromBeforeServersCouldBeAddedHasNone) {
  nlohmann::json json = nlohmann::json::parse(ToJson(Example()));
  json.erase("added");
  const absl::StatusOr<Layout> back = FromJson(json.dump());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->added.empty());
}

TEST(LayoutTest, FieldsOfALaterVersionArePassedOver) {
  nlohmann::json json = nlohmann::json::parse(ToJson(Example()));
  json["later"] = {{"x", 1}};
  EXPECT_TRUE(FromJson(json.dump()).ok());
}

TEST(LayoutTest, SomethingElseIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"dir":7})"}) {
    EXPECT_TRUE(absl::IsDataLoss(FromJson(text).status())) << text;
  }
}

TEST(LayoutTest, AFolderWithABrokenNameStillGivesJson) {
  Layout layout = Example();
  layout.dir = "/tmp/\xff\"quoted\"\n";
  EXPECT_FALSE(nlohmann::json::parse(ToJson(layout), nullptr, false).is_discarded());
}

TEST(LayoutTest, AMissingPasswordFileIsNamed) {
  const auto password = ReadPasswordFile("/nonexistent/password");
  EXPECT_TRUE(absl::StrContains(password.status().message(), "/nonexistent/password"));
}

}  // namespace
}  // namespace weft::cli::sandbox
