#include "services/gateway/mysql_listener.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "services/gateway/mysqlrpc/conversation.h"
#include "services/gateway/mysqlrpc/testing/client.h"
#include "services/gateway/testing/raw_client.h"
#include "services/gateway/testing/scripted_executor.h"

namespace weft::gateway {
namespace {

using mysqlrpc::testing::Command;
using mysqlrpc::testing::ErrorText;
using mysqlrpc::testing::Packet;
using mysqlrpc::testing::Payloads;
using mysqlrpc::testing::Query;
using testing::RawClient;

constexpr size_t kGreetingBytes = 4 + 58;
constexpr size_t kOkBytes = 4 + 7;
constexpr size_t kPongBytes = kOkBytes + 12;

fabric::Answer Servers(int count) {
  fabric::ResultSet set{.columns = {{"host"}, {"port", fabric::Type::kInteger}}};
  for (int i = 0; i < count; ++i) {
    set.rows.push_back({{std::string(100, 'h')}, {static_cast<int64_t>(i)}});
  }
  return {"", {set}};
}

class CountingGuard : public LoginGuard {
 public:
  bool MayTry(absl::string_view, absl::string_view) override { return may_try; }
  void Failed(absl::string_view, absl::string_view) override { ++failed; }
  void Succeeded(absl::string_view, absl::string_view) override { ++succeeded; }
  std::atomic<bool> may_try = true;
  std::atomic<int> failed = 0;
  std::atomic<int> succeeded = 0;
};

class MysqlListenerTest : public ::testing::Test {
 protected:
  MysqlListenerTest() {
    options_.listen = "127.0.0.1:0";
    options_.executor = &executor_;
    options_.users = &users_;
    options_.guard = &guard_;
    options_.metrics = &metrics_;
    const auto snapshot = std::make_shared<UserSnapshot>();
    snapshot->users["jon"] = {.name = "jon",
                              .native_hash = mysqlrpc::testing::NativeHash("secret")};
    snapshot->users["digest_only"] = {.name = "digest_only"};
    users_.Set(snapshot);
    executor_.Answers("dump.servers", Servers(2));
  }

  void Start() {
    absl::StatusOr<std::unique_ptr<MysqlListener>> started = MysqlListener::Start(options_);
    ASSERT_TRUE(started.ok()) << started.status();
    listener_ = *std::move(started);
  }
  // What the listener says to this login: the rest of the connection if it is refused.
  std::string LogIn(RawClient& client, const std::string& user, const std::string& password) {
    const std::vector<std::string> greeting = Payloads(client.Receive(kGreetingBytes));
    if (greeting.size() != 1) return "no greeting";
    const std::string scramble = greeting[0].substr(18, 8) + greeting[0].substr(45, 12);
    client.Send(Packet(
        1, mysqlrpc::testing::LoginPayload(user, mysqlrpc::testing::ProofOf(password, scramble),
                                           mysqlrpc::testing::kUsualCapabilities)));
    const std::string head = client.Receive(kOkBytes);
    if (head.size() < kOkBytes || head[4] == '\0') return "";
    return ErrorText(Payloads(head + client.ReceiveAll())[0]);
  }
  // Rows of the last result set of `statement`'s answer, whose bytes are as many as `like`'s.
  static std::vector<std::string> Ask(RawClient& client, const std::string& statement,
                                      const fabric::Answer& like, const std::string& table) {
    client.Send(Query(statement));
    return Payloads(client.Receive(mysqlrpc::Conversation::Rows(like, 1, table).size()));
  }
  bool WaitFor(absl::FunctionRef<bool()> condition) {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
    while (!condition()) {
      if (deadline.Passed()) return false;
      RealClock::Get()->Sleep(absl::Milliseconds(1));
    }
    return true;
  }

  testing::ScriptedExecutor executor_;
  Users users_;
  CountingGuard guard_;
  rpc::Metrics metrics_;
  MysqlListener::Options options_;
  std::unique_ptr<MysqlListener> listener_;
};

TEST_F(MysqlListenerTest, AUserLogsInAndCalls) {
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  const auto payloads = Ask(client, "CALL dump.servers('p')", Servers(2), "dump_servers");
  ASSERT_EQ(payloads.size(), 7u + 7u);
  EXPECT_EQ(mysqlrpc::testing::RowFields(payloads[5])[1], "1");
  EXPECT_EQ(mysqlrpc::testing::RowFields(payloads[12])[1], "1");
  ASSERT_EQ(executor_.calls().size(), 1u);
  EXPECT_EQ(executor_.calls()[0].first.user, "jon");
  EXPECT_TRUE(absl::StartsWith(executor_.calls()[0].first.peer, "127.0.0.1:"));
  EXPECT_EQ(executor_.calls()[0].second.arguments, (fabric::List{{std::string("p")}}));
  EXPECT_EQ(guard_.succeeded, 1);
}

TEST_F(MysqlListenerTest, WhoDoesNotProveAPasswordIsRefused) {
  Start();
  for (const char* user : {"jon", "digest_only", "nobody", ""}) {
    RawClient client(listener_->port());
    EXPECT_EQ(LogIn(client, user, "wrong"),
              absl::StrCat("1044 42000 [Fabric] Access denied for user '", user, "'"));
  }
  EXPECT_EQ(guard_.failed, 4);
  EXPECT_EQ(guard_.succeeded, 0);
}

TEST_F(MysqlListenerTest, WhoFailedTooOftenIsNotEvenLookedAt) {
  Start();
  guard_.may_try = false;
  RawClient client(listener_->port());
  EXPECT_TRUE(absl::StrContains(LogIn(client, "jon", "secret"), "too many logins failed"));
  EXPECT_EQ(guard_.failed + guard_.succeeded, 0);
}

TEST_F(MysqlListenerTest, NobodyComesInBeforeTheUsersAreKnown) {
  users_.Set(nullptr);
  Start();
  RawClient client(listener_->port());
  EXPECT_TRUE(absl::StrContains(LogIn(client, "jon", "secret"), "no controller"));
}

TEST_F(MysqlListenerTest, ASecondLoginAnswersAnotherChallenge) {
  Start();
  RawClient one(listener_->port());
  RawClient other(listener_->port());
  EXPECT_NE(one.Receive(kGreetingBytes).substr(4 + 18),
            other.Receive(kGreetingBytes).substr(4 + 18));
}

TEST_F(MysqlListenerTest, UnknownAndForbiddenCommandsAreNotExecuted) {
  executor_.Forbids("jon");
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  client.Send(Query("CALL no.such()"));
  EXPECT_EQ(ErrorText(Payloads(client.Receive())[0]), "1106 HY000 [Fabric] Unknown Fabric command");
  client.Send(Query("CALL dump.servers()"));
  EXPECT_EQ(ErrorText(Payloads(client.Receive())[0]),
            "1370 42000 [Fabric] Execute command denied to user 'jon' for command 'dump.servers'");
  EXPECT_TRUE(executor_.calls().empty());
}

TEST_F(MysqlListenerTest, AnAnswerFromAnotherThreadArrives) {
  executor_.Holds("group.promote");
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  client.Send(Query("CALL group.promote('g')") + Command(0x0e));
  ASSERT_TRUE(executor_.WaitForCalls(1));
  executor_.Release({"GroupError: no", {}});
  const std::string rows = mysqlrpc::Conversation::Rows({"GroupError: no", {}}, 1, "group_promote");
  EXPECT_EQ(client.Receive(rows.size()), rows);
  // What was sent behind it waited.
  EXPECT_EQ(client.Receive(kPongBytes).size(), kPongBytes);
}

TEST_F(MysqlListenerTest, WithoutLoginsEverybodyIsNobodyInParticular) {
  options_.asks_for_login = false;
  options_.users = nullptr;
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "anyone", "anything"), "");
  Ask(client, "CALL dump.servers()", Servers(2), "dump_servers");
  ASSERT_EQ(executor_.calls().size(), 1u);
  EXPECT_EQ(executor_.calls()[0].first.user, "");
}

TEST_F(MysqlListenerTest, WithoutLoginsItListensOnLoopbackOnly) {
  options_.asks_for_login = false;
  options_.listen = "0.0.0.0:0";
  EXPECT_EQ(ErrorReason(MysqlListener::Start(options_).status()), "INSECURE_LISTENER");
}

TEST_F(MysqlListenerTest, SaysThatItsAddressIsTaken) {
  Start();
  options_.listen = absl::StrCat("127.0.0.1:", listener_->port());
  EXPECT_EQ(ErrorReason(MysqlListener::Start(options_).status()), "ADDRESS_IN_USE");
  options_.listen = "nowhere";
  EXPECT_EQ(ErrorReason(MysqlListener::Start(options_).status()), "MALFORMED_ADDRESS");
}

TEST_F(MysqlListenerTest, WhoDoesNotLogInInTimeIsClosed) {
  options_.login_deadline = absl::Milliseconds(50);
  Start();
  RawClient silent(listener_->port());
  bool ended = false;
  EXPECT_EQ(silent.ReceiveAll(&ended).size(), kGreetingBytes);
  EXPECT_TRUE(ended);
}

TEST_F(MysqlListenerTest, WhoDripsACommandIsClosedAndWhoIsIdleIsNot) {
  options_.command_deadline = absl::Milliseconds(100);
  Start();
  RawClient idle(listener_->port());
  EXPECT_EQ(LogIn(idle, "jon", "secret"), "");
  RawClient slow(listener_->port());
  EXPECT_EQ(LogIn(slow, "jon", "secret"), "");
  bool sent = true;
  // Each byte of a long packet comes in time; all of them do not.
  for (int i = 0; i < 1000 && sent; ++i) {
    sent = slow.Send(std::string(1, i == 1 ? '\x7f' : '\0'));
    RealClock::Get()->Sleep(absl::Milliseconds(10));
  }
  EXPECT_FALSE(sent);
  EXPECT_EQ(slow.ReceiveAll(), "");
  EXPECT_TRUE(idle.Send(Command(0x0e)));
  EXPECT_EQ(idle.Receive(kPongBytes).size(), kPongBytes);
}

TEST_F(MysqlListenerTest, AnIdleConnectionIsClosed) {
  options_.idle_timeout = absl::Milliseconds(50);
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  bool ended = false;
  client.ReceiveAll(&ended);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(WaitFor([&] { return listener_->connections() == 0; }));
}

TEST_F(MysqlListenerTest, WhoDoesNotReadIsCutOffAndOthersAreServed) {
  options_.send_deadline = absl::Milliseconds(100);
  executor_.Answers("dump.servers", Servers(60'000));
  executor_.Answers("manage.ping", {});
  Start();
  RawClient deaf(listener_->port(), 4096);
  EXPECT_EQ(LogIn(deaf, "jon", "secret"), "");
  deaf.Send(Query("CALL dump.servers()"));
  RawClient other(listener_->port());
  EXPECT_EQ(LogIn(other, "jon", "secret"), "");
  EXPECT_EQ(Ask(other, "CALL manage.ping()", {}, "manage_ping").size(), 7u);
  EXPECT_TRUE(WaitFor([&] { return listener_->connections() == 1; }));
  EXPECT_EQ(metrics_.GetCounter("gateway_mysql_slow_readers_total", "").Value(), 1);
}

TEST_F(MysqlListenerTest, WhatAllClientsHaveNotReadIsBounded) {
  options_.max_unsent_bytes = 1 << 20;
  executor_.Answers("dump.servers", Servers(60'000));
  Start();
  RawClient deaf(listener_->port(), 4096);
  EXPECT_EQ(LogIn(deaf, "jon", "secret"), "");
  deaf.Send(Query("CALL dump.servers()"));
  EXPECT_TRUE(WaitFor([&] { return listener_->connections() == 0; }));
}

TEST_F(MysqlListenerTest, ALargeAnswerReachesWhoReadsIt) {
  executor_.Answers("dump.servers", Servers(60'000));
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  EXPECT_EQ(Ask(client, "CALL dump.servers()", Servers(60'000), "dump_servers").size(),
            7u + 5u + 60'000u);
}

TEST_F(MysqlListenerTest, TooManyConnectionsAreTurnedAway) {
  options_.max_connections = 2;
  Start();
  RawClient one(listener_->port());
  RawClient two(listener_->port());
  EXPECT_EQ(one.Receive(kGreetingBytes).size(), kGreetingBytes);
  EXPECT_EQ(two.Receive(kGreetingBytes).size(), kGreetingBytes);
  RawClient three(listener_->port());
  EXPECT_EQ(ErrorText(Payloads(three.ReceiveAll())[0]), "1040 08004 [Fabric] Too many connections");
  two.Close();
  EXPECT_TRUE(WaitFor([&] { return listener_->connections() == 1; }));
  RawClient four(listener_->port());
  EXPECT_EQ(four.Receive(kGreetingBytes).size(), kGreetingBytes);
}

TEST_F(MysqlListenerTest, OneAddressDoesNotTakeAllPlaces) {
  options_.max_connections_per_peer = 1;
  Start();
  RawClient one(listener_->port());
  EXPECT_EQ(one.Receive(kGreetingBytes).size(), kGreetingBytes);
  RawClient two(listener_->port());
  EXPECT_EQ(ErrorText(Payloads(two.ReceiveAll())[0]), "1040 08004 [Fabric] Too many connections");
}

TEST_F(MysqlListenerTest, APacketThatIsTooLongIsToldBeforeTheEnd) {
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  client.Send(std::string("\xff\xff\x7f\x00", 4) + std::string(60'000, 'x'));
  EXPECT_TRUE(absl::StrContains(ErrorText(Payloads(client.ReceiveAll())[0]), "max_allowed_packet"));
}

TEST_F(MysqlListenerTest, ItsEndWaitsForNoIdleClientAndNoLateAnswer) {
  executor_.Holds("group.promote");
  options_.drain_deadline = absl::Milliseconds(50);
  Start();
  RawClient idle(listener_->port());
  EXPECT_EQ(LogIn(idle, "jon", "secret"), "");
  RawClient busy(listener_->port());
  EXPECT_EQ(LogIn(busy, "jon", "secret"), "");
  busy.Send(Query("CALL group.promote('g')"));
  ASSERT_TRUE(executor_.WaitForCalls(1));
  listener_.reset();
  bool ended = false;
  idle.ReceiveAll(&ended);
  EXPECT_TRUE(ended);
  busy.ReceiveAll(&ended);
  EXPECT_TRUE(ended);
  executor_.Release({});
}

TEST_F(MysqlListenerTest, ACommandThatIsBeingExecutedIsAnsweredBeforeTheEnd) {
  executor_.Holds("group.promote");
  options_.drain_deadline = absl::Seconds(10);
  Start();
  RawClient client(listener_->port());
  EXPECT_EQ(LogIn(client, "jon", "secret"), "");
  client.Send(Query("CALL group.promote('g')"));
  ASSERT_TRUE(executor_.WaitForCalls(1));
  std::thread ending([&] { listener_.reset(); });
  executor_.Release({});
  EXPECT_EQ(Payloads(client.ReceiveAll()).size(), 7u);
  ending.join();
}

}  // namespace
}  // namespace weft::gateway
