#include "services/cli/fabric/users.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/rpc/auth.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/cli/fabric/manage.h"
#include "services/cli/testing/fake_console.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Users in memory, by the rules of users.proto that these commands meet.
class FakeUsers : public v1::Users::Service {
 public:
  struct User {
    std::map<int, std::string> passwords;
    std::vector<std::string> roles;
  };
  std::map<std::string, User> users;

  grpc::Status CreateUser(grpc::ServerContext*, const v1::CreateUserRequest* request,
                          v1::User* response) override {
    if (users.count(request->user_id()) > 0) return {grpc::StatusCode::ALREADY_EXISTS, "exists"};
    User& user = users[request->user_id()];
    user.roles.assign(request->roles().begin(), request->roles().end());
    Set(request->protocols(), request->password(), &user);
    Fill(request->user_id(), response);
    return grpc::Status::OK;
  }
  grpc::Status DeleteUser(grpc::ServerContext*, const v1::DeleteUserRequest* request,
                          v1::DeleteUserResponse*) override {
    return users.erase(request->name()) > 0 ? grpc::Status::OK : Missing();
  }
  grpc::Status SetPassword(grpc::ServerContext*, const v1::SetPasswordRequest* request,
                           v1::User* response) override {
    const auto user = users.find(request->name());
    if (user == users.end()) return Missing();
    if (request->remove()) {
      for (const int protocol : request->protocols()) user->second.passwords.erase(protocol);
    } else {
      Set(request->protocols(), request->password(), &user->second);
    }
    Fill(request->name(), response);
    return grpc::Status::OK;
  }
  grpc::Status SetRoles(grpc::ServerContext*, const v1::SetRolesRequest* request,
                        v1::User* response) override {
    const auto user = users.find(request->name());
    if (user == users.end()) return Missing();
    user->second.roles.assign(request->roles().begin(), request->roles().end());
    Fill(request->name(), response);
    return grpc::Status::OK;
  }
  grpc::Status GetUser(grpc::ServerContext*, const v1::GetUserRequest* request,
                       v1::User* response) override {
    if (users.count(request->name()) == 0) return Missing();
    Fill(request->name(), response);
    return grpc::Status::OK;
  }
  // One user a page.
  grpc::Status ListUsers(grpc::ServerContext*, const v1::ListUsersRequest* request,
                         v1::ListUsersResponse* response) override {
    const auto next = users.upper_bound(request->page_token());
    if (next == users.end()) return grpc::Status::OK;
    Fill(next->first, response->add_users());
    if (std::next(next) != users.end()) response->set_next_page_token(next->first);
    return grpc::Status::OK;
  }
  grpc::Status ListRoles(grpc::ServerContext*, const v1::ListRolesRequest*,
                         v1::ListRolesResponse* response) override {
    Role("superadmin", "all", {"core"}, response);
    Role("useradmin", "users", {"core.user", "core.role"}, response);
    Role("connector", "clients", {"core.dump", "core.threat"}, response);
    Role("onlooker", "To look on", {"core.group.health", "core.token.issue"}, response);
    Role("process", "of Weft's own", {"core.monitor", "core.dump.topology"}, response);
    return grpc::Status::OK;
  }

 private:
  static grpc::Status Missing() { return {grpc::StatusCode::NOT_FOUND, "no such user"}; }
  static void Set(const google::protobuf::RepeatedField<int>& protocols,
                  const std::string& password, User* user) {
    for (const int protocol : protocols) user->passwords[protocol] = password;
    if (!protocols.empty()) return;
    for (const int protocol : {v1::GRPC, v1::XMLRPC, v1::MYSQL}) {
      user->passwords[protocol] = password;
    }
  }
  void Fill(const std::string& id, v1::User* response) const {
    const User& user = users.at(id);
    response->set_name("users/" + id);
    response->set_id(id);
    for (const std::string& role : user.roles) response->add_roles(role);
    response->set_bootstrap(id == "weft-node");
    for (const auto& [protocol, password] : user.passwords) {
      response->add_protocols(static_cast<v1::LoginProtocol>(protocol));
    }
  }
  static void Role(const char* name, const char* description,
                   const std::vector<const char*>& rights, v1::ListRolesResponse* response) {
    v1::Role* role = response->add_roles();
    role->set_name(name);
    role->set_description(description);
    for (const char* right : rights) role->add_rights(right);
  }
};

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    rpc::Server::Options serve;
    serve.name = "users_test";
    serve.listen = "127.0.0.1:0";
    serve.metrics = &metrics_;
    serve.services = {&fake_};
    serve.authenticator =
        rpc::StaticAuthenticator({.user = "admin", .password = "secret", .token = ""});
    auto server = rpc::Server::Start(std::move(serve));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    fake_.users["admin"] = {
        .passwords = {{v1::GRPC, "secret"}, {v1::XMLRPC, "secret"}, {v1::MYSQL, "secret"}},
        .roles = {"superadmin"}};
  }

  absl::Status Run(const std::string& words, const std::string& password = "secret") {
    console_.Clear();
    const auto line = ParseLine(absl::StrSplit(words, ' '), "mysqlfabric");
    if (!line.ok()) return line.status();
    const auto client =
        ConnectControllers({server_->address()}, Account{"admin", password}, &interrupt_);
    if (!client.ok()) return client.status();
    return RunUserCommand(*line, client->get(), &person_);
  }

  // The words of an error; "done" without one.
  std::string Said(const std::string& words, const std::string& password = "secret") {
    const absl::Status status = Run(words, password);
    return status.ok() ? "done" : std::string(status.message());
  }

  FakeUsers fake_;
  rpc::Metrics metrics_;
  std::unique_ptr<rpc::Server> server_;
  Interrupt interrupt_;
  FakeConsole console_;
  std::deque<std::string> lines_;
  Person person_{&console_, [this]() -> absl::StatusOr<std::string> {
                   if (lines_.empty()) return absl::CancelledError("the input ended");
                   std::string line = lines_.front();
                   lines_.pop_front();
                   return line;
                 }};
};

// The expected tables are what the original printed, to the letter.

TEST_F(UsersTest, ListsUsersOnceForEachProtocol) {
  fake_.users["bob"] = {.passwords = {{v1::MYSQL, "x"}}, .roles = {}};
  fake_.users["weft-node"] = {.passwords = {{v1::GRPC, "x"}}, .roles = {"superadmin"}};
  EXPECT_EQ(Said("user list"), "done");
  EXPECT_EQ(console_.out(),
            "Username  Protocol     Roles\n"
            "--------- ------------ --------------------\n"
            "admin     xmlrpc       superadmin\n"
            "admin     mysql        superadmin\n"
            "bob       mysql        (no roles set)\n");
}

TEST_F(UsersTest, ListsRolesAndWhatTheyPermit) {
  EXPECT_EQ(Said("role list"), "done");
  EXPECT_EQ(console_.out(), R"(  ID  Role Name   Description and Permissions
  --  ----------  ---------------------------
   1  superadmin  Role for Administrative users
                  + Full access to all core Fabric functionality
   2  useradmin   Role for users dealing with user administration
                  + User administration
                  + Role administration
   3  connector   Role for MySQL Connectors
                  + Access to dump commands
                  + Reporting to Fabric
   4  onlooker    To look on
                  + Access to group.health
)");
}

TEST_F(UsersTest, AddsAUserAfterAskingTwiceForThePassword) {
  lines_ = {"bobpw", "bobpw"};
  EXPECT_EQ(Said("user add bob --roles=connector,2"), "done");
  EXPECT_EQ(console_.out(),
            "Add a new Fabric user\n"
            "=====================\n"
            "Username: bob\n"
            "Protocol: xmlrpc\n"
            "Fabric user added.\n");
  EXPECT_THAT(console_.err(), HasSubstr("Password: "));
  EXPECT_THAT(fake_.users["bob"].roles, UnorderedElementsAre("connector", "useradmin"));
  EXPECT_EQ(fake_.users["bob"].passwords.at(v1::XMLRPC), "bobpw");
  EXPECT_EQ(fake_.users["bob"].passwords.count(v1::MYSQL), 0u);
}

TEST_F(UsersTest, AsksForTheRolesThatAreNotGiven) {
  lines_ = {"p", "p", "3"};
  EXPECT_EQ(Said("user add bob --protocol=mysql"), "done");
  EXPECT_THAT(console_.out(), HasSubstr("   3  connector   Role for MySQL Connectors"));
  EXPECT_THAT(console_.err(), HasSubstr("Enter comma separated list of role IDs or names: "));
  EXPECT_THAT(fake_.users["bob"].roles, UnorderedElementsAre("connector"));
}

TEST_F(UsersTest, AddsAProtocolToAUserThatHasAnother) {
  fake_.users["bob"] = {.passwords = {{v1::MYSQL, "old"}}, .roles = {"connector"}};
  lines_ = {"new", "new"};
  EXPECT_EQ(Said("user add bob --roles=useradmin"), "done");
  EXPECT_EQ(fake_.users["bob"].passwords.at(v1::MYSQL), "old");
  EXPECT_EQ(fake_.users["bob"].passwords.at(v1::XMLRPC), "new");
  EXPECT_THAT(fake_.users["bob"].roles, UnorderedElementsAre("connector", "useradmin"));
}

TEST_F(UsersTest, RefusesInTheOriginalsWords) {
  EXPECT_EQ(Said("user add admin --roles=1"), "User admin/xmlrpc already exists");
  lines_ = {""};
  EXPECT_EQ(Said("user add bob --roles=1"), "Can not set empty password");
  lines_ = {"a", "b"};
  EXPECT_EQ(Said("user add bob --roles=1"), "Passwords did not match!");
  for (const char* role : {"7", "nosuch", "1,nosuch", "-1"}) {
    lines_ = {"a", "a"};
    EXPECT_EQ(Said(absl::StrCat("user add bob --roles=", role)), "Found invalid role.") << role;
  }
  EXPECT_EQ(fake_.users.count("bob"), 0u);
  EXPECT_EQ(Said("user roles bob --roles=1"), "No user bob/xmlrpc");
  EXPECT_EQ(Said("user delete bob --force"), "No user bob/xmlrpc");
  EXPECT_EQ(Said("user password bob"), "No user bob/xmlrpc");
  EXPECT_THAT(Said("user add bob --protocol=smtp"), HasSubstr("smtp"));
}

TEST_F(UsersTest, SaysWhoIsNotLetIn) { EXPECT_EQ(Said("user list", "wrong"), "Login failed"); }

TEST_F(UsersTest, DeletesOneProtocolAndWithTheLastOneTheUser) {
  fake_.users["bob"] = {.passwords = {{v1::MYSQL, "m"}, {v1::XMLRPC, "x"}, {v1::GRPC, "x"}},
                        .roles = {"connector"}};
  EXPECT_EQ(Said("user delete bob --force"), "done");
  EXPECT_THAT(console_.out(), HasSubstr("Fabric user deleted.\n"));
  EXPECT_EQ(fake_.users["bob"].passwords.size(), 1u);
  EXPECT_EQ(Said("user delete bob --protocol=mysql --force"), "done");
  EXPECT_EQ(fake_.users.count("bob"), 0u);
}

TEST_F(UsersTest, DeletesNobodyWithoutAYes) {
  fake_.users["bob"] = {.passwords = {{v1::XMLRPC, "x"}}, .roles = {}};
  lines_ = {"n"};
  EXPECT_FALSE(Run("user delete bob").ok());
  EXPECT_EQ(fake_.users.count("bob"), 1u);
  lines_ = {"yes"};
  EXPECT_EQ(Said("user delete bob"), "done");
  EXPECT_EQ(fake_.users.count("bob"), 0u);
}

TEST_F(UsersTest, ChangesAPasswordOfOneProtocol) {
  lines_ = {"new", "new"};
  EXPECT_EQ(Said("user password admin --protocol=mysql"), "done");
  EXPECT_THAT(console_.out(), HasSubstr("Password changed.\n"));
  EXPECT_EQ(fake_.users["admin"].passwords.at(v1::MYSQL), "new");
  EXPECT_EQ(fake_.users["admin"].passwords.at(v1::XMLRPC), "secret");
}

TEST_F(UsersTest, ReplacesAndRemovesRoles) {
  fake_.users["bob"] = {.passwords = {{v1::XMLRPC, "x"}}, .roles = {"connector"}};
  EXPECT_EQ(Said("user roles bob --roles=useradmin"), "done");
  EXPECT_THAT(console_.out(), HasSubstr("Roles for bob/xmlrpc updated.\n"));
  EXPECT_THAT(fake_.users["bob"].roles, UnorderedElementsAre("useradmin"));
  EXPECT_EQ(Said("user roles bob --roles=0"), "done");
  EXPECT_THAT(console_.out(), HasSubstr("Roles for bob/xmlrpc removed.\n"));
  EXPECT_THAT(fake_.users["bob"].roles, IsEmpty());
}

TEST_F(UsersTest, TheFirstAdminLogsInEverywhereAndIsMadeOnce) {
  const auto client =
      ConnectControllers({server_->address()}, Account{"admin", "secret"}, &interrupt_);
  ASSERT_TRUE(client.ok());
  EXPECT_TRUE(CreateAdmin("boss", "pw", client->get()).ok());
  EXPECT_EQ(fake_.users["boss"].passwords.size(), 3u);
  EXPECT_THAT(fake_.users["boss"].roles, UnorderedElementsAre("superadmin"));
  EXPECT_TRUE(SetMysqlPassword("boss", "other", client->get()).ok());
  EXPECT_EQ(fake_.users["boss"].passwords.at(v1::MYSQL), "other");
  EXPECT_TRUE(absl::IsAlreadyExists(CreateAdmin("boss", "x", client->get())));
  fake_.users["boss"].passwords.erase(v1::XMLRPC);
  EXPECT_TRUE(CreateAdmin("boss", "back", client->get()).ok());
  EXPECT_EQ(fake_.users["boss"].passwords.at(v1::XMLRPC), "back");
  EXPECT_EQ(fake_.users["boss"].passwords.at(v1::MYSQL), "other");
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
