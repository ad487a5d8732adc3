// What a session does when there is no MySQL at the other end. Real servers: integration_test.cc.
#include "common/mysql/session.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"

namespace weft::mysql {
namespace {

// A port of this machine that listens, and does nothing else by itself.
class Listener {
 public:
  Listener() {
    descriptor_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(descriptor_, 16), 0);
    EXPECT_EQ(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { Close(); }

  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }
  int Accept() { return accept(descriptor_, nullptr, nullptr); }
  int port() const { return port_; }

 private:
  int descriptor_ = -1;
  int port_ = 0;
};

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
