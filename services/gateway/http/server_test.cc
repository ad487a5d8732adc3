#include "services/gateway/http/server.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "gtest/gtest.h"
#include "services/gateway/http/testing/raw_client.h"

namespace weft::gateway::http {
namespace {

std::shared_ptr<const std::string> Shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

Response Says(std::string text) { return {200, {{"X-Weft", "1"}}, Shared(std::move(text)), false}; }

// Echoes the body at once.
Server::Options Echo() {
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.handler = [](const Request& request, const Server::Respond& respond) {
    respond(Says(request.body));
  };
  return options;
}

std::unique_ptr<Server> Started(Server::Options options) {
  auto server = Server::Start(std::move(options));
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// Keeps what it is asked, until the test answers.
class Waiting {
 public:
  Server::Options Options() {
    Server::Options options = Echo();
    options.handler = [this](const Request&, Server::Respond respond) {
      MutexLock lock(&mutex_);
      asked_.push_back(std::move(respond));
      changed_.NotifyAll();
    };
    return options;
  }

  Server::Respond Next() {
    MutexLock lock(&mutex_);
    while (asked_.empty()) changed_.Wait(&mutex_);
    Server::Respond respond = std::move(asked_.back());
    asked_.pop_back();
    return respond;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Server::Respond> asked_;
};

TEST(ServerTest, AnswersManyRequestsOnOneConnection) {
  const auto server = Started(Echo());
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.Ask(Post("/RPC2", absl::StrCat("body ", i)));
    EXPECT_EQ(answer.status, "HTTP/1.1 200 OK");
    EXPECT_EQ(answer.body, absl::StrCat("body ", i));
    EXPECT_EQ(answer.Header("Content-Length"), "6");
    EXPECT_EQ(answer.Header("X-Weft"), "1");
  }
  EXPECT_EQ(server->connections(), 1u);
}

TEST(ServerTest, PassesTheRequestOnDecoded) {
  Request seen;
  Server::Options options = Echo();
  options.handler = [&](const Request& request, const Server::Respond& respond) {
    seen = request;
    respond({});
  };
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  const RawAnswer answer = client.Ask(
      "PUT /a%20b?x=1&y=%26 HTTP/1.1\r\nHost: h\r\nX-Twice: first\r\nx-twice: second\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Content-Length"), "0");
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_EQ(seen.query, (std::map<std::string, std::string>{{"x", "1"}, {"y", "&"}}));
  EXPECT_EQ(seen.headers["x-twice"], "first");
  EXPECT_EQ(seen.body, "abcde");
  EXPECT_TRUE(absl::StartsWith(seen.peer, "127.0.0.1:")) << seen.peer;
}

TEST(ServerTest, AnswersHttp10AndCloses) {
  const auto server = Started(Echo());
  RawClient client(server->port());
  const RawAnswer answer = client.Ask("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.body, "ab");
  EXPECT_TRUE(client.Closes(absl::Seconds(5)));
}

TEST(ServerTest, ClosesWhereTheResponseSaysSo) {
  Server::Options options = Echo();
  options.handler = [](const Request&, const Server::Respond& respond) {
    respond({403, {}, Shared("no"), /*close=*/true});
  };
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  EXPECT_EQ(client.Ask(kGet).code, 403);
  EXPECT_TRUE(client.Closes(absl::Seconds(5)));
}

TEST(ServerTest, WaitsForAnAnswerThatComesLater) {
  Waiting waiting;
  const auto server = Started(waiting.Options());
  RawClient one(server->port()), other(server->port());
  one.Send(kGet);
  const Server::Respond first = waiting.Next();
  other.Send(kGet);
  waiting.Next()(Says("second"));
  EXPECT_EQ(other.Read().body, "second");
  first(Says("first"));
  first(Says("ignored"));
  EXPECT_EQ(one.Read().body, "first");
  one.Send(kGet);
  waiting.Next()(Says("third"));
  EXPECT_EQ(one.Read().body, "third");
}

TEST(ServerTest, SurvivesAnswersFromManyThreads) {
  std::vector<std::thread> threads;
  Mutex mutex;
  Server::Options options = Echo();
  options.handler = [&](const Request& request, Server::Respond respond) {
    MutexLock lock(&mutex);
    threads.emplace_back(
        [respond = std::move(respond), body = request.body] { respond(Says(body)); });
  };
  auto server = Started(std::move(options));
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(server->port());
      for (int j = 0; j < 50; ++j) {
        const std::string body = absl::StrCat(i, " ", j);
        right += client.Ask(Post("/", body)).body == body;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 200);
  server.reset();
  for (std::thread& thread : threads) thread.join();
}

TEST(ServerTest, EndsWhileHandlersHaveNotResponded) {
  Waiting waiting;
  auto server = Started(waiting.Options());
  RawClient client(server->port());
  client.Send(kGet);
  const Server::Respond late = waiting.Next();
  server.reset();
  late(Says("to nobody"));
  EXPECT_TRUE(client.Closes(absl::Seconds(5)));
}

TEST(ServerTest, ForgetsTheAnswerToWhoHasGone) {
  Waiting waiting;
  const auto server = Started(waiting.Options());
  Server::Respond late;
  {
    RawClient client(server->port());
    client.Send(kGet);
    late = waiting.Next();
  }
  late(Says("to nobody"));
  RawClient client(server->port());
  client.Send(kGet);
  waiting.Next()(Says("to somebody"));
  EXPECT_EQ(client.Read().body, "to somebody");
}

TEST(ServerTest, AnswersForAHandlerThatDoesNot) {
  Waiting waiting;
  Server::Options options = waiting.Options();
  options.response_deadline = absl::Milliseconds(300);
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  client.Send(kGet);
  const Server::Respond late = waiting.Next();
  EXPECT_EQ(client.Read().code, 504);
  late(Says("too late"));
}

TEST(ServerTest, RefusesABodyThatIsAnnouncedTooLong) {
  Server::Options options = Echo();
  options.max_body_bytes = 1000;
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  EXPECT_EQ(client.Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n").code,
            413);
  EXPECT_TRUE(client.Closes(absl::Seconds(5)));
  RawClient other(server->port());
  EXPECT_EQ(other.Ask(Post("/", std::string(1000, 'a'))).body.size(), 1000u);
}

TEST(ServerTest, RefusesABodyThatTurnsOutTooLong) {
  Server::Options options = Echo();
  options.max_body_bytes = 1000;
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.Ask(absl::StrCat(head, "5dc\r\n", std::string(1500, 'a'), "\r\n0\r\n\r\n")).code,
            413);
  // Who never ends is not listened to for ever.
  RawClient endless(server->port());
  endless.Send(head);
  bool taken = true;
  for (int i = 0; i < 1000 && taken; ++i) {
    taken = endless.Send(absl::StrCat("5dc\r\n", std::string(1500, 'a'), "\r\n"));
  }
  EXPECT_TRUE(endless.Closes(absl::Seconds(5)));
}

TEST(ServerTest, RefusesAHeaderThatIsTooLong) {
  const auto server = Started(Echo());
  const auto ask = [&](size_t bytes) {
    RawClient client(server->port());
    return client.Ask(Post("/", "x", {absl::StrCat("X-Long: ", std::string(bytes, 'a'))})).code;
  };
  EXPECT_EQ(ask(7000), 200);
  EXPECT_EQ(ask(20'000), 431);
  RawClient client(server->port());
  EXPECT_EQ(client.Ask(absl::StrCat("GET /", std::string(20'000, 'a'), " HTTP/1.1\r\n\r\n")).code,
            414);
}

TEST(ServerTest, BoundsTheBodiesOfAllTogether) {
  Server::Options options = Echo();
  options.max_bodies_bytes = 1000;
  options.free_body_bytes = 100;
  const auto server = Started(std::move(options));
  RawClient holder(server->port());
  const std::string request = Post("/", std::string(800, 'a'));
  holder.Send(absl::string_view(request).substr(0, request.size() - 1));
  // Until the holder's bytes have arrived there may be room for the other's.
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
  int code = 0;
  while (code != 503 && !deadline.Passed()) {
    RawClient other(server->port());
    code = other.Ask(request).code;
  }
  EXPECT_EQ(code, 503);
  RawClient modest(server->port());
  EXPECT_EQ(modest.Ask(Post("/", std::string(100, 'a'))).code, 200);
  RawClient greedy(server->port());
  EXPECT_EQ(greedy.Ask(Post("/", std::string(100 + 302, 'a'))).code, 503);
  EXPECT_EQ(holder.Ask("a").code, 200);
  // The server learns of an answer's end a little after its client.
  while (code != 200 && !deadline.Passed()) {
    RawClient other(server->port());
    code = other.Ask(request).code;
  }
  EXPECT_EQ(code, 200);
}

// Sends `begin`, and then a byte every 50 ms for as long as the server takes them.
absl::Duration Drip(RawClient* client, absl::string_view begin, char byte) {
  Clock* const clock = RealClock::Get();
  const absl::Duration start = clock->MonotonicNow();
  client->Send(begin);
  while (clock->MonotonicNow() - start < absl::Seconds(20)) {
    if (!client->Send(absl::string_view(&byte, 1))) break;
    if (client->Closes(absl::Milliseconds(50))) break;
  }
  return clock->MonotonicNow() - start;
}

TEST(ServerTest, ADripperDoesNotExtendTheDeadline) {
  Server::Options options = Echo();
  options.request_deadline = absl::Seconds(1);
  const auto server = Started(std::move(options));
  const auto expect_cut = [&](absl::string_view begin, bool after_a_request) {
    RawClient client(server->port());
    if (after_a_request) {
      EXPECT_EQ(client.Ask(Post("/", "x")).code, 200);
    }
    EXPECT_LT(Drip(&client, begin, 'a'), absl::Seconds(4)) << begin;
  };
  expect_cut("", false);
  expect_cut("POST / HT", false);
  expect_cut("POST / HTTP/1.1\r\nX-Header: ", false);
  expect_cut("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", false);
  expect_cut("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", true);
  expect_cut("GE", true);
}

TEST(ServerTest, LeavesIdleConnectionsAloneUntilTheirTimeout) {
  Server::Options options = Echo();
  options.request_deadline = absl::Milliseconds(500);
  options.idle_timeout = absl::Seconds(2);
  const auto server = Started(std::move(options));
  RawClient fresh(server->port()), used(server->port());
  EXPECT_EQ(used.Ask(Post("/", "x")).code, 200);
  EXPECT_FALSE(used.Closes(absl::Seconds(1)));
  EXPECT_EQ(fresh.Ask(Post("/", "x")).code, 200);
  EXPECT_TRUE(used.Closes(absl::Seconds(5)));
  EXPECT_TRUE(fresh.Closes(absl::Seconds(5)));
}

TEST(ServerTest, EndsWhoDoesNotTakeTheAnswer) {
  Server::Options options = Echo();
  options.write_deadline = absl::Milliseconds(500);
  options.handler = [body = Shared(std::string(64 << 20, 'a'))](const Request&,
                                                                const Server::Respond& respond) {
    respond({200, {}, body, false});
  };
  const auto server = Started(std::move(options));
  RawClient client(server->port());
  client.Send(kGet);
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
  bool seen = false;
  while ((!seen || server->connections() > 0) && !deadline.Passed()) {
    seen = seen || server->connections() > 0;
    std::this_thread::yield();
  }
  EXPECT_FALSE(deadline.Passed());
}

TEST(ServerTest, RefusesMalformedRequests) {
  const auto server = Started(Echo());
  for (const absl::string_view bytes :
       {"\r\n\r\n\r\n\r\nx", "GET\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n"}) {
    RawClient client(server->port());
    client.Send(bytes);
    client.EndSending();
    EXPECT_TRUE(client.Closes(absl::Seconds(5))) << bytes;
  }
  RawClient client(server->port());
  EXPECT_EQ(client.Ask(Post("/", "x")).code, 200);
}

TEST(ServerTest, SaysWhyItCannotStart) {
  Server::Options options = Echo();
  options.listen = "nowhere";
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
  const auto server = Started(Echo());
  options.listen = absl::StrCat("127.0.0.1:", server->port());
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kFailedPrecondition);
  options = Echo();
  options.certificate_file = "/nonexistent";
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace weft::gateway::http
