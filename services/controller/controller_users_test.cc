// The Users service of a whole controller, over gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "common/base/error_details.h"
#include "common/rpc/auth.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

const rpc::Credentials kAdmin = {"admin", "admin's", ""};

class ControllerUsersTest : public ControllerFixture {
 protected:
  ControllerUsersTest() {
    StartGuarded(kAdmin);
    stub_ = v1::Users::NewStub(process_->channel());
    Await("the admin is a user", [&] { return Get("admin").ok(); });
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(grpc::Status (v1::Users::Stub::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*),
                               const Request& request, const rpc::Credentials& caller = kAdmin) {
    grpc::ClientContext context;
    rpc::SetDeadline(context, absl::Seconds(30));
    context.AddMetadata("authorization", rpc::Authorization(caller));
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return rpc::FromGrpc(status);
    return response;
  }
  absl::StatusOr<v1::User> Create(const std::string& name, const std::vector<std::string>& roles,
                                  const rpc::Credentials& caller = kAdmin,
                                  const std::string& request_id = "") {
    v1::CreateUserRequest request;
    request.set_user_id(name);
    request.set_password(absl::StrCat(name, "'s"));
    for (const std::string& role : roles) request.add_roles(role);
    request.set_request_id(request_id);
    return Ask(&v1::Users::Stub::CreateUser, request, caller);
  }
  absl::StatusOr<v1::User> Get(const std::string& name) {
    v1::GetUserRequest request;
    request.set_name(name);
    return Ask(&v1::Users::Stub::GetUser, request);
  }
  absl::StatusOr<v1::User> SetRoles(const std::string& name, const std::vector<std::string>& roles,
                                    const rpc::Credentials& caller = kAdmin) {
    v1::SetRolesRequest request;
    request.set_name(name);
    for (const std::string& role : roles) request.add_roles(role);
    return Ask(&v1::Users::Stub::SetRoles, request, caller);
  }
  absl::StatusOr<v1::User> SetPassword(const v1::SetPasswordRequest& request,
                                       const rpc::Credentials& caller = kAdmin) {
    return Ask(&v1::Users::Stub::SetPassword, request, caller);
  }
  absl::Status Delete(const std::string& name, const rpc::Credentials& caller = kAdmin) {
    v1::DeleteUserRequest request;
    request.set_name(name);
    return Ask(&v1::Users::Stub::DeleteUser, request, caller).status();
  }
  static rpc::Credentials LoginOf(const std::string& name) {
    return {name, absl::StrCat(name, "'s"), ""};
  }
  // The reason for which a call that every role may make is refused; "" when it is not.
  std::string Trying(const rpc::Credentials& caller) {
    return ErrorReason(Ask(&v1::Users::Stub::IssueToken, v1::IssueTokenRequest(), caller).status());
  }
  static v1::SetPasswordRequest Password(const std::string& name, const std::string& password) {
    v1::SetPasswordRequest request;
    request.set_name(name);
    request.set_password(password);
    return request;
  }

  std::unique_ptr<v1::Users::Stub> stub_;
};

TEST_F(ControllerUsersTest, AUserIsCreatedSeenChangedAndForgotten) {
  const auto created = Create("jane", {"observation", "connector"});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->name(), "users/jane");
  EXPECT_EQ(created->roles_size(), 2);
  EXPECT_EQ(created->protocols_size(), 3);
  EXPECT_FALSE(created->bootstrap());
  EXPECT_EQ(Trying(LoginOf("jane")), "");
  EXPECT_EQ(ErrorReason(Create("jane", {}).status()), "USER_EXISTS");

  EXPECT_EQ(SetRoles("users/jane", {"monitor"})->roles(0), "monitor");
  EXPECT_EQ(SetPassword(Password("jane", "new"))->protocols_size(), 3);
  EXPECT_EQ(Trying(LoginOf("jane")), "WRONG_LOGIN");
  EXPECT_EQ(Trying({"jane", "new", ""}), "");

  ASSERT_TRUE(Delete("jane").ok());
  EXPECT_EQ(ErrorReason(Get("jane").status()), "UNKNOWN_USER");
  EXPECT_EQ(ErrorReason(Delete("jane")), "UNKNOWN_USER");
  EXPECT_EQ(Trying({"jane", "new", ""}), "WRONG_LOGIN");
}

TEST_F(ControllerUsersTest, NothingOfAPasswordIsKeptBeyondWhatTheWiresNeed) {
  ASSERT_TRUE(Create("jane", {}).ok());
  const User jane = process_->store().LoadUsers(0)->value().users.at("jane");
  EXPECT_EQ(jane.digest_ha1, access::DigestHa1("jane", "jane's"));
  EXPECT_EQ(jane.native_hash, access::NativeHash("jane's"));
  EXPECT_TRUE(access::Verify("jane's", jane.verifier));
  for (const std::string& text : EventTexts("")) EXPECT_FALSE(absl::StrContains(text, "jane's"));
}

TEST_F(ControllerUsersTest, APasswordMayBeForSomeWiresAlone) {
  ASSERT_TRUE(Create("jane", {}).ok());
  v1::SetPasswordRequest request = Password("jane", "other");
  request.add_protocols(v1::MYSQL);
  ASSERT_TRUE(SetPassword(request).ok());
  User jane = process_->store().LoadUsers(0)->value().users.at("jane");
  EXPECT_EQ(jane.native_hash, access::NativeHash("other"));
  EXPECT_EQ(jane.digest_ha1, access::DigestHa1("jane", "jane's"));
  request.set_remove(true);
  request.clear_password();
  EXPECT_EQ(SetPassword(request)->protocols_size(), 2);
  EXPECT_EQ(Trying(LoginOf("jane")), "NO_RIGHT");
}

TEST_F(ControllerUsersTest, MalformedUsersAreRefused) {
  EXPECT_EQ(ErrorReason(Create("a b", {}).status()), "MALFORMED_USER");
  EXPECT_EQ(ErrorReason(Create("jane", {"nonesuch"}).status()), "UNKNOWN_ROLE");
  v1::CreateUserRequest request;
  request.set_user_id("jane");
  EXPECT_EQ(ErrorReason(Ask(&v1::Users::Stub::CreateUser, request).status()), "BAD_PASSWORD");
  request.set_no_password(true);
  EXPECT_EQ(Ask(&v1::Users::Stub::CreateUser, request)->protocols_size(), 0);
  EXPECT_EQ(ErrorReason(SetPassword(Password("jane", "")).status()), "BAD_PASSWORD");
}

TEST_F(ControllerUsersTest, AValidationChangesNothing) {
  v1::CreateUserRequest request;
  request.set_user_id("jane");
  request.set_password("secret");
  request.set_validate_only(true);
  EXPECT_TRUE(Ask(&v1::Users::Stub::CreateUser, request).ok());
  EXPECT_EQ(ErrorReason(Get("jane").status()), "UNKNOWN_USER");
}

TEST_F(ControllerUsersTest, ARepeatedRequestActsOnce) {
  ASSERT_TRUE(Create("jane", {}, kAdmin, "wish").ok());
  EXPECT_TRUE(Create("jane", {}, kAdmin, "wish").ok());
  EXPECT_EQ(ErrorReason(Create("jane", {}, kAdmin, "another").status()), "USER_EXISTS");
}

TEST_F(ControllerUsersTest, WhoAdministersUsersCannotBecomeASuperadmin) {
  ASSERT_TRUE(Create("clerk", {"useradmin"}).ok());
  ASSERT_TRUE(Create("boss", {"superadmin"}).ok());
  ASSERT_TRUE(Create("gate", {"gateway"}).ok());
  const rpc::Credentials clerk = LoginOf("clerk");
  EXPECT_TRUE(Create("jane", {"connector"}, clerk).ok());
  for (const char* role : {"superadmin", "gateway"}) {
    EXPECT_EQ(ErrorReason(Create("joe", {role}, clerk).status()), "ONLY_SUPERADMIN");
    EXPECT_EQ(ErrorReason(SetRoles("clerk", {role}, clerk).status()), "ONLY_SUPERADMIN");
  }
  for (const char* holder : {"boss", "gate"}) {
    EXPECT_EQ(ErrorReason(SetRoles(holder, {}, clerk).status()), "ONLY_SUPERADMIN");
    EXPECT_EQ(ErrorReason(SetPassword(Password(holder, "x"), clerk).status()), "ONLY_SUPERADMIN");
    EXPECT_EQ(ErrorReason(Delete(holder, clerk)), "ONLY_SUPERADMIN");
  }
  EXPECT_TRUE(SetRoles("gate", {}, LoginOf("boss")).ok());
}

TEST_F(ControllerUsersTest, TheAdminOfTheControllersIsChangedByItsFileAlone) {
  EXPECT_TRUE(Get("admin")->bootstrap());
  EXPECT_EQ(ErrorReason(SetPassword(Password("admin", "x")).status()), "BOOTSTRAP_ADMIN");
  EXPECT_EQ(ErrorReason(SetRoles("admin", {}).status()), "BOOTSTRAP_ADMIN");
  EXPECT_EQ(ErrorReason(Delete("admin")), "BOOTSTRAP_ADMIN");
  const User admin = process_->store().LoadUsers(0)->value().users.at("admin");
  EXPECT_EQ(admin.digest_ha1, access::DigestHa1("admin", "admin's"));
  EXPECT_EQ(admin.roles, std::set<std::string>{"superadmin"});
  // Another password in the file is that of the gateways, too.
  StartGuarded({"admin", "changed", ""});
  Await("the admin's hash follows its file", [&] {
    return process_->store().LoadUsers(0)->value().users.at("admin").digest_ha1 ==
           access::DigestHa1("admin", "changed");
  });
}

TEST_F(ControllerUsersTest, ATokenIsGoodForItsUserAndForNoOtherToken) {
  ASSERT_TRUE(Create("jane", {"useradmin"}).ok());
  const auto issued = Ask(&v1::Users::Stub::IssueToken, v1::IssueTokenRequest(), LoginOf("jane"));
  ASSERT_TRUE(issued.ok());
  EXPECT_EQ(issued->user(), "users/jane");
  const rpc::Credentials bearer = {"", "", issued->token()};
  EXPECT_TRUE(Create("joe", {}, bearer).ok());
  EXPECT_EQ(process_->store().ListOperations("", 1, "")->front().user, "jane");
  EXPECT_EQ(Trying(bearer), "LOGGED_IN_BY_TOKEN");
  v1::RotateKeyRequest rotate;
  EXPECT_EQ(ErrorReason(Ask(&v1::Users::Stub::RotateKey, rotate, bearer).status()), "NO_RIGHT");
  ASSERT_TRUE(Ask(&v1::Users::Stub::RotateKey, rotate).ok());
  EXPECT_EQ(ErrorReason(Create("jim", {}, bearer).status()), "WRONG_TOKEN");
}

TEST_F(ControllerUsersTest, ADisabledUserIsKeptOutUntilItIsEnabled) {
  ASSERT_TRUE(Create("jane", {"connector"}).ok());
  v1::SetDisabledRequest request;
  request.set_name("jane");
  request.set_disabled(true);
  EXPECT_TRUE(Ask(&v1::Users::Stub::SetDisabled, request)->disabled());
  EXPECT_EQ(Trying(LoginOf("jane")), "WRONG_LOGIN");
  request.set_disabled(false);
  ASSERT_TRUE(Ask(&v1::Users::Stub::SetDisabled, request).ok());
  EXPECT_EQ(Trying(LoginOf("jane")), "");
}

TEST_F(ControllerUsersTest, UsersAreListedByPages) {
  for (const char* name : {"c", "a", "b"}) ASSERT_TRUE(Create(name, {}).ok());
  v1::ListUsersRequest request;
  request.set_page_size(3);
  auto page = Ask(&v1::Users::Stub::ListUsers, request);
  ASSERT_EQ(page->users_size(), 3);
  EXPECT_EQ(page->users(0).id(), "a");
  EXPECT_EQ(page->users(1).id(), "admin");
  request.set_page_token(page->next_page_token());
  page = Ask(&v1::Users::Stub::ListUsers, request);
  ASSERT_EQ(page->users_size(), 1);
  EXPECT_EQ(page->users(0).id(), "c");
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(ControllerUsersTest, AGatewayIsToldOfEachChange) {
  ASSERT_TRUE(Create("gate", {"gateway"}).ok());
  grpc::ClientContext context;
  context.AddMetadata("authorization", rpc::Authorization(LoginOf("gate")));
  const auto stream = stub_->WatchUsers(&context, v1::WatchUsersRequest());
  v1::UserSnapshot snapshot;
  ASSERT_TRUE(stream->Read(&snapshot));
  EXPECT_EQ(snapshot.users_size(), 2);
  EXPECT_EQ(snapshot.nonce_key().size(), 32u);
  const uint64_t version = snapshot.version();
  ASSERT_TRUE(Create("jane", {"connector"}).ok());
  ASSERT_TRUE(stream->Read(&snapshot));
  EXPECT_GT(snapshot.version(), version);
  ASSERT_EQ(snapshot.users_size(), 3);
  EXPECT_EQ(snapshot.users(2).id(), "jane");
  EXPECT_EQ(snapshot.users(2).digest_ha1(), access::DigestHa1("jane", "jane's"));
  EXPECT_EQ(snapshot.users(2).roles(0), "connector");
  context.TryCancel();
}

TEST_F(ControllerUsersTest, FailedLoginsAreOnRecord) {
  v1::ReportLoginsRequest report;
  report.set_gateway("gateway-1");
  v1::FailedLogins* const failure = report.add_failures();
  failure->set_protocol("xmlrpc");
  failure->set_user("jane");
  failure->set_peer("10.0.0.7");
  failure->set_count(7);
  ASSERT_TRUE(Ask(&v1::Users::Stub::ReportLogins, report).ok());
  EXPECT_EQ(Trying({"joe", "wrong", ""}), "WRONG_LOGIN");
  const auto recorded = [&](const std::string& text) {
    const auto events = process_->store().ListEvents("", 100, 0);
    for (const Event& event : *events) {
      if (event.kind == "login" && absl::StrContains(event.text, text)) return true;
    }
    return false;
  };
  Await("the record of the gateway's",
        [&] { return recorded("7 logins failed as 'jane' by xmlrpc from 10.0.0.7 at gateway-1"); });
  Await("the record of our own", [&] { return recorded("a login failed as 'joe' by grpc"); });
}

}  // namespace
}  // namespace weft::controller
