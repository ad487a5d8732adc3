#include "services/provisioner/providers/openstack/cloud.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/openstack/servers.h"

namespace weft::provisioner::openstack {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(500);

std::string Describe(const Properties& wanted) {
  return absl::StrJoin(wanted, ", ", absl::PairFormatter("="));
}

}  // namespace

absl::Status Cloud::Check(const Deadline& deadline) {
  WEFT_RETURN_IF_ERROR(session_.Login(deadline));
  WEFT_ASSIGN_OR_RETURN(
      const http::Reply reply,
      session_.Do("list servers", Service::kCompute, "GET", "/servers?limit=1", {}, deadline));
  if (!At(reply.body, {"servers"}).is_array()) return Garbage("a list of servers", reply.body);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Cloud::FindImage(const Properties& wanted, const Deadline& deadline) {
  Properties filters;
  if (const auto name = wanted.find("name"); name != wanted.end()) filters.insert(*name);
  WEFT_ASSIGN_OR_RETURN(const std::vector<Json> images, Images(filters, deadline));
  for (const Json& image : images) {
    if (ImageMatches(image, wanted)) return TextAt(image, {"id"});
  }
  return ImageUnknown(who(), Describe(wanted));
}

absl::StatusOr<std::string> Cloud::FindFlavor(const Properties& wanted, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<Json> flavors,
                        session_.List(Service::kCompute, "/flavors/detail", "flavors", deadline));
  for (const Json& flavor : flavors) {
    if (FlavorMatches(flavor, wanted)) return TextAt(flavor, {"id"});
  }
  return FlavorUnknown(who(), Describe(wanted));
}

absl::StatusOr<std::string> Cloud::FindNetwork(const std::string& label, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<Json> networks,
      session_.List(Service::kNetwork, absl::StrCat("/networks?name=", http::UrlEncoded(label)),
                    "networks", deadline));
  if (networks.empty()) return NetworkUnknown(who(), label);
  return TextAt(networks.front(), {"id"});
}

absl::StatusOr<std::vector<Json>> Cloud::Servers(const std::string& name,
                                                 const Deadline& deadline) {
  // Nova takes a name for a pattern.
  const std::string query =
      name.empty() ? "" : absl::StrCat("?name=", http::UrlEncoded(absl::StrCat("^", name, "$")));
  WEFT_ASSIGN_OR_RETURN(std::vector<Json> servers,
                        session_.List(Service::kCompute, absl::StrCat("/servers/detail", query),
                                      "servers", deadline));
  if (!name.empty()) {
    std::erase_if(servers, [&name](const Json& each) { return TextAt(each, {"name"}) != name; });
  }
  const auto age = [](const Json& server) {
    return std::tuple(TextAt(server, {"created"}), TextAt(server, {"id"}));
  };
  std::sort(servers.begin(), servers.end(),
            [&age](const Json& a, const Json& b) { return age(a) < age(b); });
  return servers;
}

absl::StatusOr<std::string> Cloud::CreateServer(const Json& body, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, session_.Do("make a server", Service::kCompute,
                                                             "POST", "/servers", body, deadline));
  if (!reply.ok()) return ProviderRefused(who(), "make a server", reply.message);
  const std::string id = TextAt(reply.body, {"server", "id"});
  if (id.empty()) return Garbage("a server with id", reply.body);
  return id;
}

absl::Status Cloud::DeleteServer(const std::string& id, const Deadline& deadline) {
  const std::string path = absl::StrCat("/servers/", http::UrlEncoded(id));
  WEFT_RETURN_IF_ERROR(
      session_.Do("delete a server", Service::kCompute, "DELETE", path, {}, deadline).status());
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const http::Reply reply, session_.Do("show a server", Service::kCompute,
                                                               "GET", path, {}, deadline));
    if (reply.code == 404 || IsDeleted(At(reply.body, {"server"}))) return absl::OkStatus();
    if (deadline.Passed()) return ProviderTooSlow(who(), "the deletion of a server");
    clock_->Sleep(std::min(kPoll, deadline.Remaining()));
  }
}

absl::StatusOr<std::optional<std::string>> Cloud::PortOf(const std::string& server_id,
                                                         const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<Json> ports,
      session_.List(Service::kNetwork,
                    absl::StrCat("/ports?device_id=", http::UrlEncoded(server_id)), "ports",
                    deadline));
  if (ports.empty()) return std::optional<std::string>();
  return std::optional<std::string>(TextAt(ports.front(), {"id"}));
}

absl::Status Cloud::GiveAddress(const std::string& server_id, const std::string& pool,
                                const std::string& mark, const Deadline& deadline) {
  const std::string marked = absl::StrCat("/floatingips?description=", http::UrlEncoded(mark));
  WEFT_ASSIGN_OR_RETURN(const std::vector<Json> given,
                        session_.List(Service::kNetwork, marked, "floatingips", deadline));
  if (!given.empty()) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const std::string network, FindNetwork(pool, deadline));
  WEFT_ASSIGN_OR_RETURN(std::optional<std::string> port, PortOf(server_id, deadline));
  while (!port.has_value()) {
    if (deadline.Passed()) return ProviderTooSlow(who(), "the port of a server");
    clock_->Sleep(std::min(kPoll, deadline.Remaining()));
    WEFT_ASSIGN_OR_RETURN(port, PortOf(server_id, deadline));
  }
  const Json body = {
      {"floatingip",
       {{"floating_network_id", network}, {"port_id", *port}, {"description", mark}}}};
  WEFT_ASSIGN_OR_RETURN(
      const http::Reply reply,
      session_.Do("give an address", Service::kNetwork, "POST", "/floatingips", body, deadline));
  return reply.ok() ? absl::OkStatus() : ProviderRefused(who(), "give an address", reply.message);
}

absl::Status Cloud::TakeAddresses(const std::string& mark, const Deadline& deadline) {
  const std::string marked = absl::StrCat("/floatingips?description=", http::UrlEncoded(mark));
  const auto given = session_.List(Service::kNetwork, marked, "floatingips", deadline);
  if (absl::IsUnimplemented(given.status())) return absl::OkStatus();
  if (!given.ok()) return given.status();
  for (const Json& address : *given) {
    const std::string path =
        absl::StrCat("/floatingips/", http::UrlEncoded(TextAt(address, {"id"})));
    WEFT_RETURN_IF_ERROR(
        session_.Do("take an address back", Service::kNetwork, "DELETE", path, {}, deadline)
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Json>> Cloud::Images(const Properties& filters,
                                                const Deadline& deadline) {
  std::string path = "/images";
  for (const auto& [key, value] : filters) {
    absl::StrAppend(&path, path == "/images" ? "?" : "&", key, "=", http::UrlEncoded(value));
  }
  return session_.List(Service::kImage, path, "images", deadline);
}

absl::Status Cloud::SaveServer(const std::string& id, const std::string& image_name,
                               const Properties& properties, const Deadline& deadline) {
  const Json body = {{"createImage", {{"name", image_name}, {"metadata", properties}}}};
  const std::string path = absl::StrCat("/servers/", http::UrlEncoded(id), "/action");
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, session_.Do("save a server", Service::kCompute,
                                                             "POST", path, body, deadline));
  return reply.ok() ? absl::OkStatus() : ProviderRefused(who(), "save a server", reply.message);
}

absl::Status Cloud::DeleteImage(const std::string& id, const Deadline& deadline) {
  const std::string path = absl::StrCat("/images/", http::UrlEncoded(id));
  return session_.Do("delete an image", Service::kImage, "DELETE", path, {}, deadline).status();
}

}  // namespace weft::provisioner::openstack
