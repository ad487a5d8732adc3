// weft user, weft role: what they send, and what they print.
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "services/cli/testing/cli_fixture.h"

namespace weft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UsersTest : public CliTest {
 protected:
  std::string LastRequest(const std::string& method) {
    const std::vector<std::string> requests = controller_.Requests(method);
    return requests.empty() ? "none" : requests.back();
  }
  // A file with a password that its owner alone may read.
  std::string PasswordFile(const std::string& password) {
    const std::string path = absl::StrCat(testing::TempDir(), "/password");
    std::ofstream(path) << password << "\n";
    chmod(path.c_str(), 0600);
    return path;
  }
  void MakeJane() {
    ASSERT_EQ(Run({"user", "create", "jane", "--roles", "connector", "--new-password-file",
                   PasswordFile("secret")}),
              kExitOk)
        << err();
  }
};

TEST_F(UsersTest, ANewUsersPasswordIsAskedForTwiceAndNeverShown) {
  UseTerminal();
  console_->Answer("secret");
  console_->Answer("secret");
  EXPECT_EQ(Run({"user", "create", "jane", "--roles", "connector,observation"}), kExitOk) << err();
  EXPECT_EQ(out(), "user jane created\n");
  EXPECT_THAT(LastRequest("CreateUser"), HasSubstr("password: \"secret\""));
  EXPECT_THAT(LastRequest("CreateUser"), HasSubstr("roles: \"connector\" roles: \"observation\""));
  EXPECT_THAT(absl::StrCat(out(), err()), Not(HasSubstr("secret")));
}

TEST_F(UsersTest, TwoPasswordsThatDifferAreRefused) {
  UseTerminal();
  console_->Answer("secret");
  console_->Answer("secrte");
  EXPECT_NE(Run({"user", "create", "jane"}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("not the same"));
  EXPECT_EQ(LastRequest("CreateUser"), "none");
}

TEST_F(UsersTest, APasswordComesFromAFileWhereNobodyCanBeAsked) {
  MakeJane();
  EXPECT_THAT(LastRequest("CreateUser"), HasSubstr("password: \"secret\""));
  EXPECT_NE(Run({"user", "password", "jane"}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("--new-password-file"));
  EXPECT_NE(Run({"user", "password", "jane", "--password", "x"}), kExitOk);
  EXPECT_EQ(LastRequest("SetPassword"), "none");
}

TEST_F(UsersTest, AUserOfCertificatesNeedsNoPassword) {
  EXPECT_EQ(Run({"user", "create", "m1", "--roles", "monitor", "--no-password"}), kExitOk) << err();
  EXPECT_THAT(LastRequest("CreateUser"), HasSubstr("no_password: true"));
}

TEST_F(UsersTest, APasswordMayBeForSomeProtocols) {
  MakeJane();
  EXPECT_EQ(Run({"user", "password", "users/jane", "--protocols", "mysql,XMLRPC", "--remove"}),
            kExitOk)
      << err();
  EXPECT_THAT(LastRequest("SetPassword"), HasSubstr("protocols: MYSQL protocols: XMLRPC"));
  EXPECT_THAT(LastRequest("SetPassword"), HasSubstr("remove: true"));
  EXPECT_EQ(Run({"user", "password", "jane", "--protocols", "smoke", "--remove"}), kExitUsage);
}

TEST_F(UsersTest, RolesAreReplaced) {
  MakeJane();
  EXPECT_EQ(Run({"user", "roles", "jane", "monitor,gateway"}), kExitOk) << err();
  EXPECT_THAT(out(), HasSubstr("monitor, gateway"));
  EXPECT_EQ(Run({"user", "roles", "jane"}), kExitOk) << err();
  EXPECT_THAT(out(), HasSubstr("none: may do nothing"));
}

TEST_F(UsersTest, DeletingAsks) {
  MakeJane();
  EXPECT_NE(Run({"user", "delete", "jane"}), kExitOk);
  EXPECT_EQ(LastRequest("DeleteUser"), "none");
  EXPECT_EQ(Run({"user", "delete", "jane", "--dry-run"}), kExitOk) << err();
  EXPECT_THAT(LastRequest("DeleteUser"), HasSubstr("validate_only: true"));
}

TEST_F(UsersTest, UsersAndRolesAreListed) {
  MakeJane();
  EXPECT_EQ(Run({"user", "disable", "jane"}), kExitOk) << err();
  EXPECT_EQ(Run({"user", "list"}), kExitOk) << err();
  EXPECT_THAT(out(), HasSubstr("jane"));
  EXPECT_THAT(out(), HasSubstr("disabled"));
  EXPECT_EQ(Run({"user", "list", "-o", "json"}), kExitOk) << err();
  EXPECT_THAT(out(), HasSubstr("\"roles\":[\"connector\"]"));
  EXPECT_EQ(Run({"role", "list"}), kExitOk) << err();
  EXPECT_THAT(out(), HasSubstr("core.dump"));
}

TEST_F(UsersTest, ATokenIsPrintedAlone) {
  EXPECT_EQ(Run({"user", "token", "--lifetime", "8h"}), kExitOk) << err();
  EXPECT_EQ(out(), "weft1.token\n");
  EXPECT_THAT(LastRequest("IssueToken"), HasSubstr("seconds: 28800"));
}

}  // namespace
}  // namespace weft::cli
