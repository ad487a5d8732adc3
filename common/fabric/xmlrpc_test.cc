#include "common/fabric/xmlrpc.h"

#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/fabric/testing/xmlrpc_texts.h"
#include "gtest/gtest.h"

namespace weft::fabric::xmlrpc {
namespace {

Value Text(absl::string_view text) { return {std::string(text)}; }
Value Number(int64_t number) { return {number}; }

std::string Times(int count, absl::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) absl::StrAppend(&all, text);
  return all;
}

// A call of `m` with one argument of these bytes.
std::string CallWith(absl::string_view value) {
  return absl::StrCat("<methodCall><methodName>m</methodName><params><param>", value,
                      "</param></params></methodCall>");
}

Value ParsedArgument(absl::string_view value) {
  const auto call = ParseRequest(CallWith(value));
  EXPECT_TRUE(call.ok()) << call.status();
  if (!call.ok() || call->arguments.size() != 1) return Text("not parsed");
  return call->arguments[0];
}

std::string Written(const Value& value) {
  const auto text = WriteValue(value);
  EXPECT_TRUE(text.ok()) << text.status();
  const std::string head = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
  const std::string tail = "</param>\n</params>\n</methodResponse>\n";
  return text->substr(head.size(), text->size() - head.size() - tail.size());
}

// What is read from what the original wrote is written as the same bytes.
void ExpectSameBytes(absl::string_view answer) {
  const auto read = ParseAnswer(answer);
  ASSERT_TRUE(read.ok()) << read.status();
  if (const auto* fault = std::get_if<Fault>(&*read)) {
    EXPECT_EQ(WriteFault(*fault), answer);
    return;
  }
  const auto& envelope = std::get<Envelope>(*read);
  EXPECT_EQ(envelope.fabric_uuid, kFabricUuid);
  const auto written = WriteAnswer(envelope.answer, static_cast<int>(envelope.ttl));
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, answer);
}

TEST(XmlrpcTest, AnswersAPingInTheOriginals341Bytes) {
  const auto written = WriteAnswer({}, 1);
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->size(), 341u);
  EXPECT_EQ(*written, kPingAnswer);
}

TEST(XmlrpcTest, FaultsTheProbeOfConnectorPythonInTheOriginalsBytes) {
  EXPECT_EQ(WriteFault({1,
                        "<type 'exceptions.Exception'>:method \"_some_nonexisting_method\" is "
                        "not supported"}),
            kProbeAnswer);
}

TEST(XmlrpcTest, WritesWhatTheOriginalWroteByteForByte) {
  ExpectSameBytes(kPingAnswer);
  ExpectSameBytes(kProbeAnswer);
  ExpectSameBytes(kDumpServersAnswer);
  ExpectSameBytes(kUnknownGroupAnswer);
  ExpectSameBytes(kGroupCreateAnswer);
  ExpectSameBytes(kLookupServersAnswer);
}

TEST(XmlrpcTest, WritesRequestsAsTheOriginalCommandLine) {
  for (const absl::string_view text : {kPingRequest, kDumpServersRequest, kUnknownGroupRequest,
                                       kGroupCreateRequest, kProbeRequest, kLookupServersRequest}) {
    const auto call = ParseRequest(text);
    ASSERT_TRUE(call.ok()) << call.status();
    EXPECT_EQ(WriteRequest(*call).value_or("not written"), text);
  }
}

TEST(XmlrpcTest, ReadsTheArgumentsOfACall) {
  const auto call = ParseRequest(kLookupServersRequest);
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(*call, (Call{"group.lookup_servers", {Text("G1"), {}, {}, {}}, {}}));
}

TEST(XmlrpcTest, ReadsEveryTypeOfValue) {
  EXPECT_EQ(ParsedArgument("<value><nil/></value>"), Value{});
  EXPECT_EQ(ParsedArgument("<value><int>7</int></value>"), Number(7));
  EXPECT_EQ(ParsedArgument("<value><i4>-7</i4></value>"), Number(-7));
  EXPECT_EQ(ParsedArgument("<value> <int> +7 </int> </value>"), Number(7));
  EXPECT_EQ(ParsedArgument("<value><boolean>1</boolean></value>"), Value{true});
  EXPECT_EQ(ParsedArgument("<value><boolean>0</boolean></value>"), Value{false});
  EXPECT_EQ(ParsedArgument("<value><double>0.5</double></value>"), Value{0.5});
  EXPECT_EQ(ParsedArgument("<value><string>a &lt;&#98;&gt;</string></value>"), Text("a <b>"));
  EXPECT_EQ(ParsedArgument("<value><string/></value>"), Text(""));
  EXPECT_EQ(ParsedArgument("<value> bare text </value>"), Text(" bare text "));
  EXPECT_EQ(ParsedArgument("<value/>"), Text(""));
  EXPECT_EQ(ParsedArgument("<value><dateTime.iso8601>20150803T01:00:00</dateTime.iso8601></value>"),
            Text("20150803T01:00:00"));
  EXPECT_EQ(ParsedArgument("<value><string><![CDATA[<a>]]></string></value>"), Text("<a>"));
}

TEST(XmlrpcTest, ReadsListsAndStructsInOneAnother) {
  EXPECT_EQ(ParsedArgument("<value><array><data>\n <value><int>1</int></value> "
                           "<value>b</value></data></array></value>"),
            (Value{List{Number(1), Text("b")}}));
  EXPECT_EQ(ParsedArgument("<value><array></array></value>"), Value{List{}});
  EXPECT_EQ(ParsedArgument("<value><struct><member><value><array><data/></array></value>"
                           "<name>x</name></member></struct></value>"),
            (Value{Struct{{"x", Value{List{}}}}}));
}

TEST(XmlrpcTest, ReadsBackWhatItWrote) {
  const Call call{"a.b",
                  {Value{},
                   {true},
                   Number(-2147483648),
                   {1438600000.11},
                   Text("<&>\"'\r\n\t \xC3\xA4 \xF0\x9F\x98\x80"),
                   {List{{List{}}, {Struct{{"k", Number(1)}, {"", Text("")}}}}}},
                  {}};
  const auto text = WriteRequest(call);
  ASSERT_TRUE(text.ok());
  const auto read = ParseRequest(*text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, call);
}

TEST(XmlrpcTest, WritesDoublesAsPythonDoes) {
  const auto text = [](double number) {
    const std::string all = Written({number});
    const std::string head = "<value><double>", tail = "</double></value>\n";
    return all.substr(head.size(), all.size() - head.size() - tail.size());
  };
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(0), "0.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1438600000.11), "1438600000.11");
  EXPECT_EQ(text(1e15), "1000000000000000.0");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(1.5e300), "1.5e+300");
  EXPECT_EQ(text(0.0001), "0.0001");
  EXPECT_EQ(text(0.00001), "1e-05");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(text(std::nan("")), "nan");
}

TEST(XmlrpcTest, WritesNoneForAMissingString) {
  Answer answer{"", {{{{"a", Type::kString}, {"b", Type::kInteger}}, {{Value{}, Value{}}}}}};
  const std::string text = WriteAnswer(answer, 1).value_or("");
  EXPECT_TRUE(
      absl::StrContains(text, "<value><string>None</string></value>\n<value><nil/></value>"))
      << text;
}

TEST(XmlrpcTest, RefusesIntegersBeyond32Bits) {
  EXPECT_TRUE(WriteValue(Number(2147483647)).ok());
  EXPECT_TRUE(WriteValue(Number(-2147483648)).ok());
  for (const int64_t number : {int64_t{2147483648}, int64_t{-2147483649}}) {
    const Answer answer{"", {{{{"a", Type::kInteger}}, {{Number(number)}}}}};
    EXPECT_EQ(WriteAnswer(answer, 1).status(), absl::OutOfRangeError("int exceeds XML-RPC limits"));
    EXPECT_EQ(WriteRequest({"m", {Number(number)}, {}}).status().code(),
              absl::StatusCode::kOutOfRange);
  }
  EXPECT_TRUE(absl::StrContains(WriteFault({int64_t{1} << 40, ""}), "<int>1</int>"));
}

TEST(XmlrpcTest, WritesAQuestionMarkForWhatXmlCannotHold) {
  const auto text = [](absl::string_view given) {
    const auto read = ParseValue(*WriteValue(Text(given)));
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? std::get<std::string>(std::get<Value>(*read).data) : "unreadable";
  };
  EXPECT_EQ(text(absl::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(text("\x1b[0m\tx"), "?[0m\tx");
  EXPECT_EQ(text("\xFF\xC3"), "??");
  EXPECT_EQ(text("\xC0\x80"), "??");
  EXPECT_EQ(text("\xED\xA0\x80"), "???");
  EXPECT_EQ(text("\xF4\x90\x80\x80"), "????");
  EXPECT_EQ(text("\xEF\xBF\xBF"), "???");
  EXPECT_EQ(text("\xC3\xA4\xE2\x82\xAC"), "\xC3\xA4\xE2\x82\xAC");
}

TEST(XmlrpcTest, RefusesWhatIsNoCall) {
  for (const absl::string_view text : {
           "",
           " ",
           "x",
           "<",
           "<methodCall>",
           "<methodCall/>",
           "<html/>",
           "<methodCall></methodCall><methodCall></methodCall>",
           "<methodCall><params/></methodCall>",
           "<methodCall><methodName></methodName></methodCall>",
           "<methodCall><methodName>a</methodName><methodName>b</methodName></methodCall>",
           "<methodCall><methodName><b/>a</methodName></methodCall>",
           "<params/>",
           "<value><int>1</int></value>",
       }) {
    EXPECT_EQ(ParseRequest(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ParseRequest(kPingAnswer).ok());
  EXPECT_FALSE(ParseAnswer(kPingRequest).ok());
}

TEST(XmlrpcTest, RefusesMalformedValues) {
  for (const absl::string_view value : {
           "",
           "<value><int></int></value>",
           "<value><int>1x</int></value>",
           "<value><int>99999999999999999999</int></value>",
           "<value><boolean>2</boolean></value>",
           "<value><double>one</double></value>",
           "<value><base64>AAAA</base64></value>",
           "<value><value/></value>",
           "<value><int>1</int><int>2</int></value>",
           "<value><int><b/></int></value>",
           "<value><array><data/><data/></array></value>",
           "<value><array><value/></array></value>",
           "<value><struct><member><name>a</name></member></struct></value>",
           "<value><struct><member><value/></member></struct></value>",
           "<value><struct><member><name>a</name><name>b</name></member></struct></value>",
           "<value><struct><member><value/><value/></member></struct></value>",
           "<value/><value/>",
           "<value>&eacute;</value>",
           "<value>&#0;</value>",
       }) {
    EXPECT_EQ(ParseRequest(CallWith(value)).status().code(), absl::StatusCode::kInvalidArgument)
        << value;
  }
}

TEST(XmlrpcTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(ParseRequest("<methodCall>\n <a b>").status().message(),
            "not well-formed (invalid token): line 2, column 5");
  EXPECT_EQ(ParseRequest("x").status().message(), "syntax error: line 1, column 0");
}

TEST(XmlrpcTest, RefusesNulAndWhatIsNotUtf8) {
  using namespace std::string_literals;
  EXPECT_FALSE(ParseRequest(CallWith("<value>a\0b</value>"s)).ok());
  EXPECT_FALSE(ParseRequest(CallWith("<value>\xFF</value>")).ok());
  EXPECT_FALSE(ParseRequest(CallWith("<value>\xC3</value>")).ok());
  EXPECT_FALSE(ParseRequest(CallWith("<value>\xED\xA0\x80</value>")).ok());
  EXPECT_FALSE(
      ParseRequest("<?xml version='1.0' encoding='ISO-8859-1'?>" + CallWith("<value>\xE4</value>"))
          .ok());
  EXPECT_TRUE(
      ParseRequest("<?xml version='1.0' encoding='utf-8'?>" + CallWith("<value>\xC3\xA4</value>"))
          .ok());
}

TEST(XmlrpcTest, RefusesEveryDocumentType) {
  for (const absl::string_view doctype :
       {"<!DOCTYPE x>", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]>"}) {
    const auto status =
        ParseRequest(absl::StrCat(doctype, CallWith("<value>&a;</value>"))).status();
    EXPECT_TRUE(absl::StrContains(status.message(), "a document type is not accepted")) << status;
  }
}

TEST(XmlrpcTest, BoundsDepthElementsAndBytes) {
  const auto nested = [](int lists) {
    return CallWith(absl::StrCat(Times(lists, "<value><array><data>"), "<value/>",
                                 Times(lists, "</data></array></value>")));
  };
  const Limits limits{.bytes = 10'000, .depth = 16, .elements = 100};
  EXPECT_TRUE(ParseRequest(nested(4), limits).ok());  // 3 + 3 * 4 + 1 = 16
  EXPECT_EQ(ParseRequest(nested(5), limits).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ParseRequest(nested(20'000)).status().code(), absl::StatusCode::kResourceExhausted);
  const auto many = [](int values) {
    return CallWith(
        absl::StrCat("<value><array><data>", Times(values, "<value/>"), "</data></array></value>"));
  };
  EXPECT_TRUE(ParseRequest(many(93), limits).ok());  // 4 + 3 + 93 = 100
  EXPECT_EQ(ParseRequest(many(94), limits).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ParseRequest(std::string(10'001, ' '), limits).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(XmlrpcTest, ReadsOnAfterATextThatItRefused) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(ParseRequest("<methodCall><methodName>a").ok());
    EXPECT_FALSE(ParseRequest(absl::StrCat("<!DOCTYPE x>", CallWith("<value/>"))).ok());
    EXPECT_TRUE(ParseRequest(kPingRequest).ok());
  }
}

TEST(XmlrpcTest, ReadsTheNilErrorThatSomeServersSend) {
  const auto read =
      ParseAnswer(*WriteValue({List{Number(1), Text(kFabricUuid), Number(3), Value{}, {List{}}}}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(std::get<Envelope>(*read), (Envelope{kFabricUuid, 3, {}}));
}

TEST(XmlrpcTest, RefusesResponsesWithoutAnEnvelope) {
  const Value set{Struct{{"info", {Struct{{"names", {List{Text("a")}}}}}}, {"rows", {List{}}}}};
  const auto with = [](List fields) { return ParseAnswer(*WriteValue({std::move(fields)})); };
  const Value uuid = Text(kFabricUuid), none = Text("");
  EXPECT_TRUE(with({Number(1), uuid, Number(1), none, {List{set}}}).ok());
  EXPECT_FALSE(with({uuid, Number(0), Number(1), {List{}}}).ok());
  EXPECT_FALSE(with({Number(2), uuid, Number(1), none, {List{}}}).ok());
  EXPECT_FALSE(with({Number(1), Number(1), Number(1), none, {List{}}}).ok());
  EXPECT_FALSE(with({Number(1), uuid, uuid, none, {List{}}}).ok());
  EXPECT_FALSE(with({Number(1), uuid, Number(1), Number(1), {List{}}}).ok());
  EXPECT_FALSE(with({Number(1), uuid, Number(1), none, none}).ok());
  EXPECT_FALSE(with({Number(1), uuid, Number(1), none, {List{none}}}).ok());
  Value wrong = set;
  std::get<Struct>(wrong.data)[1].second = {List{{List{none, none}}}};
  EXPECT_FALSE(with({Number(1), uuid, Number(1), none, {List{wrong}}}).ok());
  EXPECT_FALSE(ParseAnswer(*WriteValue(Text("bare"))).ok());
}

}  // namespace
}  // namespace weft::fabric::xmlrpc
