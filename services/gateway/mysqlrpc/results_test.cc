#include "services/gateway/mysqlrpc/results.h"

#include <gtest/gtest.h>

#include "services/gateway/mysqlrpc/replies.h"
#include "services/gateway/mysqlrpc/testing/client.h"
#include "services/gateway/mysqlrpc/text_form.h"

namespace weft::gateway::mysqlrpc {
namespace {

using fabric::Answer;
using fabric::Nil;
using fabric::Type;
using fabric::Value;

std::vector<std::string> PayloadsOf(const Answer& answer, Format format = Format::kRows) {
  PacketWriter out(1);
  AppendAnswer(answer, 7, "dump_servers", format, out);
  return testing::Payloads(out.Take());
}

const std::string kEof("\xfe\0\0\0\0", 5);
const std::string kEofMore("\xfe\0\0\x08\0", 5);

TEST(ResultsTest, APayloadIsFabricsToTheByte) {
  EXPECT_EQ(OkPayload("MySQL Fabric"), std::string("\0\0\0\0\0\0\0MySQL Fabric", 19));
  EXPECT_EQ(ErrorPayload({1106, "HY000", "Unknown Fabric command"}),
            "\xff\x52\x04#HY000[Fabric] Unknown Fabric command");
  std::string column;
  AppendColumn(column, "ttl", ColumnType::kLongLong, "dump_servers");
  EXPECT_EQ(column, std::string("\x06"
                                "fabric"
                                "\x06"
                                "fabric"
                                "\x0c"
                                "dump_servers"
                                "\x0c"
                                "dump_servers"
                                "\x03"
                                "ttl"
                                "\x03"
                                "ttl"
                                "\x0c"
                                "\x21\0"
                                "\0\x04\0\0"
                                "\x08"
                                "\x01\0"
                                "\0"
                                "\0\0",
                                61));
}

TEST(ResultsTest, AnErrorsTextIsCutToWhatClientsTake) {
  const std::string payload = ErrorPayload({1044, "42000", std::string(5000, 'x')});
  EXPECT_EQ(payload.size(), 9u + 511u);
}

TEST(ResultsTest, EveryAnswerBeginsWithItsInformation) {
  const std::vector<std::string> payloads = PayloadsOf({});
  ASSERT_EQ(payloads.size(), 7u);
  EXPECT_EQ(payloads[0], "\x03");
  EXPECT_EQ(payloads[4], kEof);
  EXPECT_EQ(testing::RowFields(payloads[5]),
            (std::vector<std::string>{fabric::kFabricUuid, "7", "NULL"}));
  EXPECT_EQ(payloads[6], kEof);
}

TEST(ResultsTest, AnErrorIsSentAloneEvenWithSets) {
  const std::vector<std::string> payloads =
      PayloadsOf({"GroupError: no", {{.columns = {{"a"}}, .rows = {{{std::string("b")}}}}}});
  ASSERT_EQ(payloads.size(), 7u);
  EXPECT_EQ(testing::RowFields(payloads[5])[2], "GroupError: no");
  EXPECT_EQ(payloads[6], kEof);
}

TEST(ResultsTest, AllSetsButTheLastSayThatMoreFollow) {
  const fabric::ResultSet set{.columns = {{"a"}}, .rows = {}};
  const std::vector<std::string> payloads = PayloadsOf({"", {set, set}});
  ASSERT_EQ(payloads.size(), 7u + 4u + 4u);
  EXPECT_EQ(payloads[6], kEofMore);
  EXPECT_EQ(payloads[7 + 2], kEof);
  EXPECT_EQ(payloads[7 + 3], kEofMore);
  EXPECT_EQ(payloads.back(), kEof);
}

TEST(ResultsTest, ColumnsHaveTheTypesOfTheirValues) {
  EXPECT_EQ(static_cast<int>(ColumnTypeOf(Type::kString)), 253);
  EXPECT_EQ(static_cast<int>(ColumnTypeOf(Type::kInteger)), 8);
  EXPECT_EQ(static_cast<int>(ColumnTypeOf(Type::kFloat)), 246);
  EXPECT_EQ(static_cast<int>(ColumnTypeOf(Type::kBoolean)), 1);
  EXPECT_EQ(static_cast<int>(ColumnTypeOf(Type::kList)), 253);
}

TEST(ResultsTest, ValuesAreText) {
  const fabric::ResultSet set{.columns = {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}},
                              .rows = {{{std::string("g\xc3\xa9")},
                                        {int64_t{-3}},
                                        {1.0},
                                        {true},
                                        {false},
                                        {Nil{}},
                                        {std::string("None")}}}};
  const std::vector<std::string> payloads = PayloadsOf({"", {set}});
  EXPECT_EQ(testing::RowFields(payloads[7 + 9]),
            (std::vector<std::string>{"g\xc3\xa9", "-3", "1.0", "1", "0", "NULL", "NULL"}));
}

TEST(ResultsTest, FloatsLookAsPythonPrintsThem) {
  EXPECT_EQ(FloatText(0.5), "0.5");
  EXPECT_EQ(FloatText(0), "0.0");
  EXPECT_EQ(FloatText(-2), "-2.0");
  EXPECT_EQ(FloatText(1416233592.123456), "1416233592.12");
  EXPECT_EQ(FloatText(1e16), "1e+16");
}

TEST(ResultsTest, ListsTravelAsJson) {
  const Value machines{fabric::List{{fabric::Struct{{"uuid", {std::string("u")}}}}}};
  EXPECT_EQ(FieldText(machines), R"([{"uuid":"u"}])");
}

TEST(ResultsTest, JsonIsOneFieldForAllSets) {
  const fabric::ResultSet set{
      .columns = {{"host"}, {"port", Type::kInteger}, {"none"}},
      .rows = {{{std::string("h\xc3\xa9")}, {int64_t{3306}}, {std::string("None")}}}};
  const std::vector<std::string> payloads = PayloadsOf({"", {set}}, Format::kJson);
  ASSERT_EQ(payloads.size(), 5u);
  EXPECT_EQ(payloads[0], "\x01");
  EXPECT_NE(payloads[1].find("json"), std::string::npos);
  EXPECT_EQ(payloads[1][payloads[1].size() - 6], '\xfc');
  EXPECT_EQ(payloads[2], kEof);
  EXPECT_EQ(testing::RowFields(payloads[3])[0],
            R"([[{"fabric_uuid":"5ca1ab1e-a007-feed-f00d-cab3fe13249e","ttl":7,"message":null}],)"
            R"([{"host":"h\u00e9","port":3306,"none":null}]])");
  EXPECT_EQ(payloads[4], kEof);
}

TEST(ResultsTest, JsonOfBytesThatAreNoTextIsStillJson) {
  EXPECT_EQ(JsonText({{.columns = {{"a"}}, .rows = {{{std::string("\xff")}}}}}),
            R"([[{"a":"\ufffd"}]])");
}

TEST(ResultsTest, AnAnswerOf300PacketsWrapsItsSequence) {
  fabric::ResultSet set{.columns = {{"a"}}};
  for (int i = 0; i < 300; ++i) set.rows.push_back({{std::string("x")}});
  PacketWriter out(1);
  AppendAnswer({"", {set}}, 1, "t", Format::kRows, out);
  std::vector<int> sequences;
  testing::Payloads(out.Take(), &sequences);
  for (size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_EQ(sequences[i], static_cast<int>((i + 1) % 256));
  }
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
