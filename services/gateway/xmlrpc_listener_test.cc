#include "services/gateway/xmlrpc_listener.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/fabric/testing/xmlrpc_texts.h"
#include "common/fabric/xmlrpc.h"
#include "gtest/gtest.h"
#include "services/gateway/http/testing/raw_client.h"
#include "services/gateway/testing/xmlrpc_fixture.h"

namespace weft::gateway {
namespace {

using fabric::xmlrpc::kDumpServersAnswer;
using fabric::xmlrpc::kDumpServersRequest;
using fabric::xmlrpc::kPingAnswer;
using fabric::xmlrpc::kPingRequest;
using fabric::xmlrpc::kProbeAnswer;
using fabric::xmlrpc::kProbeRequest;
using http::Post;
using http::RawAnswer;
using http::RawClient;
using testing::AskAs;
using testing::DigestLogin;

std::string CallOf(absl::string_view method, fabric::List arguments = {}) {
  return *fabric::xmlrpc::WriteRequest({std::string(method), std::move(arguments), {}});
}

fabric::Answer Parsed(absl::string_view answer) {
  return std::get<fabric::xmlrpc::Envelope>(*fabric::xmlrpc::ParseAnswer(answer)).answer;
}

std::string FaultOf(const RawAnswer& answer) {
  EXPECT_EQ(answer.code, 200);
  const auto read = fabric::xmlrpc::ParseValue(answer.body);
  if (!read.ok()) return read.status().ToString();
  const auto* fault = std::get_if<fabric::xmlrpc::Fault>(&*read);
  return fault == nullptr ? "no fault" : fault->text;
}

class XmlrpcListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<XmlrpcListener> Open() {
    XmlrpcListener::Options options;
    options.authenticate = false;
    return fixture_.Start(std::move(options));
  }

  testing::XmlrpcFixture fixture_;
};

TEST_F(XmlrpcListenerTest, AnswersInTheOriginalsBytes) {
  fixture_.executor.Answers("dump.servers", Parsed(kDumpServersAnswer));
  const auto listener = Open();
  RawClient client(listener->port());
  for (const absl::string_view path : {"/RPC2", "/"}) {
    const RawAnswer ping = client.Ask(Post(path, kPingRequest));
    EXPECT_EQ(ping.code, 200);
    EXPECT_EQ(ping.Header("Content-Type"), "text/xml");
    EXPECT_EQ(ping.Header("Content-Length"), "341");
    EXPECT_EQ(ping.body, kPingAnswer);
    EXPECT_EQ(client.Ask(Post(path, kDumpServersRequest)).body, kDumpServersAnswer);
    EXPECT_EQ(client.Ask(Post(path, kProbeRequest)).body, kProbeAnswer);
  }
  EXPECT_EQ(fixture_.executor.calls().back().second.arguments.size(), 2u);
}

TEST_F(XmlrpcListenerTest, AnswersHttp10AndCloses) {
  const auto listener = Open();
  RawClient client(listener->port());
  const std::string request =
      absl::StrReplaceAll(Post("/RPC2", kPingRequest), {{"HTTP/1.1", "HTTP/1.0"}});
  EXPECT_EQ(client.Ask(request).body, kPingAnswer);
  EXPECT_TRUE(client.Closes(absl::Seconds(5)));
}

TEST_F(XmlrpcListenerTest, ChallengesWhoDoesNotLogIn) {
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  // Connector/J asks with an empty request, the command line with a whole one.
  for (const absl::string_view body : {"", kPingRequest}) {
    const RawAnswer answer = client.Ask(Post("/", body));
    EXPECT_EQ(answer.status, "HTTP/1.1 401 Unauthorized");
    EXPECT_TRUE(absl::StartsWith(answer.Header("WWW-Authenticate"),
                                 "Digest realm=\"MySQL Fabric\", nonce=\""));
    EXPECT_EQ(answer.Header("Content-Length"), "0");
  }
  const RawAnswer basic =
      client.Ask(Post("/", kPingRequest, {"Authorization: Basic YWRtaW46c2VjcmV0"}));
  EXPECT_EQ(basic.code, 401);
  EXPECT_TRUE(fixture_.guard.failed().empty());
}

TEST_F(XmlrpcListenerTest, LetsInWhoKnowsThePasswordByEitherPath) {
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  EXPECT_EQ(AskAs(&client, "admin", "secret", kPingRequest, "/").body, kPingAnswer);
  EXPECT_EQ(AskAs(&client, "admin", "secret", kPingRequest, "/RPC2").body, kPingAnswer);
  EXPECT_EQ(AskAs(&client, "admin", "secret", kProbeRequest).body, kProbeAnswer);
  EXPECT_EQ(fixture_.executor.calls().back().first.user, "admin");
  EXPECT_EQ(fixture_.guard.succeeded().size(), 3u);
}

TEST_F(XmlrpcListenerTest, KeepsANonceAsLongAsItsCountRises) {
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  const std::string challenge = client.Ask(Post("/", "")).Header("WWW-Authenticate");
  const auto ask = [&](int count) {
    return client.Ask(
        Post("/", kPingRequest,
             {absl::StrCat("Authorization: ", DigestLogin(challenge, "admin", "secret", count))}));
  };
  EXPECT_EQ(ask(1).code, 200);
  EXPECT_EQ(ask(2).code, 200);
  const RawAnswer replayed = ask(2);
  EXPECT_EQ(replayed.code, 401);
  EXPECT_TRUE(absl::EndsWith(replayed.Header("WWW-Authenticate"), ", stale=true"));
  EXPECT_EQ(ask(3).code, 200);
}

TEST_F(XmlrpcListenerTest, RefusesWrongPasswordsAndTellsTheGuard) {
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  const RawAnswer wrong = AskAs(&client, "admin", "guess", kPingRequest);
  EXPECT_EQ(wrong.code, 401);
  EXPECT_FALSE(absl::StrContains(wrong.Header("WWW-Authenticate"), "stale"));
  EXPECT_EQ(AskAs(&client, "nobody", "secret", kPingRequest).code, 401);
  EXPECT_EQ(fixture_.guard.failed(), (std::vector<std::string>{"admin", "nobody"}));
  EXPECT_TRUE(fixture_.executor.calls().empty());
}

TEST_F(XmlrpcListenerTest, DoesNotLookAtWhoFailedTooOften) {
  const auto listener = fixture_.Start();
  fixture_.guard.RefuseAll();
  RawClient client(listener->port());
  EXPECT_EQ(AskAs(&client, "admin", "secret", kPingRequest).code, 429);
}

TEST_F(XmlrpcListenerTest, RefusesMalformedLogins) {
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  const std::string challenge = client.Ask(Post("/", "")).Header("WWW-Authenticate");
  const std::string login = DigestLogin(challenge, "admin", "secret");
  for (const std::string& header : {std::string("Digest x"), absl::StrCat(login, ", evil=1"),
                                    absl::StrReplaceAll(login, {{"qop=auth, ", ""}}),
                                    absl::StrReplaceAll(login, {{"00000001", "one"}})}) {
    EXPECT_EQ(client.Ask(Post("/", kPingRequest, {absl::StrCat("Authorization: ", header)})).code,
              400)
        << header;
  }
}

TEST_F(XmlrpcListenerTest, LetsNobodyInBeforeTheUsersAreKnown) {
  fixture_.users.Set(nullptr);
  const auto listener = fixture_.Start();
  RawClient client(listener->port());
  EXPECT_EQ(client.Ask(Post("/", kPingRequest)).code, 503);
}

TEST_F(XmlrpcListenerTest, RefusesWhatACallerMayNotDo) {
  const auto listener = fixture_.Start();
  fixture_.executor.Forbids("reader");
  RawClient client(listener->port());
  const RawAnswer refused = AskAs(&client, "reader", "secret", kPingRequest);
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(refused.body, "Not allowed to execute 'core.manage.ping'");
  // What does not exist is a fault for everybody.
  EXPECT_EQ(AskAs(&client, "reader", "secret", kProbeRequest).body, kProbeAnswer);
  EXPECT_EQ(AskAs(&client, "reader", "secret", CallOf("system.listMethods")).code, 403);
}

TEST_F(XmlrpcListenerTest, AnswersAnEmptyRequestWithoutLoginsBy400) {
  const auto listener = Open();
  RawClient client(listener->port());
  EXPECT_EQ(client.Ask(Post("/", "")).code, 400);
}

TEST_F(XmlrpcListenerTest, RefusesOtherPathsMethodsAndEncodings) {
  const auto listener = Open();
  RawClient client(listener->port());
  const RawAnswer elsewhere = client.Ask(Post("/RPC3", kPingRequest));
  EXPECT_EQ(elsewhere.code, 404);
  EXPECT_EQ(elsewhere.Header("Content-Type"), "text/plain");
  EXPECT_EQ(elsewhere.body, "No such page");
  EXPECT_EQ(client.Ask("GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n").code, 501);
  EXPECT_EQ(client.Ask("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n").code, 501);
  const RawAnswer zipped = client.Ask(Post("/", kPingRequest, {"Content-Encoding: gzip"}));
  EXPECT_EQ(zipped.code, 501);
  EXPECT_EQ(zipped.body, "encoding 'gzip' not supported");
  EXPECT_EQ(client.Ask(Post("/", kPingRequest, {"Content-Encoding: identity"})).code, 200);
}

TEST_F(XmlrpcListenerTest, FaultsMalformedRequests) {
  const auto listener = Open();
  RawClient client(listener->port());
  EXPECT_EQ(FaultOf(client.Ask(Post("/", "no XML"))),
            "<class 'xml.parsers.expat.ExpatError'>:syntax error: line 1, column 0");
  const auto secured = fixture_.Start();
  RawClient other(secured->port());
  EXPECT_EQ(AskAs(&other, "admin", "secret", "no XML").code, 400);
  EXPECT_EQ(FaultOf(AskAs(&other, "admin", "secret", "<methodCall><methodName>x")),
            "<class 'xml.parsers.expat.ExpatError'>:no element found: line 1, column 25");
}

TEST_F(XmlrpcListenerTest, FaultsAnswersThatDoNotFitTheWire) {
  fixture_.executor.Answers("big.number",
                            {"", {{{{"n", fabric::Type::kInteger}}, {{{int64_t{1} << 40}}}}}});
  const auto listener = Open();
  RawClient client(listener->port());
  EXPECT_EQ(FaultOf(client.Ask(Post("/", CallOf("big.number")))),
            "<type 'exceptions.OverflowError'>:int exceeds XML-RPC limits");
}

TEST_F(XmlrpcListenerTest, TellsOfItself) {
  const auto listener = Open();
  RawClient client(listener->port());
  const auto ask = [&](absl::string_view method, fabric::List arguments) {
    const RawAnswer answer = client.Ask(Post("/", CallOf(method, std::move(arguments))));
    return std::get<fabric::Value>(*fabric::xmlrpc::ParseValue(answer.body));
  };
  const auto text = [](absl::string_view words) { return fabric::Value{std::string(words)}; };
  EXPECT_EQ(
      ask("system.listMethods", {}),
      (fabric::Value{fabric::List{text("manage.ping"), text("system.listMethods"),
                                  text("system.methodHelp"), text("system.methodSignature")}}));
  EXPECT_EQ(ask("system.methodSignature", {text("manage.ping")}), text("signatures not supported"));
  EXPECT_EQ(ask("system.methodHelp", {text("manage.ping")}),
            text(fixture_.executor.Help("manage.ping")));
  EXPECT_EQ(FaultOf(client.Ask(Post("/", CallOf("system.methodHelp")))),
            "<type 'exceptions.TypeError'>:system_methodHelp() takes exactly 2 arguments (1 "
            "given)");
}

TEST_F(XmlrpcListenerTest, ASlowCommandHoldsUpNobodyElse) {
  fixture_.executor.Holds("group.promote");
  const auto listener = Open();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(listener->port()));
    slow.back()->Send(Post("/", CallOf("group.promote")));
  }
  ASSERT_TRUE(fixture_.executor.WaitForCalls(20));
  RawClient client(listener->port());
  EXPECT_EQ(client.Ask(Post("/", kPingRequest)).body, kPingAnswer);
  fixture_.executor.Release({"GroupError: Group (nope) does not exist.", {}});
  for (const auto& each : slow) {
    EXPECT_TRUE(absl::StrContains(each->Read().body, "Group (nope) does not exist."));
  }
}

TEST_F(XmlrpcListenerTest, WithoutLoginsItServesNoWebPage) {
  const auto listener = Open();
  RawClient client(listener->port());
  const RawAnswer answer = client.Ask(
      Post("/RPC2", kPingRequest, {"Origin: http://elsewhere", "Content-Type: text/plain"}));
  EXPECT_EQ(answer.code, 403);
  EXPECT_TRUE(fixture_.executor.calls().empty());
  EXPECT_EQ(client.Ask(Post("/RPC2", kPingRequest)).code, 200);
}

TEST_F(XmlrpcListenerTest, WithoutLoginsItServesThisMachineOnly) {
  XmlrpcListener::Options options;
  options.authenticate = false;
  options.executor = &fixture_.executor;
  for (const absl::string_view address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    options.http.listen = std::string(address);
    EXPECT_EQ(XmlrpcListener::Start(options).status().code(), absl::StatusCode::kFailedPrecondition)
        << address;
  }
}

}  // namespace
}  // namespace weft::gateway
