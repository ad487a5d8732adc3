#include "services/provisioner/http/client.h"

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "gtest/gtest.h"
#include "services/provisioner/http/rest.h"
#include "services/provisioner/providers/testing/fake_http.h"

namespace weft::provisioner::http {
namespace {

using testing::FakeAnswer;
using testing::FakeHttp;
using testing::FakeRequest;
using testing::HttpTrouble;

FakeAnswer Mirror(const FakeRequest& request) {
  return {.code = 200,
          .body = absl::StrCat(request.method, " ", request.path, "|", request.Header("x-test"),
                               "|", request.body),
          .headers = {{"X-Answer", "yes"}}};
}

Deadline Soon() { return Deadline::After(RealClock::Get(), absl::Seconds(10)); }

TEST(ClientTest, SendsMethodsHeadersAndBodiesAndReadsAnswers) {
  FakeHttp server({}, &Mirror);
  Client client({.who = "a test"});
  for (const char* const method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    Request request;
    request.method = method;
    request.url = server.url() + "/a%20path";
    request.headers = {"X-Test: one"};
    if (request.method != "GET") request.body = "some body";
    const auto answer = client.Send(request, Soon());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->code, 200);
    EXPECT_EQ(answer->headers.at("x-answer"), "yes");
    EXPECT_EQ(answer->body, absl::StrCat(method, " /a path|one|", request.body));
  }
}

TEST(ClientTest, ReachesUnixSockets) {
  FakeHttp server({.unix_socket = absl::StrCat("/tmp/weft-client-", RandomHex(4))}, &Mirror);
  Client client({.who = "a test", .unix_socket = server.url().substr(7)});
  const auto answer = client.Send({.url = "http://localhost/path"}, Soon());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "GET /path||");
}

TEST(ClientTest, StreamsBothWaysWithoutHoldingTheWhole) {
  FakeHttp server({}, [](const FakeRequest& request) {
    return FakeAnswer{.code = 200, .body = request.body, .headers = {}};
  });
  Client client({.who = "a test", .max_body_bytes = 10});
  constexpr size_t kBytes = 3 << 20;
  size_t sent = 0, received = 0;
  Request request;
  request.method = "PUT";
  request.url = server.url();
  request.source = [&sent](char* buffer, size_t capacity) -> absl::StatusOr<size_t> {
    const size_t now = std::min(capacity, kBytes - sent);
    std::fill_n(buffer, now, 'x');
    sent += now;
    return now;
  };
  request.sink = [&received](absl::string_view piece) {
    received += piece.size();
    return absl::OkStatus();
  };
  const auto answer = client.Send(request, Soon());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(received, kBytes);
}

TEST(ClientTest, EndsWithTheErrorOfItsSourceOrSink) {
  FakeHttp server({}, &Mirror);
  Client client({.who = "a test"});
  Request gives;
  gives.method = "PUT";
  gives.url = server.url();
  gives.source = [](char*, size_t) { return absl::DataLossError("the disk is gone"); };
  EXPECT_EQ(client.Send(gives, Soon()).status().message(), "the disk is gone");
  Request takes;
  takes.url = server.url();
  takes.sink = [](absl::string_view) { return absl::ResourceExhaustedError("full"); };
  EXPECT_EQ(client.Send(takes, Soon()).status().message(), "full");
}

TEST(ClientTest, RefusesLongerAnswersThanItMayHold) {
  FakeHttp server({}, [](const FakeRequest&) {
    return FakeAnswer{.code = 200, .body = std::string(1 << 20, 'x'), .headers = {}};
  });
  Client client({.who = "a test", .max_body_bytes = 1000});
  EXPECT_EQ(ErrorReason(client.Send({.url = server.url()}, Soon()).status()), "PROVIDER_GARBAGE");
}

TEST(ClientTest, EndsAtItsDeadline) {
  FakeHttp server({}, &Mirror);
  server.SetTrouble(HttpTrouble::kSlow);
  Client client({.who = "a test"});
  const absl::Duration begin = RealClock::Get()->MonotonicNow();
  const auto answer = client.Send({.url = server.url()},
                                  Deadline::After(RealClock::Get(), absl::Milliseconds(200)));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ErrorReason(answer.status()), "PROVIDER_TOO_SLOW");
  EXPECT_LT(RealClock::Get()->MonotonicNow() - begin, absl::Seconds(3));
}

TEST(ClientTest, EndsWhenThatIsAskedForThoughNothingComes) {
  FakeHttp server({}, &Mirror);
  server.SetTrouble(HttpTrouble::kSlow);
  Client client({.who = "a test"});
  const Deadline later =
      Deadline::After(RealClock::Get(), absl::Milliseconds(200));  // when its end is asked for
  Request request;
  request.url = server.url();
  request.cancelled = [&later] { return later.Passed(); };
  const Deadline end = Soon();
  const auto answer = client.Send(request, end);
  EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
  EXPECT_GT(end.Remaining(), absl::Seconds(3));
  EXPECT_TRUE(later.Passed());
}

TEST(ClientTest, IsUsedByManyThreadsAtOnce) {
  FakeHttp server({}, &Mirror);
  Client client({.who = "a test"});
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&client, &server, i] {
      for (int j = 0; j < 20; ++j) {
        const auto answer = client.Send({.url = absl::StrCat(server.url(), "/", i)}, Soon());
        ASSERT_TRUE(answer.ok()) << answer.status();
        EXPECT_EQ(answer->body, absl::StrCat("GET /", i, "||"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(RestTest, CutsSecretsOutOfWhatItQuotes) {
  FakeHttp server({}, &Mirror);
  const std::string password = "with \"quotes\"";
  Rest rest({.transport = {.who = "a test"}, .headers = {}, .secrets = {password}});
  for (const HttpTrouble trouble : {HttpTrouble::kEcho, HttpTrouble::kUnauthorized}) {
    server.SetTrouble(trouble);
    const auto reply = rest.Send({.method = "POST",
                                  .url = server.url(),
                                  .body = {{"password", password}},
                                  .headers = {"Authorization: Bearer of-the-token"}},
                                 Soon());
    ASSERT_FALSE(reply.ok());
    const std::string text = DescribeError(reply.status());
    EXPECT_TRUE(absl::StrContains(text, "***")) << text;
    EXPECT_FALSE(absl::StrContains(text, "of-the-token")) << text;
    EXPECT_FALSE(absl::StrContains(text, "quotes")) << text;
  }
}

TEST(RestTest, EncodesWhatStandsInUrls) {
  EXPECT_EQ(UrlEncoded("a b/c?d=é"), "a%20b%2Fc%3Fd%3D%C3%A9");
  EXPECT_EQ(UrlEncoded("A-z_0.~"), "A-z_0.~");
}

}  // namespace
}  // namespace weft::provisioner::http
