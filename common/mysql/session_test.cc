// What a session does when there is no MySQL at the other end. Real servers: integration_test.cc.
#include "common/mysql/session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/testing/listener.h"

namespace weft::mysql {
namespace {

using ::weft::testing::Listener;

ConnectOptions To(int port) {
  ConnectOptions options;
  options.port = port;
  options.user = "nobody";
  options.password = "hunter2";
  options.connect_timeout = absl::Seconds(1);
  return options;
}

absl::Status Opening(const ConnectOptions& options, absl::Duration* took = nullptr) {
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  const absl::Status status = Session::Open(options).status();
  if (took != nullptr) *took = RealClock::Get()->MonotonicNow() - start;
  return status;
}

TEST(SessionTest, AClosedPortIsRefusedAtOnce) {
  Listener listener;
  listener.Close();
  absl::Duration took;
  const absl::Status status = Opening(To(listener.port()), &took);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(IsRefused(status)) << status;
  EXPECT_FALSE(IsTimeout(status));
  EXPECT_EQ(ClassifyContact(status), Contact::kUnreachable);
  EXPECT_LT(took, absl::Milliseconds(500));
  EXPECT_TRUE(absl::StartsWith(status.message(), "127.0.0.1:")) << status;
}

TEST(SessionTest, AnAbsentUnixSocketIsRefused) {
  ConnectOptions options = To(3306);
  options.unix_socket = "/nonexistent/mysql.sock";
  EXPECT_TRUE(IsRefused(Opening(options))) << Opening(options);
}

TEST(SessionTest, ASilentServerIsGivenUpInTime) {
  const Listener listener;
  absl::Duration took;
  const absl::Status status = Opening(To(listener.port()), &took);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(IsTimeout(status)) << status;
  EXPECT_FALSE(IsRefused(status));
  EXPECT_EQ(ClassifyContact(status), Contact::kUnreachable);
  EXPECT_GE(took, absl::Milliseconds(900));
  EXPECT_LT(took, absl::Milliseconds(1900));
}

TEST(SessionTest, APeerThatHangsUpIsUnreachableButNotRefused) {
  Listener listener;
  std::thread server([&listener] { close(listener.Accept()); });
  const absl::Status status = Opening(To(listener.port()));
  server.join();
  EXPECT_EQ(ClassifyContact(status), Contact::kUnreachable) << status;
  EXPECT_FALSE(IsRefused(status)) << status;
  EXPECT_FALSE(IsTimeout(status)) << status;
}

TEST(SessionTest, MalformedAddressesAreRefusedBeforeAnyContact) {
  for (const char* host : {"", "a b", "a/b", "[::1]", "a?b", "a@b"}) {
    ConnectOptions options = To(3306);
    options.host = host;
    EXPECT_EQ(ErrorReason(Opening(options)), "MALFORMED_ADDRESS") << host;
  }
  EXPECT_EQ(ErrorReason(Opening(To(0))), "MALFORMED_ADDRESS");
  EXPECT_EQ(ErrorReason(Opening(To(65536))), "MALFORMED_ADDRESS");
}

TEST(SessionTest, AnUnknownHostIsUnreachable) {
  ConnectOptions options = To(3306);
  options.host = "no.such.host.invalid";
  const absl::Status status = Opening(options);
  EXPECT_EQ(ClassifyContact(status), Contact::kUnreachable) << status;
  EXPECT_FALSE(IsRefused(status));
}

TEST(SessionTest, ErrorsNeverShowThePassword) {
  const Listener listener;
  EXPECT_FALSE(absl::StrContains(Opening(To(listener.port())).ToString(), "hunter2"));
}

TEST(ConnectOptionsTest, WritesAddressesAsPeopleDo) {
  EXPECT_EQ(To(3306).Address(), "127.0.0.1:3306");
  ConnectOptions options = To(3307);
  options.host = "::1";
  EXPECT_EQ(options.Address(), "[::1]:3307");
  options.unix_socket = "/run/mysqld.sock";
  EXPECT_EQ(options.Address(), "/run/mysqld.sock");
}

}  // namespace
}  // namespace weft::mysql
