#include "services/cli/fabric/tables.h"

#include <limits>

#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Struct;
using fabric::Value;

Value Text(const char* text) { return Value{std::string(text)}; }
Value Number(int64_t number) { return Value{number}; }

Result Answered(std::vector<ResultSet> sets, std::string error = "") {
  return {fabric::kFabricUuid, 1, {.error = std::move(error), .sets = std::move(sets)}};
}

ResultSet Set(const std::vector<const char*>& names, std::vector<List> rows) {
  ResultSet set;
  for (const char* name : names) set.columns.push_back({.name = name});
  set.rows = std::move(rows);
  return set;
}

List StatusRow(int state, double when, const char* description) {
  return {Number(state), Number(2), Value{when}, Text(description)};
}

// The expected texts are what the original printed, to the letter.

TEST(TablesTest, AnAnswerWithoutResultsIsItsHeader) {
  EXPECT_EQ(RenderTables(Answered({})),
            "Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e\nTime-To-Live: 1\n\n\n");
}

TEST(TablesTest, AnErrorFollowsTheHeader) {
  EXPECT_EQ(RenderTables(Answered({}, "GroupError: Group (G1) already exists.")),
            R"(Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e
Time-To-Live: 1

GroupError: Group (G1) already exists.

)");
}

TEST(TablesTest, AProcedureHasTwoTablesWithTimesOfTwelveDigits) {
  const ResultSet done =
      Set({"uuid", "finished", "success", "result"},
          {{Text("eaac42d3-2060-4294-bd11-6cf4a03893d9"), Value{true}, Value{true}, Value{true}}});
  const ResultSet states =
      Set({"state", "success", "when", "description"},
          {StatusRow(3, 1795240034.562381,
                     "Triggered by <mysql.fabric.events.Event object at 0x7fde2d719250>."),
           StatusRow(4, 1795240037.2, "Executing action (_create_group)."),
           StatusRow(5, 1795240034.56, "Executed action (_create_group).")});
  EXPECT_EQ(RenderTables(Answered({done, states})),
            R"(Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e
Time-To-Live: 1

                                uuid finished success result
------------------------------------ -------- ------- ------
eaac42d3-2060-4294-bd11-6cf4a03893d9        1       1      1

state success          when                                                        description
----- ------- ------------- ------------------------------------------------------------------
    3       2 1795240034.56 Triggered by <mysql.fabric.events.Event object at 0x7fde2d719250>.
    4       2  1795240037.2                                  Executing action (_create_group).
    5       2 1795240034.56                                   Executed action (_create_group).


)");
}

TEST(TablesTest, ColumnsAreAsWideAsTheirWidestValueAndStandToTheRight) {
  const ResultSet servers =
      Set({"server_uuid", "address", "status", "mode", "weight"},
          {{Text("0500be11-4aec-4cb9-a505-ccd0ff0384ce"), Text("127.0.0.1:35603"),
            Text("SECONDARY"), Text("READ_ONLY"), Value{1.0}},
           {Text("3342bde1-d529-4066-b833-71043a06e439"), Text("127.0.0.1:35602"),
            Text("SECONDARY"), Text("READ_ONLY"), Value{0.5}},
           {Text("a9b52ed6-17e0-4a66-9285-c6c8bdae1973"), Text("127.0.0.1:35601"), Text("PRIMARY"),
            Text("READ_WRITE"), Value{1.0}}});
  EXPECT_EQ(RenderTables(Answered({servers})),
            R"(Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e
Time-To-Live: 1

                         server_uuid         address    status       mode weight
------------------------------------ --------------- --------- ---------- ------
0500be11-4aec-4cb9-a505-ccd0ff0384ce 127.0.0.1:35603 SECONDARY  READ_ONLY    1.0
3342bde1-d529-4066-b833-71043a06e439 127.0.0.1:35602 SECONDARY  READ_ONLY    0.5
a9b52ed6-17e0-4a66-9285-c6c8bdae1973 127.0.0.1:35601   PRIMARY READ_WRITE    1.0


)");
}

TEST(TablesTest, ATableWithoutRowsKeepsItsHeading) {
  EXPECT_EQ(RenderTables(Answered({Set({"uuid"}, {})})),
            R"(Fabric UUID:  5ca1ab1e-a007-feed-f00d-cab3fe13249e
Time-To-Live: 1

uuid
----


)");
}

TEST(TablesTest, WritesMachinesAsPythonWroteAListOfDictionaries) {
  const Struct machine = {{"av_zone", Text("av_zone:host")},
                          {"provider_id", Text("it's")},
                          {"up", Value{true}},
                          {"count", Number(2)},
                          {"none", Value{}}};
  EXPECT_EQ(ShowValue(Value{List{Value{machine}}}),
            R"([{'av_zone': 'av_zone:host', 'provider_id': 'it\'s', 'up': True, 'count': 2, )"
            R"('none': None}])");
}

TEST(TablesTest, WritesFloatsAsPythonTwoDid) {
  EXPECT_EQ(ShowValue(Value{1.0}), "1.0");
  EXPECT_EQ(ShowValue(Value{0.0}), "0.0");
  EXPECT_EQ(ShowValue(Value{-2.0}), "-2.0");
  EXPECT_EQ(ShowValue(Value{0.1}), "0.1");
  EXPECT_EQ(ShowValue(Value{1e16}), "1e+16");
  EXPECT_EQ(ShowValue(Value{1.0 / 3}), "0.333333333333");
  EXPECT_EQ(ShowValue(Value{std::numeric_limits<double>::infinity()}), "inf");
}

TEST(TablesTest, MeasuresLettersAndNotBytesAndLetsNothingSteerTheTerminal) {
  const ResultSet set = Set({"d"}, {{Text("größe")}, {Text("\x1b[2Jx\n")}});
  EXPECT_EQ(RenderTables({"", 0, {.error = "", .sets = {set}}}),
            "Fabric UUID:  \nTime-To-Live: 0\n\n"
            "     d\n"
            "------\n"
            " größe\n"
            "?[2Jx \n\n\n");
}

TEST(TablesTest, ARowOfAnotherLengthThanItsHeadingIsCutOrFilled) {
  const ResultSet set = Set({"a", "b"}, {{Number(1)}, {Number(1), Number(2), Number(3)}});
  EXPECT_EQ(RenderTables({"", 0, {.error = "", .sets = {set}}}),
            "Fabric UUID:  \nTime-To-Live: 0\n\na b\n- -\n1  \n1 2\n\n\n");
}

TEST(TablesTest, WritesJsonInTheFormOfMysqlRpc) {
  const ResultSet groups = Set({"group_id", "description", "failure_detector", "master_uuid"},
                               {{Text("G1"), Text("None"), Value{false}, Text("a\"b")}});
  EXPECT_EQ(RenderJson(Answered({groups, Set({"issue"}, {})})),
            R"([[{"fabric_uuid":"5ca1ab1e-a007-feed-f00d-cab3fe13249e","ttl":1,"message":null}],)"
            R"([{"group_id":"G1","description":null,"failure_detector":false,)"
            R"("master_uuid":"a\"b"}],[]])"
            "\n");
  EXPECT_EQ(RenderJson(Answered({}, "Group (x) does not exist.")),
            R"([[{"fabric_uuid":"5ca1ab1e-a007-feed-f00d-cab3fe13249e","ttl":1,)"
            R"("message":"Group (x) does not exist."}]])"
            "\n");
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
