#include <gtest/gtest.h>

#include "services/cli/testing/read_proto.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

const View kView = {.style = {}, .now = absl::FromUnixSeconds(1767323100)};

TEST(OperationViewsTest, PutFiguresIntoWords) {
  const auto operation = Read<v1::Operation>(R"pb(
    name: "operations/6d3c"
    kind: "promote"
    group: "groups/g1"
    state: SUCCEEDED
    progress: 1
    result_json: "{\"write_stop_ms\":43.7,\"failover\":false,\"lost_transactions\":0,\"old_primary\":\"a:1\",\"x\":null}"
    create_time { seconds: 1767323095 }
  )pb");
  EXPECT_EQ(ResultPhrase(operation), "write stop 44 ms, lost transactions 0, old primary a:1");
  EXPECT_EQ(OperationText(operation, kView),
            "operation:  6d3c\n"
            "kind:       promote\n"
            "group:      g1\n"
            "state:      succeeded\n"
            "done:       100%\n"
            "result:     write stop 44 ms, lost transactions 0, old primary a:1\n"
            "began:      5.0s ago\n");
  EXPECT_EQ(OperationsTable({operation}, kView),
            "OPERATION  KIND     GROUP  STATE      DONE  PHASE  BEGAN\n"
            "6d3c       promote  g1     succeeded  100%  -      5.0s ago\n");
}

TEST(OperationViewsTest, NameTheServersThatCameAndWent) {
  v1::Operation operation;
  operation.set_result_json(
      R"({"added":[{"address":"a:1","machine":"m"},{"address":"a:2"}],"removed":[],"seconds":11.2})");
  EXPECT_EQ(ResultPhrase(operation), "added a:1 a:2, took 11s");
  operation.set_result_json(R"({"removed":[{"address":"a:3"}],"list":[1,"x"],"seconds":130})");
  EXPECT_EQ(ResultPhrase(operation), "removed a:3, took 2m10s");
  operation.set_state(v1::Operation::RUNNING);
  EXPECT_EQ(ResultPhrase(operation), "");
}

TEST(EventsTableTest, ShowsTimesInUtc) {
  const auto event = Read<v1::Event>(R"pb(
    time { seconds: 1767323045 nanos: 678000000 }
    group: "groups/g1"
    kind: "decision"
    text: "dead"
  )pb");
  EXPECT_EQ(EventsTable({event}, kView),
            "TIME                      GROUP  KIND      TEXT\n"
            "2026-01-02T03:04:05.678Z  g1     decision  dead\n");
}

}  // namespace
}  // namespace weft::cli
