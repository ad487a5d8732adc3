#include "common/model/ids.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft {
namespace {

using ::testing::HasSubstr;

TEST(ServerUuidTest, ParsesAnyLetterCaseAndTrimsBlanks) {
  const auto uuid = ServerUuid::Parse(" 3E11FA47-71CA-11E1-9E33-C80AA9429562\n");
  ASSERT_TRUE(uuid.ok());
  EXPECT_EQ(uuid->text(), "3e11fa47-71ca-11e1-9e33-c80aa9429562");
  EXPECT_FALSE(uuid->empty());
}

TEST(ServerUuidTest, RefusesWhatIsNotAUuidAndShowsIt) {
  for (const char* text :
       {"", "a", "3e11fa47-71ca-11e1-9e33-c80aa942956", "3e11fa47-71ca-11e1-9e33-c80aa94295622",
        "3e11fa47071ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa942956g"}) {
    const auto uuid = ServerUuid::Parse(text);
    ASSERT_FALSE(uuid.ok()) << text;
    EXPECT_EQ(uuid.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(uuid.status().message()), HasSubstr(text));
  }
}

TEST(ServerUuidTest, DefaultMeansNone) { EXPECT_TRUE(ServerUuid().empty()); }

struct GoodAddress {
  const char* text;
  const char* host;
  int port;
};

TEST(HostPortTest, ParsesEachForm) {
  for (const GoodAddress& good : {
           GoodAddress{"db1", "db1", 3306},
           GoodAddress{"db1.example.com:3307", "db1.example.com", 3307},
           GoodAddress{"10.0.0.1:1", "10.0.0.1", 1},
           GoodAddress{" db_1:65535 ", "db_1", 65535},
           GoodAddress{"[::1]:3307", "::1", 3307},
           GoodAddress{"[2001:db8::7]", "2001:db8::7", 3306},
           GoodAddress{"2001:db8::7", "2001:db8::7", 3306},
           GoodAddress{"[fe80::1%eth0]:3306", "fe80::1%eth0", 3306},
           GoodAddress{"::ffff:10.0.0.1", "::ffff:10.0.0.1", 3306},
       }) {
    const auto address = HostPort::Parse(good.text);
    ASSERT_TRUE(address.ok()) << good.text << ": " << address.status();
    EXPECT_EQ(address->host, good.host);
    EXPECT_EQ(address->port, good.port);
  }
}

TEST(HostPortTest, RefusesMalformedAddressesAndSaysWhatWasExpected) {
  for (const char* text : {"", ":3306", "db1:", "db1:0", "db1:65536", "db1:33x", "db1:-1", "db1:+1",
                           "[::1", "[::1]3306", "[db1]:3306", "a b", "db1;drop", "'db1'", "::g",
                           "-db1", "db1:99999999999999999999"}) {
    const auto address = HostPort::Parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("host:port")) << text;
  }
}

TEST(HostPortTest, PrintsWhatItParses) {
  for (const char* text : {"db1:3306", "10.0.0.1:3307", "[::1]:3306"}) {
    EXPECT_EQ(HostPort::Parse(text)->ToString(), text);
  }
}

TEST(GroupIdTest, AcceptsWhatTheLegacyWireCarries) {
  for (const std::string& id : {std::string("g1"), std::string("_a.b-C"), std::string(64, 'x')}) {
    EXPECT_TRUE(ValidateGroupId(id).ok()) << id;
  }
}

TEST(GroupIdTest, RefusesEmptyLongQuotedAndOddNames) {
  for (const std::string& id : {std::string(), std::string(65, 'x'), std::string("a'b"),
                                std::string("a b"), std::string("-a"), std::string(".a"),
                                std::string("a\"b"), std::string("a/b"), std::string("\xc3\xa4")}) {
    EXPECT_EQ(ValidateGroupId(id).code(), absl::StatusCode::kInvalidArgument) << id;
  }
}

TEST(ZoneTest, IsNoneOrNamedAsAGroupIs) {
  for (const std::string& zone : {std::string(), std::string("north-2"), std::string(64, 'x')}) {
    EXPECT_TRUE(ValidateZone(zone).ok()) << zone;
  }
  EXPECT_EQ(ValidateZone("a b").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ValidateZone(std::string(65, 'x')).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weft
