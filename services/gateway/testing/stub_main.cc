// The gateway's wires over a topology that a test or benchmark makes up: group "g1", whose first
// server is the primary. User "fabric" with password "secret" may do all.
//
// Prints {"mysql": PORT, "http": PORT, "xmlrpc": PORT, "xmlrpc_open": PORT}, the last without
// logins, then follows its input: "primary HOST:PORT" makes that server the primary; its end is the
// end.
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/gateway/commands/command_executor.h"
#include "services/gateway/digest.h"
#include "services/gateway/login_guard.h"
#include "services/gateway/mysql_listener.h"
#include "services/gateway/mysqlrpc/testing/client.h"
#include "services/gateway/rest_listener.h"
#include "services/gateway/routes.h"
#include "services/gateway/users.h"
#include "services/gateway/xmlrpc_listener.h"

ABSL_FLAG(std::vector<std::string>, servers, {"127.0.0.1:3306"}, "host:port of each server.");
ABSL_FLAG(bool, login, true, "Ask for a login.");

namespace weft::gateway {
namespace {

std::shared_ptr<const RouteSnapshot> SnapshotWith(const std::string& primary) {
  auto group = std::make_shared<RoutedGroup>();
  group->id = "g1";
  group->active = true;
  group->epoch = 1;
  for (const std::string& text : absl::GetFlag(FLAGS_servers)) {
    RoutedServer server;
    server.uuid = absl::StrFormat("aaaaaaaa-0000-0000-0000-%012d", group->servers.size() + 1);
    server.address = HostPort::Parse(text).value_or(HostPort());
    server.status = text == primary ? ServerStatus::kPrimary : ServerStatus::kSecondary;
    server.mode = DefaultMode(server.status);
    if (text == primary) group->primary = server.uuid;
    group->servers.push_back(server);
  }
  return MakeRouteSnapshot({{group->id, group}});
}

std::shared_ptr<const UserSnapshot> OneUser() {
  auto snapshot = std::make_shared<UserSnapshot>();
  snapshot->nonce_key = std::string(32, 'k');
  snapshot->users["fabric"] = {.name = "fabric",
                               .digest_ha1 = Md5Hex("fabric:MySQL Fabric:secret"),
                               .native_hash = mysqlrpc::testing::NativeHash("secret"),
                               .roles = {"superadmin"}};
  return snapshot;
}

class NoGuard : public LoginGuard {
 public:
  bool MayTry(absl::string_view, absl::string_view) override { return true; }
  void Failed(absl::string_view, absl::string_view) override {}
  void Succeeded(absl::string_view, absl::string_view) override {}
};

absl::StatusOr<std::unique_ptr<XmlrpcListener>> ServeXmlrpc(bool authenticate, Executor* executor,
                                                            const Users* users, LoginGuard* guard) {
  XmlrpcListener::Options options;
  options.http.listen = "127.0.0.1:0";
  options.authenticate = authenticate;
  options.executor = executor;
  options.clock = RealClock::Get();
  options.users = users;
  options.guard = guard;
  return XmlrpcListener::Start(std::move(options));
}

void FollowInput(Routes& routes) {
  for (std::string line; std::getline(std::cin, line);) {
    absl::string_view address = line;
    if (absl::ConsumePrefix(&address, "primary ")) routes.Set(SnapshotWith(std::string(address)));
  }
}

absl::Status Run() {
  Routes routes(RealClock::Get());
  routes.SetConnected(true);
  routes.Set(SnapshotWith(absl::GetFlag(FLAGS_servers).front()));
  for (const RoutedServer& server : routes.Get()->groups.at("g1")->servers) {
    routes.SetLag(server.uuid, absl::ZeroDuration());
  }
  Users users;
  users.Set(OneUser());
  rpc::Metrics metrics;

  CommandExecutor::Options commands;
  rpc::ChannelOptions nobody;
  nobody.address = "127.0.0.1:1";
  commands.controllers = {nobody};
  WEFT_ASSIGN_OR_RETURN(
      const std::unique_ptr<CommandExecutor> executor,
      CommandExecutor::Create(commands, {&routes, &users, &metrics, RealClock::Get()}));

  MysqlListener::Options mysql;
  mysql.listen = "127.0.0.1:0";
  mysql.asks_for_login = absl::GetFlag(FLAGS_login);
  mysql.executor = executor.get();
  mysql.users = &users;
  mysql.metrics = &metrics;
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<MysqlListener> listener, MysqlListener::Start(mysql));
  const Rest rest(&routes, &metrics);
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<http::Server> http,
                        ServeRest(&rest, {.listen = "127.0.0.1:0"}));
  NoGuard guard;
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<XmlrpcListener> secured,
                        ServeXmlrpc(true, executor.get(), &users, &guard));
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<XmlrpcListener> open,
                        ServeXmlrpc(false, executor.get(), &users, &guard));
  std::cout << absl::StrFormat("{\"mysql\": %d, \"http\": %d, \"xmlrpc\": %d, \"xmlrpc_open\": %d}",
                               listener->port(), http->port(), secured->port(), open->port())
            << std::endl;
  FollowInput(routes);
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::gateway

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = weft::gateway::Run();
  if (status.ok()) return 0;
  std::cerr << weft::DescribeError(status) << "\n";
  return 1;
}
