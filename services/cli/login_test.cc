#include "services/cli/login.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/cli/testing/fake_console.h"

namespace weft::cli {
namespace {

class LoginTest : public testing::Test {
 protected:
  // A file that only its owner may read.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(dir_, "/", name);
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
  // A sandbox in dir_, as its engine writes it.
  void MakeSandbox(const std::string& controller) {
    sandbox::Layout layout;
    layout.dir = dir_;
    if (!controller.empty()) {
      layout.controllers = {controller, "127.0.0.1:20002"};
      layout.controller = controller;
    }
    layout.admin = {"boss", Write("admin.pw", "sandbox-secret\n")};
    Write("sandbox.json", sandbox::ToJson(layout));
  }
  // The login at the first controller.
  rpc::ChannelOptions Resolve(const Options& options, const Variables& variables) {
    const auto logins = ResolveLogin(options, variables, &console_);
    EXPECT_TRUE(logins.ok()) << logins.status();
    return logins.ok() ? logins->front() : rpc::ChannelOptions();
  }
  static std::vector<std::string> AddressesOf(const std::vector<rpc::ChannelOptions>& logins) {
    std::vector<std::string> addresses;
    addresses.reserve(logins.size());
    for (const rpc::ChannelOptions& login : logins) addresses.push_back(login.address);
    return addresses;
  }

  const std::string dir_ = testing::TempDir();
  FakeConsole console_;
};

TEST_F(LoginTest, WithoutAnythingItIsTheLocalControllerWithoutALogin) {
  const auto login = Resolve({}, {});
  EXPECT_EQ(login.address, "127.0.0.1:32280");
  EXPECT_TRUE(login.credentials.empty());
}

TEST_F(LoginTest, TheCommandLineWinsOverTheEnvironment) {
  Options options;
  options.controller = "a:1";
  options.user = "me";
  options.password_file = Write("mine.pw", "mine");
  const auto login = Resolve(
      options, {{"WEFT_CONTROLLER", "b:2"}, {"WEFT_USER", "you"}, {"WEFT_PASSWORD", "yours"}});
  EXPECT_EQ(login.address, "a:1");
  EXPECT_EQ(login.credentials.user, "me");
  EXPECT_EQ(login.credentials.password, "mine");
}

TEST_F(LoginTest, TheEnvironmentSuffices) {
  const auto login = Resolve({}, {{"WEFT_CONTROLLER", "b:2"}, {"WEFT_PASSWORD", "yours"}});
  EXPECT_EQ(login.address, "b:2");
  EXPECT_EQ(login.credentials.user, "admin");
  EXPECT_EQ(login.credentials.password, "yours");
  const std::string file = Write("env.pw", "from-file\n");
  EXPECT_EQ(Resolve({}, {{"WEFT_PASSWORD_FILE", file}}).credentials.password, "from-file");
}

TEST_F(LoginTest, ASandboxNeedsNothingElse) {
  MakeSandbox("127.0.0.1:20001");
  Options options;
  options.sandbox = dir_;
  for (const auto& login : {Resolve(options, {}), Resolve({}, {{"WEFT_SANDBOX", dir_}}),
                            Resolve(options, {{"WEFT_CONTROLLER", "b:2"}})}) {
    EXPECT_EQ(login.address, "127.0.0.1:20001");
    EXPECT_EQ(login.credentials.user, "boss");
    EXPECT_EQ(login.credentials.password, "sandbox-secret");
  }
}

TEST_F(LoginTest, SeveralControllersHaveOneLogin) {
  Options options;
  options.controller = "a:1, b:2,,c:3";
  auto logins = ResolveLogin(options, {{"WEFT_PASSWORD", "secret"}}, &console_);
  ASSERT_TRUE(logins.ok()) << logins.status();
  EXPECT_EQ(AddressesOf(*logins), (std::vector<std::string>{"a:1", "b:2", "c:3"}));
  for (const auto& login : *logins) EXPECT_EQ(login.credentials.password, "secret");
  logins = ResolveLogin({}, {{"WEFT_CONTROLLER", "b:2,a:1"}}, &console_);
  ASSERT_TRUE(logins.ok()) << logins.status();
  EXPECT_EQ(AddressesOf(*logins), (std::vector<std::string>{"b:2", "a:1"}));
}

TEST_F(LoginTest, ASandboxNamesAllItsControllers) {
  MakeSandbox("127.0.0.1:20001");
  Options options;
  options.sandbox = dir_;
  auto logins = ResolveLogin(options, {}, &console_);
  ASSERT_TRUE(logins.ok()) << logins.status();
  EXPECT_EQ(AddressesOf(*logins), (std::vector<std::string>{"127.0.0.1:20001", "127.0.0.1:20002"}));
  for (const auto& login : *logins) EXPECT_EQ(login.credentials.password, "sandbox-secret");
  // One of them alone, with the sandbox's login.
  options.controller = "127.0.0.1:20002";
  logins = ResolveLogin(options, {}, &console_);
  ASSERT_TRUE(logins.ok()) << logins.status();
  EXPECT_EQ(AddressesOf(*logins), std::vector<std::string>{"127.0.0.1:20002"});
  EXPECT_EQ(logins->front().credentials.user, "boss");
}

TEST_F(LoginTest, CommasWithoutAnAddressAreAMistake) {
  Options options;
  options.controller = " , ";
  const auto logins = ResolveLogin(options, {}, &console_);
  EXPECT_TRUE(absl::IsInvalidArgument(logins.status()));
  EXPECT_EQ(GetErrorDetail(logins.status())->expected,
            "HOST:PORT, or several with commas between them");
}

TEST_F(LoginTest, ANamedControllerIsNotGivenTheLoginOfASandboxFromTheEnvironment) {
  MakeSandbox("127.0.0.1:20001");
  Options options;
  options.controller = "a:1";
  const auto login = Resolve(options, {{"WEFT_SANDBOX", dir_}});
  EXPECT_EQ(login.address, "a:1");
  EXPECT_TRUE(login.credentials.empty());
  EXPECT_TRUE(
      Resolve({}, {{"WEFT_SANDBOX", dir_}, {"WEFT_CONTROLLER", "b:2"}}).credentials.empty());
}

TEST_F(LoginTest, AMissingSandboxSaysHowToMakeOne) {
  Options options;
  options.sandbox = "/nonexistent";
  const auto login = ResolveLogin(options, {}, &console_);
  EXPECT_EQ(login.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetErrorDetail(login.status())->next_step, "weft sandbox up --dir /nonexistent");
}

TEST_F(LoginTest, ASandboxWithoutAControllerSaysSo) {
  MakeSandbox("");
  EXPECT_EQ(ErrorReason(ResolveLogin({}, {{"WEFT_SANDBOX", dir_}}, &console_).status()),
            "SANDBOX_WITHOUT_CONTROLLER");
}

TEST_F(LoginTest, AsksForThePasswordOfANamedUserOnATerminalOnly) {
  Options options;
  options.user = "me";
  FakeConsole terminal(true);
  terminal.Answer("typed");
  const auto login = ResolveLogin(options, {}, &terminal);
  ASSERT_TRUE(login.ok());
  EXPECT_EQ(login->front().credentials.password, "typed");
  EXPECT_EQ(terminal.err(), "Password of me: ");
  const auto refused = ResolveLogin(options, {}, &console_);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(refused.status()), "PASSWORD_MISSING");
}

TEST_F(LoginTest, ATokenStandsForUserAndPassword) {
  Options options;
  options.token_file = Write("mine.token", "t0ken\n");
  const Variables variables = {{"WEFT_USER", "you"}, {"WEFT_PASSWORD", "yours"}};
  rpc::Credentials credentials = Resolve(options, variables).credentials;
  EXPECT_EQ(rpc::Authorization(credentials), "Bearer t0ken");
  EXPECT_EQ(credentials.user, "");
  const Variables elsewhere = {{"WEFT_TOKEN_FILE", Write("other.token", "other")},
                               {"WEFT_PASSWORD", "yours"}};
  EXPECT_EQ(Resolve(options, elsewhere).credentials.token, "t0ken");
  EXPECT_EQ(Resolve({}, elsewhere).credentials.token, "other");
}

TEST_F(LoginTest, WhoSaysWhoLogsInIsNotGivenTheTokenOfTheEnvironment) {
  MakeSandbox("127.0.0.1:20001");
  const Variables variables = {{"WEFT_TOKEN_FILE", Write("env.token", "t0ken")}};
  Options options;
  options.user = "me";
  options.password_file = Write("mine.pw", "mine");
  EXPECT_EQ(rpc::Authorization(Resolve(options, variables).credentials),
            rpc::BasicAuthorization({"me", "mine", ""}));
  options = {};
  options.sandbox = dir_;
  EXPECT_EQ(Resolve(options, variables).credentials.user, "boss");
  // A sandbox that is asked with another's token.
  options.token_file = Write("mine.token", "mine");
  const auto login = Resolve(options, variables);
  EXPECT_EQ(login.address, "127.0.0.1:20001");
  EXPECT_EQ(rpc::Authorization(login.credentials), "Bearer mine");
}

TEST_F(LoginTest, ATokenBesideAUserIsAMistake) {
  Options options;
  options.token_file = Write("mine.token", "t0ken");
  options.user = "me";
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveLogin(options, {}, &console_).status()));
  options.user = "";
  options.password_file = Write("mine.pw", "mine");
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveLogin(options, {}, &console_).status()));
}

TEST_F(LoginTest, ATokenFileThatOthersMayReadIsRefused) {
  Options options;
  options.token_file = Write("open.token", "x");
  chmod(options.token_file.c_str(), 0644);
  EXPECT_TRUE(absl::IsFailedPrecondition(ResolveLogin(options, {}, &console_).status()));
}

TEST_F(LoginTest, APasswordFileThatOthersMayReadIsRefused) {
  Options options;
  options.password_file = Write("open.pw", "x");
  chmod(options.password_file.c_str(), 0644);
  EXPECT_EQ(ResolveLogin(options, {}, &console_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(LoginTest, TlsComesFromOptionsOrTheEnvironment) {
  const auto login =
      Resolve({}, {{"WEFT_TLS_CA", "ca"}, {"WEFT_TLS_CERT", "c"}, {"WEFT_TLS_KEY", "k"}});
  EXPECT_EQ(login.ca_file, "ca");
  EXPECT_EQ(login.certificate_file, "c");
  EXPECT_EQ(login.key_file, "k");
  EXPECT_FALSE(login.allow_insecure);
}

}  // namespace
}  // namespace weft::cli
