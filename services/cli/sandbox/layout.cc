#include "services/cli/sandbox/layout.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft::cli::sandbox {
namespace {

// Keeps fields in the order they are written in, for people who read it.
using Json = nlohmann::ordered_json;

Json OrNull(int pid) { return pid == 0 ? Json(nullptr) : Json(pid); }
Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json OrNull(const std::optional<std::string>& text) {
  return text.has_value() ? Json(*text) : Json(nullptr);
}

// An absent field and null alike are "not there".
std::string TextOr(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? "" : found->get<std::string>();
}

int PidOr(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? 0 : found->get<int>();
}

std::optional<std::string> OptionalText(const Json& object, const char* name) {
  std::string text = TextOr(object, name);
  if (text.empty()) return std::nullopt;
  return text;
}

// What a record of one process alone does not have; then it is that one.
std::vector<std::string> TextsOr(const Json& object, const char* name,
                                 const std::optional<std::string>& only) {
  const auto found = object.find(name);
  if (found != object.end() && !found->is_null()) return found->get<std::vector<std::string>>();
  if (only.has_value()) return {*only};
  return {};
}

Json ServerToJson(const Server& server) {
  return {{"address", server.address},
          {"uuid", OrNull(server.uuid)},
          {"pid", OrNull(server.pid)},
          {"socket", server.socket}};
}

Json ServersToJson(const std::vector<Server>& servers) {
  Json all = Json::array();
  for (const Server& server : servers) all.push_back(ServerToJson(server));
  return all;
}

std::vector<Server> ServersFromJson(const Json& json) {
  std::vector<Server> servers;
  for (const Json& server : json) {
    servers.push_back({.address = server.at("address").get<std::string>(),
                       .uuid = TextOr(server, "uuid"),
                       .pid = PidOr(server, "pid"),
                       .socket = TextOr(server, "socket")});
  }
  return servers;
}

Json GroupToJson(const Group& group) {
  return {{"id", group.id}, {"servers", ServersToJson(group.servers)}};
}

Group GroupFromJson(const Json& json) {
  return {.id = json.at("id").get<std::string>(), .servers = ServersFromJson(json.at("servers"))};
}

Json ToJson(const Gateway& gateway) {
  return {{"xmlrpc", OrNull(gateway.xmlrpc)},
          {"mysql", OrNull(gateway.mysql)},
          {"http", OrNull(gateway.http)}};
}

Gateway GatewayFromJson(const Json& json) {
  return {.xmlrpc = TextOr(json, "xmlrpc"),
          .mysql = TextOr(json, "mysql"),
          .http = TextOr(json, "http")};
}

std::vector<Gateway> GatewaysOf(const Json& layout) {
  std::vector<Gateway> gateways;
  const auto found = layout.find("gateways");
  if (found == layout.end() || found->is_null()) return gateways;
  for (const Json& gateway : *found) gateways.push_back(GatewayFromJson(gateway));
  return gateways;
}

Json ToJson(const std::vector<StoreMember>& members) {
  Json all = Json::array();
  for (const StoreMember& member : members) {
    all.push_back(
        {{"name", member.name}, {"address", member.address}, {"pid", OrNull(member.pid)}});
  }
  return all;
}

std::vector<StoreMember> StoreMembersOf(const Json& store) {
  std::vector<StoreMember> members;
  const auto found = store.find("members");
  if (found == store.end() || found->is_null()) {
    return {{"store", store.at("address").get<std::string>(), PidOr(store, "pid")}};
  }
  for (const Json& member : *found) {
    members.push_back(
        {TextOr(member, "name"), member.at("address").get<std::string>(), PidOr(member, "pid")});
  }
  return members;
}

Layout LayoutFrom(const Json& json) {
  Layout layout;
  layout.dir = json.at("dir").get<std::string>();
  const Json& store = json.at("store");
  layout.store = {.address = store.at("address").get<std::string>(),
                  .user = TextOr(store, "user"),
                  .password_file = TextOr(store, "password_file"),
                  .pid = PidOr(store, "pid"),
                  .members = StoreMembersOf(store)};
  for (const Json& group : json.at("groups")) layout.groups.push_back(GroupFromJson(group));
  if (const auto added = json.find("added"); added != json.end() && added->is_array()) {
    layout.added = ServersFromJson(*added);
  }
  layout.controller = OptionalText(json, "controller");
  layout.monitor = OptionalText(json, "monitor");
  layout.provisioner = OptionalText(json, "provisioner");
  layout.controllers = TextsOr(json, "controllers", layout.controller);
  layout.monitors = TextsOr(json, "monitors", layout.monitor);
  layout.provisioners = TextsOr(json, "provisioners", layout.provisioner);
  layout.gateways = GatewaysOf(json);
  if (!layout.gateways.empty()) layout.gateway = layout.gateways.front();
  if (const auto metrics = json.find("metrics"); metrics != json.end() && metrics->is_object()) {
    for (const auto& [name, url] : metrics->items()) {
      if (url.is_string()) layout.metrics[name] = url.get<std::string>();
    }
  }
  const Json& admin = json.at("admin");
  layout.admin = {.user = TextOr(admin, "user"), .password_file = TextOr(admin, "password_file")};
  const Json& app = json.at("app");
  layout.app = {.user = TextOr(app, "user"),
                .password_file = TextOr(app, "password_file"),
                .database = TextOr(app, "database")};
  const Json& monitor = json.at("monitor_account");
  layout.monitor_account = {.user = TextOr(monitor, "user"),
                            .password_file = TextOr(monitor, "password_file")};
  return layout;
}

}  // namespace

std::string ToJson(const Server& server) {
  return ServerToJson(server).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ToJson(const Layout& layout) {
  Json groups = Json::array();
  for (const Group& group : layout.groups) groups.push_back(GroupToJson(group));
  Json gateways = Json::array();
  for (const Gateway& gateway : layout.gateways) gateways.push_back(ToJson(gateway));
  Json metrics = Json::object();
  for (const auto& [name, url] : layout.metrics) metrics[name] = url;
  const Json json = {
      {"dir", layout.dir},
      {"store",
       {{"address", layout.store.address},
        {"user", layout.store.user},
        {"password_file", layout.store.password_file},
        {"pid", OrNull(layout.store.pid)},
        {"members", ToJson(layout.store.members)}}},
      {"groups", std::move(groups)},
      {"added", ServersToJson(layout.added)},
      {"controller", OrNull(layout.controller)},
      {"monitor", OrNull(layout.monitor)},
      {"provisioner", OrNull(layout.provisioner)},
      {"gateway", layout.gateway.has_value() ? ToJson(*layout.gateway) : Json(nullptr)},
      {"controllers", layout.controllers},
      {"monitors", layout.monitors},
      {"provisioners", layout.provisioners},
      {"gateways", std::move(gateways)},
      {"metrics", std::move(metrics)},
      {"admin", {{"user", layout.admin.user}, {"password_file", layout.admin.password_file}}},
      {"app",
       {{"user", layout.app.user},
        {"password_file", layout.app.password_file},
        {"database", layout.app.database}}},
      {"monitor_account",
       {{"user", layout.monitor_account.user},
        {"password_file", layout.monitor_account.password_file}}}};
  // A folder's name may hold any bytes; JSON cannot.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Layout> FromJson(absl::string_view text) {
  try {
    return LayoutFrom(Json::parse(text.begin(), text.end()));
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat("not the record of a sandbox: ", error.what()));
  }
}

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  WEFT_ASSIGN_OR_RETURN(std::string password, ReadFile(path));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  return password;
}

}  // namespace weft::cli::sandbox
