#include "services/cli/json.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"
#include "protos/weft/v1/errors.pb.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/node.pb.h"
#include "protos/weft/v1/operations.pb.h"

namespace weft::cli {
namespace {

TEST(ToJsonTest, WritesEveryFieldByItsOwnNameInOrder) {
  v1::PlannedPhase phase;
  EXPECT_EQ(ToJson(phase), R"({"phase":"","steps":[]})");
  phase.set_phase("catch up");
  phase.add_steps("wait for \"b\"");
  EXPECT_EQ(ToJson(phase), R"({"phase":"catch up","steps":["wait for \"b\""]})");
}

TEST(ToJsonTest, NumbersAreNumbersEvenWhenLong) {
  v1::NodeStatus node;
  node.set_term(18446744073709551615u);
  node.mutable_uptime()->set_seconds(2);
  node.mutable_uptime()->set_nanos(300'000'000);
  const std::string json = ToJson(node);
  EXPECT_NE(json.find(R"("term":18446744073709551615)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("uptime":2.3,)"), std::string::npos) << json;
}

TEST(ToJsonTest, EnumsAreNamesAndAbsentMessagesNull) {
  v1::Server server;
  server.set_status(v1::PRIMARY);
  server.set_mode(v1::READ_WRITE);
  server.set_weight(0.5);
  const std::string json = ToJson(server);
  EXPECT_NE(json.find(R"("status":"PRIMARY","mode":"READ_WRITE","weight":0.5)"), std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("health":null)"), std::string::npos) << json;
}

TEST(ToJsonTest, TimesAreRfc3339AndResultsObjects) {
  v1::Operation operation;
  operation.set_result_json(R"({"write_stop_ms":43,"lost_transactions":"unknown"})");
  operation.mutable_create_time()->set_seconds(1767323045);
  operation.mutable_create_time()->set_nanos(678901000);
  const std::string json = ToJson(operation);
  EXPECT_NE(json.find(R"("result":{"write_stop_ms":43,"lost_transactions":"unknown"})"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("create_time":"2026-01-02T03:04:05.678901Z")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("update_time":null)"), std::string::npos) << json;
}

TEST(ToJsonTest, AMalformedResultIsNullAndBrokenTextIsReplaced) {
  v1::Operation operation;
  operation.set_result_json("{");
  operation.set_phase("\xff");
  const std::string json = ToJson(operation);
  EXPECT_NE(json.find(R"("result":null)"), std::string::npos) << json;
  EXPECT_NE(json.find("\"phase\":\"\xEF\xBF\xBD\""), std::string::npos) << json;
}

TEST(ToJsonTest, MapsAreObjectsInTheOrderOfTheirKeys) {
  v1::ErrorDetail detail;
  (*detail.mutable_metadata())["b"] = "2";
  (*detail.mutable_metadata())["a"] = "1";
  EXPECT_NE(ToJson(detail).find(R"("metadata":{"a":"1","b":"2"})"), std::string::npos);
}

TEST(ToJsonTest, LeavesOutWhatIsAskedFor) {
  v1::ListOperationsResponse response;
  EXPECT_EQ(ToJson(response, {"next_page_token"}), R"({"operations":[]})");
}

TEST(ErrorToJsonTest, HasAlwaysTheSameFields) {
  EXPECT_EQ(ErrorToJson(absl::NotFoundError("no group g9")),
            R"({"error":{"code":"NOT_FOUND","reason":"","message":"no group g9","expected":"",)"
            R"("found":"","next_step":"","metadata":{}}})");
  absl::Status status = Refusal(absl::StatusCode::kAborted, "EPOCH_MOVED", "the epoch moved",
                                "epoch 3", "epoch 4", "look again");
  AddErrorMetadata(status, "group", "g1");
  EXPECT_EQ(ErrorToJson(status),
            R"({"error":{"code":"ABORTED","reason":"EPOCH_MOVED","message":"the epoch moved",)"
            R"("expected":"epoch 3","found":"epoch 4","next_step":"look again",)"
            R"("metadata":{"group":"g1"}}})");
}

TEST(JsonToYamlTest, KeepsOrderAndTypes) {
  EXPECT_EQ(JsonToYaml(R"({"name":"g1","epoch":3,"active":true,"primary":null,"servers":[]})"),
            "name: g1\nepoch: 3\nactive: true\nprimary: null\nservers: []\n");
  EXPECT_EQ(JsonToYaml(R"({"servers":[{"a":1,"b":2},{"a":3,"b":4}]})"),
            "servers:\n  - a: 1\n    b: 2\n  - a: 3\n    b: 4\n");
}

TEST(JsonToYamlTest, QuotesTextThatYamlWouldReadAsSomethingElse) {
  EXPECT_EQ(JsonToYaml(R"(["yes","12","1e3","","null","a: b","127.0.0.1:3306","2026-01-02"])"),
            "- \"yes\"\n- \"12\"\n- \"1e3\"\n- \"\"\n- \"null\"\n- \"a: b\"\n- "
            "\"127.0.0.1:3306\"\n- \"2026-01-02\"\n");
  EXPECT_EQ(JsonToYaml(R"(["READ_WRITE","groups/g1","two words"])"),
            "- READ_WRITE\n- groups/g1\n- \"two words\"\n");
}

}  // namespace
}  // namespace weft::cli
