#include "services/cli/fabric/config.h"

#include <string>

#include "common/base/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Config Parsed(const std::string& text) {
  absl::StatusOr<Config> config = Config::Parse(text, "fabric.cfg");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *std::move(config) : Config();
}

std::string Value(const Config& config, const char* section, const char* option) {
  const auto value = config.Get(section, option);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? value->value_or("(none)") : "(bad)";
}

std::string ParseError(const std::string& text) {
  const absl::StatusOr<Config> config = Config::Parse(text, "fabric.cfg");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return DescribeError(config.status());
}

constexpr char kFile[] = R"(# A comment of any length: )"
                         R"(---------------------------------------------------------------------)"
                         R"(---------------------------------------------------------------------)"
                         R"(-----------------------------------------------------------------
[DEFAULT]
prefix = /usr/local
sysconfdir = %(prefix)s/etc
logdir = /var/log

[storage]
address = localhost:3306
User=fabric   ; who logs in
password =
database: fabric

[protocol.xmlrpc]
address = localhost:32274
password = a;b=c 100%%
ssl_ca = %(sysconfdir)s/ca.pem
)";

TEST(ConfigTest, ReadsSectionsOptionsAndComments) {
  const Config config = Parsed(kFile);
  EXPECT_EQ(Value(config, "storage", "address"), "localhost:3306");
  EXPECT_EQ(Value(config, "storage", "user"), "fabric");
  EXPECT_EQ(Value(config, "storage", "USER"), "fabric");
  EXPECT_EQ(Value(config, "storage", "password"), "");
  EXPECT_EQ(Value(config, "storage", "database"), "fabric");
  EXPECT_EQ(Value(config, "storage", "nothing"), "(none)");
  EXPECT_EQ(Value(config, "Storage", "address"), "(none)");
  EXPECT_TRUE(config.HasSection("protocol.xmlrpc"));
  EXPECT_FALSE(config.HasSection("protocol.mysql"));
}

TEST(ConfigTest, ReplacesNamesInValues) {
  const Config config = Parsed(kFile);
  EXPECT_EQ(Value(config, "protocol.xmlrpc", "ssl_ca"), "/usr/local/etc/ca.pem");
  EXPECT_EQ(Value(config, "protocol.xmlrpc", "password"), "a;b=c 100%");
  EXPECT_EQ(Value(config, "storage", "logdir"), "/var/log");
}

TEST(ConfigTest, RefusesNamesThatLeadNowhereAndShowsNoValue) {
  const Config config =
      Parsed("[a]\nx = %(y)s\ny = %(x)s\nz = %(none)s\npassword = sec%ret\npw = secret%(open\n");
  for (const char* option : {"x", "z", "password", "pw"}) {
    const auto value = config.Get("a", option);
    EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument) << option;
    EXPECT_THAT(DescribeError(value.status()), HasSubstr(option));
    EXPECT_THAT(DescribeError(value.status()), Not(HasSubstr("ret")));
  }
}

TEST(ConfigTest, TheLastValueHolds) {
  EXPECT_EQ(Value(Parsed("[a]\nX=1\n[b]\nx=2\n[a]\nx=3\n"), "a", "x"), "3");
}

TEST(ConfigTest, NamesAllThatIsSaidOutsideOfTheDefaults) {
  EXPECT_THAT(Parsed("[b]\nz=1\n[DEFAULT]\nq=1\n[a]\nB=1\nA=\n").Names(),
              ElementsAre(Pair("a", "a"), Pair("a", "b"), Pair("b", "z")));
}

TEST(ConfigTest, SaysWhichLineIsWrong) {
  EXPECT_THAT(ParseError("[a]\nx=1\nnonsense\n"), HasSubstr("fabric.cfg, line 3"));
  EXPECT_THAT(ParseError("x=1\n"), HasSubstr("fabric.cfg, line 1"));
  EXPECT_THAT(ParseError("[a\nx=1\n"), HasSubstr("line 1"));
  EXPECT_THAT(ParseError("[a]\nx=1\n  and more\n"), HasSubstr("line 3"));
  const std::string secret = ParseError("[a]\n\npassword=" + std::string(190, 's') + "\n");
  EXPECT_THAT(secret, HasSubstr("line 3: longer than 198 bytes"));
  EXPECT_THAT(secret, Not(HasSubstr("ssss")));
}

TEST(ConfigTest, TakesTheLongestLineWhole) {
  const std::string value(190, 'v');
  EXPECT_EQ(Value(Parsed("[a]\nlong__ =" + value + "\n"), "a", "long__"), value);
}

TEST(ConfigTest, AcceptsAnEmptyFileAndLinesOfWindows) {
  EXPECT_THAT(Parsed("").Names(), ElementsAre());
  EXPECT_EQ(Value(Parsed("[a]\r\nx = 1\r\n"), "a", "x"), "1");
}

TEST(ConfigTest, AParameterOverridesTheFile) {
  Config config = Parsed(kFile);
  ASSERT_TRUE(config.Override("protocol.xmlrpc.Address=h:1").ok());
  ASSERT_TRUE(config.Override("new.section.x=a=b").ok());
  ASSERT_TRUE(config.Override("storage.password=").ok());
  EXPECT_EQ(Value(config, "protocol.xmlrpc", "address"), "h:1");
  EXPECT_EQ(Value(config, "new.section", "x"), "a=b");
  EXPECT_EQ(Value(config, "storage", "password"), "");
}

TEST(ConfigTest, RefusesAParameterWithoutSectionOrValueAndDoesNotShowIt) {
  for (const char* parameter : {"x=secret", "a.b", ".x=secret", "a.=secret", "", "=secret"}) {
    const absl::Status status = Config().Override(parameter);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << parameter;
    EXPECT_THAT(DescribeError(status), Not(HasSubstr("secret")));
  }
}

TEST(ConfigTest, LooksForTheFileWhereTheProgramWasInstalled) {
  EXPECT_EQ(DefaultConfigPath("/usr/bin/mysqlfabric"), "/etc/mysql/fabric.cfg");
  EXPECT_EQ(DefaultConfigPath("/bin/mysqlfabric"), "/etc/mysql/fabric.cfg");
  EXPECT_EQ(DefaultConfigPath("/usr/local/bin/mysqlfabric"), "/usr/local/etc/mysql/fabric.cfg");
  EXPECT_EQ(DefaultConfigPath("/opt/weft/bin/mysqlfabric"), "/opt/weft/etc/mysql/fabric.cfg");
  EXPECT_EQ(DefaultConfigPath("/build/mysqlfabric"), "/etc/mysql/fabric.cfg");
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
