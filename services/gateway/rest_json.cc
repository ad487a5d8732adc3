#include "services/gateway/rest_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/time.h"
#include "services/gateway/serving.h"

namespace weft::gateway {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(absl::string_view text) { return std::string(text); }

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

Json OfServer(const RoutedGroup& group, const RoutedServer& server) {
  return {
      {"uuid", server.uuid},
      {"address", server.address.ToString()},
      {"host", server.address.host},
      {"port", server.address.port},
      {"group", group.id},
      {"role", Text(RoleOf(group, server))},
      {"status", Text(ToString(server.status))},
      {"mode", Text(ToString(server.mode))},
      {"weight", server.weight},
  };
}

Json WithLag(const RoutedGroup& group, const RoutedServer& server, const Routes& routes) {
  Json json = OfServer(group, server);
  const std::optional<absl::Duration> lag = routes.LagOf(server.uuid);
  json["lag_seconds"] = lag.has_value() ? Json(absl::ToDoubleSeconds(*lag)) : Json(nullptr);
  return json;
}

Json OfGroup(const RoutedGroup& group) {
  return {
      {"id", group.id},
      {"description", group.description},
      {"active", group.active},
      {"primary", group.primary.empty() ? Json(nullptr) : Json(group.primary)},
      {"epoch", group.epoch},
  };
}

}  // namespace

http::Response JsonResponse(int code, std::shared_ptr<const std::string> body) {
  return {.code = code,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

http::Response JsonResponse(int code, std::string body) {
  return JsonResponse(code, std::make_shared<const std::string>(std::move(body)));
}

http::Response ErrorResponse(const RestError& error) {
  return JsonResponse(error.code, Dump({{"reason", error.reason},
                                        {"message", error.message},
                                        {"expected", error.expected},
                                        {"found", error.found},
                                        {"next_step", error.next_step}}));
}

std::string ServerJson(const RoutedGroup& group, const RoutedServer& server, const Routes& routes) {
  return Dump(WithLag(group, server, routes));
}

std::string ServersJson(const RoutedGroup& group, const std::vector<const RoutedServer*>& servers,
                        const Routes& routes) {
  Json list = Json::array();
  for (const RoutedServer* server : servers) list.push_back(WithLag(group, *server, routes));
  return Dump({{"group", group.id}, {"epoch", group.epoch}, {"servers", std::move(list)}});
}

std::string GroupJson(const RoutedGroup& group, const Routes& routes) {
  Json json = OfGroup(group);
  Json& servers = json["servers"] = Json::array();
  for (const RoutedServer& server : group.servers) {
    servers.push_back(WithLag(group, server, routes));
  }
  return Dump(json);
}

std::string TopologyJson(const RouteSnapshot& snapshot) {
  Json groups = Json::array();
  for (const auto& [id, group] : snapshot.groups) {
    Json json = OfGroup(*group);
    Json& servers = json["servers"] = Json::array();
    for (const RoutedServer& server : group->servers) servers.push_back(OfServer(*group, server));
    groups.push_back(std::move(json));
  }
  return Dump({{"groups", std::move(groups)}});
}

std::string GroupsJson(const RouteSnapshot& snapshot) {
  Json groups = Json::array();
  for (const auto& [id, group] : snapshot.groups) groups.push_back(OfGroup(*group));
  return Dump({{"groups", std::move(groups)}});
}

std::string AllServersJson(const RouteSnapshot& snapshot) {
  Json servers = Json::array();
  for (const auto& [uuid, place] : snapshot.by_uuid) {
    servers.push_back(OfServer(*place.group, *place.server));
  }
  return Dump({{"servers", std::move(servers)}});
}

}  // namespace weft::gateway
