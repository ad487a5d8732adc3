// Who calls a whole controller with a certificate, over real TLS.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/rpc/auth.h"
#include "common/rpc/channel.h"
#include "common/rpc/serve.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

const rpc::Credentials kAdmin = {"admin", "admin's", ""};

class ControllerTlsTest : public ControllerFixture {
 protected:
  ControllerTlsTest() {
    StartGuarded(kAdmin);
    Run(absl::StrCat("mkdir -p '", folder_, "'"));
    MakeAuthority("ca");
    Certify("node", "ca", "-addext subjectAltName=DNS:localhost,IP:127.0.0.1");
    rpc::Server::Options options;
    options.name = "weft-controller";
    options.listen = "127.0.0.1:0";
    options.services = process_->controller().services();
    options.certificate_file = File("node.pem");
    options.key_file = File("node.key");
    options.client_ca_file = File("ca.pem");
    auto server = rpc::Server::Start(std::move(options));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    Certify("admin", "ca");
    absl::Status created;
    Await("the admin is a user",
          [&] { return (created = CreateUser("jane", {"connector"})).ok(); });
    EXPECT_TRUE(created.ok()) << created;
    Certify("jane", "ca");
  }
  ~ControllerTlsTest() override { Run(absl::StrCat("rm -r '", folder_, "'")); }

  std::string File(const std::string& name) { return absl::StrCat(folder_, "/", name); }
  void Run(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }
  void MakeAuthority(const std::string& name) { Request(name, "-x509 -days 2"); }
  // NAME.pem and NAME.key, of a common name NAME.
  void Certify(const std::string& name, const std::string& authority,
               const std::string& extension = "") {
    Request(name, absl::StrCat("-x509 -days 2 -CA '", File(authority + ".pem"), "' -CAkey '",
                               File(authority + ".key"), "' ", extension));
  }
  void Request(const std::string& name, const std::string& options) {
    Run(absl::StrCat(
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=", name, " ",
        options, " -keyout '", File(name + ".key"), "' -out '", File(name + ".pem"), "' 2>>'",
        File("openssl.log"), "'"));
  }

  // A channel that shows the certificate NAME.pem, if any, and logs in, if at all.
  std::shared_ptr<grpc::Channel> Dial(const std::string& name,
                                      const rpc::Credentials& credentials = {}) {
    rpc::ChannelOptions options;
    options.address = server_->address();
    options.ca_file = File("ca.pem");
    if (!name.empty()) {
      options.certificate_file = File(name + ".pem");
      options.key_file = File(name + ".key");
    }
    options.credentials = credentials;
    const auto channel = rpc::Connect(options);
    EXPECT_TRUE(channel.ok()) << channel.status();
    return *channel;
  }
  // What every role may ask.
  absl::Status AskStatus(const std::string& name, const rpc::Credentials& credentials = {}) {
    const auto node = v1::Node::NewStub(Dial(name, credentials));
    return Call(*node, &v1::Node::Stub::GetNodeStatus, v1::GetNodeStatusRequest()).status();
  }
  // What only those may ask who administer users.
  absl::Status AskRoles(const std::string& name, const rpc::Credentials& credentials = {}) {
    const auto users = v1::Users::NewStub(Dial(name, credentials));
    return Call(*users, &v1::Users::Stub::ListRoles, v1::ListRolesRequest()).status();
  }
  // One that has no password.
  absl::Status CreateUser(const std::string& name, const std::vector<std::string>& roles) {
    const auto users = v1::Users::NewStub(Dial("admin", kAdmin));
    v1::CreateUserRequest request;
    request.set_user_id(name);
    request.set_no_password(true);
    for (const std::string& role : roles) request.add_roles(role);
    return Call(*users, &v1::Users::Stub::CreateUser, request).status();
  }

  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/controller-tls-", getpid());
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(ControllerTlsTest, TheCommonNameIsTheUserAndItsRolesDecide) {
  EXPECT_TRUE(AskStatus("jane").ok()) << AskStatus("jane");
  const absl::Status refused = AskRoles("jane");
  EXPECT_EQ(ErrorReason(refused), "NO_RIGHT") << refused;
  EXPECT_EQ(GetErrorDetail(refused)->found, "roles connector");
  ASSERT_TRUE(CreateUser("boss", {"useradmin"}).ok());
  Certify("boss", "ca");
  EXPECT_TRUE(AskRoles("boss").ok()) << AskRoles("boss");
}

TEST_F(ControllerTlsTest, AnUnknownNameIsRefused) {
  Certify("stranger", "ca");
  const absl::Status status = AskStatus("stranger");
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_CERTIFICATE");
}

TEST_F(ControllerTlsTest, AUserThatIsDeletedIsUnknown) {
  const auto users = v1::Users::NewStub(Dial("admin", kAdmin));
  v1::DeleteUserRequest request;
  request.set_name("users/jane");
  ASSERT_TRUE(Call(*users, &v1::Users::Stub::DeleteUser, request).ok());
  EXPECT_EQ(ErrorReason(AskStatus("jane")), "UNKNOWN_CERTIFICATE");
}

TEST_F(ControllerTlsTest, OnlyTheRightAuthorityMakesAName) {
  MakeAuthority("other");
  Certify("jane", "other");
  EXPECT_TRUE(absl::IsUnavailable(AskStatus("jane"))) << AskStatus("jane");
  EXPECT_TRUE(absl::IsUnavailable(AskStatus(""))) << AskStatus("");
}

TEST_F(ControllerTlsTest, ALoginGoesBeforeTheCertificate) {
  EXPECT_TRUE(AskRoles("jane", kAdmin).ok()) << AskRoles("jane", kAdmin);
  EXPECT_EQ(ErrorReason(AskStatus("jane", {"jane", "wrong", ""})), "WRONG_LOGIN");
}

}  // namespace
}  // namespace weft::controller
