#include "services/gateway/gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/access/login_limiter.h"
#include "common/base/host_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/address.h"
#include "common/rpc/controllers.h"
#include "common/rpc/user_watch.h"
#include "services/gateway/commands/command_executor.h"
#include "services/gateway/http/server.h"
#include "services/gateway/limiting_login_guard.h"
#include "services/gateway/mysql_listener.h"
#include "services/gateway/rest.h"
#include "services/gateway/rest_listener.h"
#include "services/gateway/route_watch.h"
#include "services/gateway/routes.h"
#include "services/gateway/users.h"
#include "services/gateway/xmlrpc_listener.h"

namespace weft::gateway {
namespace {

// Fabric's connectors answer a refusal by trying again: urllib five times, Connector/Python three
// times that. One wrong password in a configuration must not keep its neighbours out.
constexpr access::LoginLimiter::Options kLogins = {.free_failures = 20,
                                                   .free_failures_of_peer = 60};

// What clients are told of a wire.
absl::StatusOr<std::string> AdvertisedAddress(const Gateway::Wire& wire) {
  if (wire.listen.empty() || !wire.advertise.empty()) return wire.advertise;
  WEFT_ASSIGN_OR_RETURN(const rpc::Endpoint listen, rpc::ParseEndpoint(wire.listen));
  const bool is_any = listen.host == "0.0.0.0" || listen.host == "::" || listen.host.empty();
  return is_any ? absl::StrCat(HostName(), ":", listen.port) : wire.listen;
}

}  // namespace

// In the order of their needs: what is below uses what is above.
struct Gateway::Parts {
  Parts(const Options& options, std::shared_ptr<rpc::Controllers> to, rpc::Metrics* metrics,
        Clock* clock)
      : controllers(std::move(to)),
        routes(clock),
        logins({.process = options.name}, controllers, metrics, clock),
        guards(kLogins, &logins, clock),
        xmlrpc_guard(guards.For("xmlrpc")),
        mysql_guard(guards.For("mysql")),
        rest(&routes, metrics) {}

  absl::Status MakeExecutor(const Options& options, rpc::Metrics* metrics, Clock* clock);
  absl::Status Listen(const Options& options, rpc::Metrics* metrics, Clock* clock);

  const std::shared_ptr<rpc::Controllers> controllers;
  Routes routes;
  Users users;
  std::unique_ptr<RouteWatch> route_watch;
  std::unique_ptr<rpc::UserWatch> user_watch;
  rpc::LoginReports logins;
  LimitingLoginGuards guards;
  const std::unique_ptr<LoginGuard> xmlrpc_guard;
  const std::unique_ptr<LoginGuard> mysql_guard;
  std::unique_ptr<CommandExecutor> executor;
  std::unique_ptr<XmlrpcListener> xmlrpc;
  std::unique_ptr<MysqlListener> mysql;
  Rest rest;
  std::unique_ptr<http::Server> http;
};

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Gateway::~Gateway() = default;

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<rpc::Controllers> controllers,
                        rpc::Controllers::Create(options.controllers));
  auto parts = std::make_unique<Parts>(options, std::move(controllers), metrics, clock);
  parts->route_watch =
      std::make_unique<RouteWatch>(parts->controllers->all(), &parts->routes, metrics, clock);
  parts->user_watch =
      std::make_unique<rpc::UserWatch>(parts->controllers->all(), &parts->users, clock);

  WEFT_RETURN_IF_ERROR(parts->MakeExecutor(options, metrics, clock));
  WEFT_RETURN_IF_ERROR(parts->Listen(options, metrics, clock));
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

absl::Status Gateway::Parts::MakeExecutor(const Options& options, rpc::Metrics* metrics,
                                          Clock* clock) {
  CommandExecutor::Options commands;
  commands.provisioners = options.provisioners;
  commands.ttl = options.ttl;
  commands.stop = options.stop;
  WEFT_ASSIGN_OR_RETURN(commands.xmlrpc_address, AdvertisedAddress(options.xmlrpc));
  WEFT_ASSIGN_OR_RETURN(commands.mysql_address, AdvertisedAddress(options.mysql));
  WEFT_ASSIGN_OR_RETURN(
      executor, CommandExecutor::CreateOver(
                    controllers, commands,
                    {.routes = &routes, .users = &users, .metrics = metrics, .clock = clock}));
  return absl::OkStatus();
}

absl::Status Gateway::Parts::Listen(const Options& options, rpc::Metrics* metrics, Clock* clock) {
  if (!options.xmlrpc.listen.empty()) {
    XmlrpcListener::Options listen;
    listen.http.listen = options.xmlrpc.listen;
    listen.http.certificate_file = options.xmlrpc.certificate_file;
    listen.http.key_file = options.xmlrpc.key_file;
    listen.http.max_connections_per_peer = options.connections_per_client;
    listen.authenticate = options.xmlrpc.asks_for_login;
    listen.executor = executor.get();
    listen.clock = clock;
    listen.users = &users;
    listen.guard = xmlrpc_guard.get();
    WEFT_ASSIGN_OR_RETURN(xmlrpc, XmlrpcListener::Start(std::move(listen)));
  }
  if (!options.mysql.listen.empty()) {
    MysqlListener::Options listen;
    listen.listen = options.mysql.listen;
    listen.asks_for_login = options.mysql.asks_for_login;
    listen.max_connections_per_peer = options.connections_per_client;
    listen.executor = executor.get();
    listen.users = &users;
    listen.guard = mysql_guard.get();
    listen.metrics = metrics;
    WEFT_ASSIGN_OR_RETURN(mysql, MysqlListener::Start(listen));
  }
  if (!options.http_listen.empty()) {
    WEFT_ASSIGN_OR_RETURN(
        http, ServeRest(&rest, {.listen = options.http_listen,
                                .max_connections_per_peer = options.connections_per_client}));
  }
  return absl::OkStatus();
}

}  // namespace weft::gateway
