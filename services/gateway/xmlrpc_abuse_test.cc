// What the open network does to a port: each a bounded error, and nobody else is harmed.
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/fabric/testing/xmlrpc_texts.h"
#include "gtest/gtest.h"
#include "services/gateway/http/testing/raw_client.h"
#include "services/gateway/testing/xmlrpc_fixture.h"
#include "services/gateway/xmlrpc_listener.h"

namespace weft::gateway {
namespace {

using fabric::xmlrpc::kPingAnswer;
using fabric::xmlrpc::kPingRequest;
using http::Post;
using http::RawAnswer;
using http::RawClient;

std::string Times(int count, absl::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) absl::StrAppend(&all, text);
  return all;
}

// After each test: the others are served, and nothing has grown.
class XmlrpcAbuseTest : public ::testing::Test {
 protected:
  XmlrpcAbuseTest() {
    XmlrpcListener::Options options;
    options.authenticate = false;
    options.http.request_deadline = absl::Seconds(1);
    listener_ = fixture_.Start(std::move(options));
    ExpectServed();
    threads_ = http::ProcessStatus("Threads");
    kibibytes_ = http::ProcessStatus("VmRSS");
  }

  ~XmlrpcAbuseTest() override {
    ExpectServed();
    EXPECT_EQ(http::ProcessStatus("Threads"), threads_);
    EXPECT_LT(http::ProcessStatus("VmRSS") - kibibytes_, 100 << 10);
  }

  void ExpectServed() {
    Clock* const clock = RealClock::Get();
    const absl::Duration start = clock->MonotonicNow();
    RawClient client(listener_->port());
    EXPECT_EQ(client.Ask(Post("/RPC2", kPingRequest)).body, kPingAnswer);
    EXPECT_LT(clock->MonotonicNow() - start, absl::Seconds(2));
  }

  // The answer to a body, on a connection of its own.
  RawAnswer Ask(absl::string_view body) {
    RawClient client(listener_->port());
    return client.Ask(Post("/RPC2", body));
  }

  void ExpectFault(absl::string_view body) {
    const RawAnswer answer = Ask(body);
    EXPECT_EQ(answer.code, 200);
    EXPECT_TRUE(absl::StrContains(answer.body, "<name>faultString</name>"))
        << body.substr(0, 100) << "\n"
        << answer.body;
    EXPECT_LT(answer.body.size(), 1000u);
  }

  testing::XmlrpcFixture fixture_;
  std::unique_ptr<XmlrpcListener> listener_;
  int64_t threads_ = 0;
  int64_t kibibytes_ = 0;
};

TEST_F(XmlrpcAbuseTest, MalformedXmlIsAFault) {
  using namespace std::string_literals;
  for (const std::string& body :
       {"x"s, "<"s, "<methodCall>"s, "<methodCall><methodName>a</methodName>"s, "\0\0\0"s,
        "<methodCall><methodName>manage.ping\0</methodName></methodCall>"s,
        "<methodCall><methodName>\xFF\xFE</methodName></methodCall>"s, "\xFE\xFF\0<\0m"s,
        "<methodCall><params><param/></params></methodCall>"s,
        "<methodCall "s + Times(10'000, "a='b' ") + "/>"}) {
    ExpectFault(body);
  }
}

TEST_F(XmlrpcAbuseTest, DeeplyNestedXmlIsAFault) {
  ExpectFault(Times(100'000, "<a>"));
  ExpectFault(absl::StrCat("<methodCall><methodName>manage.ping</methodName><params><param>",
                           Times(30'000, "<value><array><data>")));
}

TEST_F(XmlrpcAbuseTest, AnEntityBombIsAFault) {
  std::string bomb = "<?xml version='1.0'?><!DOCTYPE b [<!ENTITY a0 'aaaaaaaaaa'>";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&bomb, "<!ENTITY a", i, " '", Times(10, absl::StrCat("&a", i - 1, ";")), "'>");
  }
  absl::StrAppend(&bomb, "]><methodCall><methodName>&a9;</methodName></methodCall>");
  for (int i = 0; i < 50; ++i) ExpectFault(bomb);
}

TEST_F(XmlrpcAbuseTest, ManyElementsAreAFault) {
  ExpectFault(
      absl::StrCat("<methodCall><methodName>manage.ping</methodName><params><param><value>"
                   "<array><data>",
                   Times(120'000, "<value/>")));
}

TEST_F(XmlrpcAbuseTest, AHundredMegabytesAreRefusedUnread) {
  for (int i = 0; i < 5; ++i) {
    RawClient client(listener_->port());
    client.Send("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n");
    const std::string megabyte(1 << 20, 'a');
    bool taken = true;
    for (int sent = 0; sent < 100 && taken; ++sent) taken = client.Send(megabyte);
    EXPECT_FALSE(taken);
    EXPECT_TRUE(client.Closes(absl::Seconds(5)));
  }
}

TEST_F(XmlrpcAbuseTest, SlowSendersAreCutOff) {
  std::vector<std::unique_ptr<RawClient>> drippers;
  const std::string request = Post("/RPC2", kPingRequest);
  for (int i = 0; i < 100; ++i) {
    drippers.push_back(std::make_unique<RawClient>(listener_->port()));
    drippers.back()->Send(absl::string_view(request).substr(0, i));
  }
  Clock* const clock = RealClock::Get();
  const Deadline deadline = Deadline::After(clock, absl::Seconds(10));
  while (listener_->connections() > 0 && !deadline.Passed()) {
    for (const auto& dripper : drippers) dripper->Send("a");
    ExpectServed();
    drippers[0]->Closes(absl::Milliseconds(100));
  }
  EXPECT_EQ(listener_->connections(), 0u);
}

TEST_F(XmlrpcAbuseTest, HalfOpenConnectionsHoldUpNobody) {
  std::vector<std::unique_ptr<RawClient>> half;
  for (int i = 0; i < 500; ++i) {
    half.push_back(std::make_unique<RawClient>(listener_->port()));
    half.back()->Send(i % 2 == 0 ? "POST /RPC2 HTT" : "POST /RPC2 HTTP/1.1\r\nContent-Le");
    if (i % 3 == 0) half.back()->EndSending();
    if (i % 100 == 0) ExpectServed();
  }
}

TEST_F(XmlrpcAbuseTest, ThousandsOfIdleConnectionsFitInAHundredMebibytes) {
  constexpr int kConnections = 5000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  // Both ends are this process's.
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 2 * kConnections + 1000);
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * kConnections + 100) GTEST_SKIP() << "this system allows too few files";
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < kConnections; ++i) {
    idle.push_back(std::make_unique<RawClient>(listener_->port()));
    ASSERT_TRUE(idle.back()->connected()) << i;
    ASSERT_EQ(idle.back()->Ask(Post("/RPC2", kPingRequest)).code, 200) << i;
  }
  EXPECT_GE(listener_->connections(), static_cast<size_t>(kConnections));
  ExpectServed();
  EXPECT_LT(http::ProcessStatus("VmRSS") - kibibytes_, 100 << 10);
}

TEST_F(XmlrpcAbuseTest, BeyondTheLimitOfConnectionsTheOthersAreServed) {
  XmlrpcListener::Options options;
  options.authenticate = false;
  options.http.request_deadline = absl::Seconds(1);
  options.http.max_connections = 64;
  const auto small = fixture_.Start(std::move(options));
  RawClient served(small->port());
  EXPECT_EQ(served.Ask(Post("/", kPingRequest)).code, 200);
  std::vector<std::unique_ptr<RawClient>> many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(std::make_unique<RawClient>(small->port()));
    EXPECT_LE(small->connections(), 64u);
  }
  EXPECT_EQ(served.Ask(Post("/", kPingRequest)).code, 200);
  // Room is made of the silent ones.
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(15));
  int code = 0;
  while (code != 200 && !deadline.Passed()) {
    RawClient late(small->port(), absl::Milliseconds(500));
    code = late.Ask(Post("/", kPingRequest)).code;
  }
  EXPECT_EQ(code, 200);
}

TEST_F(XmlrpcAbuseTest, GuessingPasswordsGetsNobodyIn) {
  const auto secured = fixture_.Start();
  RawClient client(secured->port());
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(testing::AskAs(&client, "admin", absl::StrCat("guess", i), kPingRequest).code, 401);
  }
  EXPECT_TRUE(fixture_.guard.succeeded().empty());
  EXPECT_EQ(testing::AskAs(&client, "admin", "secret", kPingRequest).code, 200);
}

}  // namespace
}  // namespace weft::gateway
