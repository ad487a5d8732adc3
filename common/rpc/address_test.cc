#include "common/rpc/address.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"
#include "common/base/testing/listener.h"

namespace weft::rpc {
namespace {

TEST(AddressTest, ReadsNamesAndBothKindsOfAddresses) {
  for (const char* text : {"localhost:32280", "127.0.0.1:0", "[::1]:65535", "db-1.example:1"}) {
    const auto endpoint = ParseEndpoint(text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->ToString(), text);
  }
  EXPECT_EQ(ParseEndpoint("[::1]:65535")->host, "::1");
}

TEST(AddressTest, RefusesMalformedAddresses) {
  for (const char* text : {"", "host", "host:", ":1", "host:x", "host:65536", "host:-1", "::1",
                           "[::1]", "[::1:1", "::1]:1", "[host]:1", "ho st:1", "host:+1"}) {
    EXPECT_EQ(ErrorReason(ParseEndpoint(text).status()), "MALFORMED_ADDRESS") << text;
  }
}

TEST(AddressTest, KnowsLoopback) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "1.127.0.0", "localhost.example", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(AddressTest, AnAddressInUseIsRefusedWithWhatToDo) {
  weft::testing::Listener listener;
  const Endpoint endpoint{.host = "127.0.0.1", .port = listener.port()};

  const absl::Status status = CheckBindable(endpoint);
  EXPECT_EQ(ErrorReason(status), "ADDRESS_IN_USE") << status;
  EXPECT_NE(GetErrorDetail(status)->next_step, "");
  listener.Close();
  EXPECT_TRUE(CheckBindable(endpoint).ok());
}

TEST(AddressTest, AForeignAddressCannotBeListenedOn) {
  EXPECT_EQ(ErrorReason(CheckBindable({.host = "192.0.2.1", .port = 0})), "CANNOT_LISTEN");
  EXPECT_EQ(ErrorReason(CheckBindable({.host = "no.such.host.invalid", .port = 0})),
            "UNKNOWN_HOST");
}

}  // namespace
}  // namespace weft::rpc
