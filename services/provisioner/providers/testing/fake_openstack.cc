#include "services/provisioner/providers/testing/fake_openstack.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::provisioner::testing {
namespace {

constexpr size_t kPage = 2;

// {"forbidden": {"code": 403, "message": "..."}}, as Nova's.
FakeAnswer Fault(int code, const std::string& name, absl::string_view message) {
  return JsonAnswer(code, {{name, {{"code", code}, {"message", std::string(message)}}}});
}

FakeAnswer Empty(int code) { return {.code = code, .body = "", .headers = {}}; }

FakeAnswer NotFound() { return Fault(404, "itemNotFound", "the resource could not be found"); }

Json Parse(const FakeRequest& request) { return Json::parse(request.body, nullptr, false); }

bool IsAmong(const std::string& field, const std::set<std::string>& known) {
  return known.contains(field);
}

std::string FirstUnknown(const Json& object, const std::set<std::string>& known) {
  for (const auto& member : object.items()) {
    if (!IsAmong(member.key(), known)) return member.key();
  }
  return "";
}

Json Endpoint(const std::string& type, const std::string& url) {
  // The first is nobody's to use from outside.
  return {{"type", type},
          {"endpoints",
           {{{"interface", "internal"}, {"region", "north"}, {"url", "http://127.0.0.1:1"}},
            {{"interface", "public"}, {"region", "north"}, {"url", url}}}}};
}

}  // namespace

FakeOpenStack::FakeOpenStack(const Options& options)
    : options_(options),
      http_(options.http, [this](const FakeRequest& request) { return Handle(request); }) {}

std::string FakeOpenStack::Add(const std::string& kind, Json object) {
  const std::string id = absl::StrFormat("%s-%06d", kind, ++made_);
  object["id"] = id;
  objects_[kind][id] = std::move(object);
  return id;
}

void FakeOpenStack::AddImage(const Json& image) {
  MutexLock lock(&mutex_);
  Json whole = {{"status", "active"}, {"min_disk", 0}, {"min_ram", 0}, {"size", 4096}};
  whole.update(image);
  Add("images", whole);
}

void FakeOpenStack::AddFlavor(const Json& flavor) {
  MutexLock lock(&mutex_);
  Json whole = {{"ram", 512}, {"vcpus", 1}, {"disk", 10}, {"swap", ""}, {"rxtx_factor", 1.0}};
  whole.update(flavor);
  Add("flavors", whole);
}

void FakeOpenStack::AddNetwork(const std::string& name) {
  MutexLock lock(&mutex_);
  Add("networks", {{"name", name}});
}

void FakeOpenStack::SetFull(bool full) {
  MutexLock lock(&mutex_);
  full_ = full;
}

void FakeOpenStack::SetNeverRun(bool never) {
  MutexLock lock(&mutex_);
  never_run_ = never;
}

void FakeOpenStack::SetSoftDelete(bool soft) {
  MutexLock lock(&mutex_);
  soft_delete_ = soft;
}

void FakeOpenStack::SetSnapshotsFail(bool fail) {
  MutexLock lock(&mutex_);
  snapshots_fail_ = fail;
}

void FakeOpenStack::ForgetTokens() {
  MutexLock lock(&mutex_);
  tokens_.clear();
}

Json FakeOpenStack::Object(const std::string& kind, const std::string& name) {
  MutexLock lock(&mutex_);
  for (const auto& [id, object] : objects_[kind]) {
    if (TextAt(object, {"name"}) == name || TextAt(object, {"description"}) == name) return object;
  }
  return {};
}

size_t FakeOpenStack::Count(const std::string& kind) {
  MutexLock lock(&mutex_);
  return objects_[kind].size();
}

int FakeOpenStack::logins() {
  MutexLock lock(&mutex_);
  return logins_;
}

FakeAnswer FakeOpenStack::Handle(const FakeRequest& request) {
  MutexLock lock(&mutex_);
  absl::string_view path = request.path;
  const bool has_body = !request.body.empty();
  if (has_body && request.Header("content-type") != "application/json") {
    return Fault(415, "badMediaType", "expected application/json");
  }
  if (path == "/identity/v3/auth/tokens" && request.method == "POST") return Login(request);
  if (!tokens_.contains(request.Header("x-auth-token"))) {
    return Fault(401, "unauthorized", "The request you have made requires authentication.");
  }
  if (absl::ConsumePrefix(&path, "/compute/v2.1")) return Compute(request, std::string(path));
  if (absl::ConsumePrefix(&path, "/image/v2")) return Image(request, std::string(path));
  if (absl::ConsumePrefix(&path, "/network/v2.0")) return Network(request, std::string(path));
  return NotFound();
}

FakeAnswer FakeOpenStack::Login(const FakeRequest& request) {
  const Json body = Parse(request);
  const Json& identity = At(body, {"auth", "identity"});
  const Json& user = At(identity, {"password", "user"});
  const Json& project = At(body, {"auth", "scope", "project"});
  if (At(identity, {"methods"}) != Json::array({"password"}) ||
      TextAt(user, {"name"}) != options_.user || TextAt(user, {"domain", "name"}) != "Default" ||
      TextAt(user, {"password"}) != options_.password ||
      TextAt(project, {"name"}) != options_.project ||
      TextAt(project, {"domain", "name"}) != "Default") {
    return Fault(401, "error", "The request you have made requires authentication.");
  }
  ++logins_;
  const std::string token = absl::StrCat("a-token-of-keystone-", ++made_);
  tokens_.insert(token);
  const std::string& url = http_.url();
  Json catalog = {Endpoint("compute", url + "/compute/v2.1"), Endpoint("image", url + "/image/")};
  if (options_.has_network) catalog.push_back(Endpoint("network", url + "/network/v2.0"));
  FakeAnswer answer = JsonAnswer(
      201, {{"token", {{"expires_at", "2099-01-01T00:00:00.000000Z"}, {"catalog", catalog}}}});
  answer.headers.emplace_back("X-Subject-Token", token);
  return answer;
}

FakeAnswer FakeOpenStack::Page(const FakeRequest& request, const std::string& kind,
                               const std::set<std::string>& filters) {
  const std::string marker = request.Query("marker");
  Json page = Json::array();
  bool more = false;
  for (const auto& [id, object] : objects_[kind]) {
    if (id <= marker) continue;
    bool matches = true;
    for (const std::string& filter : filters) {
      // Nova takes a name for a pattern; the only one here is that of a whole name.
      std::string wanted = request.Query(filter);
      if (kind == "servers") {
        wanted = std::string(absl::StripSuffix(absl::StripPrefix(wanted, "^"), "$"));
      }
      if (!wanted.empty() && TextAt(object, {filter}) != wanted) matches = false;
    }
    if (!matches) continue;
    more = page.size() == kPage;
    if (more) break;
    page.push_back(object);
  }
  Json body = {{kind, page}};
  if (more && kind == "images") body["next"] = "/v2/images?marker=...";
  if (more && kind != "images") {
    body[kind + "_links"] = {{{"rel", "next"}, {"href", "http://inside.example/next"}}};
  }
  return JsonAnswer(200, body);
}

FakeAnswer FakeOpenStack::Delete(const std::string& kind, const std::string& id) {
  const auto found = objects_[kind].find(id);
  if (found == objects_[kind].end()) return NotFound();
  if (kind == "servers" && soft_delete_) {
    found->second["status"] = "SOFT_DELETED";
  } else {
    objects_[kind].erase(found);
  }
  return Empty(204);
}

FakeAnswer FakeOpenStack::Compute(const FakeRequest& request, const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const std::string what = absl::StrCat(request.method, path);
  if (what == "GET/servers" || what == "GET/servers/detail") {
    return Page(request, "servers", {"name"});
  }
  if (what == "GET/flavors/detail") return Page(request, "flavors", {});
  if (what == "POST/servers") return MakeServer(Parse(request));
  if (parts.size() < 2 || parts[0] != "servers") return NotFound();
  const auto server = objects_["servers"].find(parts[1]);
  if (server == objects_["servers"].end()) return NotFound();
  if (parts.size() == 3 && parts[2] == "action" && request.method == "POST") {
    return SaveServer(Parse(request));
  }
  if (request.method == "GET") return JsonAnswer(200, {{"server", server->second}});
  if (request.method == "DELETE") return Delete("servers", parts[1]);
  return NotFound();
}

FakeAnswer FakeOpenStack::MakeServer(const Json& body) {
  Json server = At(body, {"server"});
  const std::string unknown = FirstUnknown(
      server, {"availability_zone", "block_device_mapping_v2", "flavorRef", "imageRef", "key_name",
               "metadata", "name", "networks", "security_groups", "user_data"});
  if (!server.is_object() || !unknown.empty()) {
    return Fault(400, "badRequest",
                 absl::StrCat("Additional properties are not allowed ('", unknown, "')"));
  }
  if (!objects_["images"].contains(TextAt(server, {"imageRef"})) ||
      !objects_["flavors"].contains(TextAt(server, {"flavorRef"}))) {
    return Fault(400, "badRequest", "Can not find requested image or flavor");
  }
  if (full_) {
    return Fault(403, "forbidden",
                 "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances");
  }
  const std::string zone = TextAt(server, {"availability_zone"});
  server["OS-EXT-AZ:availability_zone"] = zone.empty() ? "nova" : zone;
  server["OS-EXT-SRV-ATTR:host"] = "compute-1";
  server["scheduler_hints"] = At(body, {"os:scheduler_hints"});
  server["created"] = "2026-01-01T00:00:00Z";
  server["status"] = never_run_ ? "BUILD" : "ACTIVE";
  server["addresses"] = Json::object();
  const std::string address = absl::StrCat("10.0.0.", made_ % 250 + 1);
  if (!never_run_) {
    server["addresses"]["private"] = {{{"addr", address}, {"OS-EXT-IPS:type", "fixed"}}};
  }
  const std::string id = Add("servers", server);
  if (!never_run_) Add("ports", {{"device_id", id}});
  return JsonAnswer(202, {{"server", {{"id", id}, {"adminPass", "never to be shown"}}}});
}

FakeAnswer FakeOpenStack::SaveServer(const Json& body) {
  const Json& order = At(body, {"createImage"});
  if (!order.is_object()) return Fault(400, "badRequest", "no such action");
  Json image = {{"name", TextAt(order, {"name"})},
                {"status", snapshots_fail_ ? "saving" : "active"},
                {"size", 1 << 20}};
  image.update(At(order, {"metadata"}));
  Add("images", image);
  return Empty(202);
}

FakeAnswer FakeOpenStack::Image(const FakeRequest& request, const std::string& path) {
  if (request.method == "GET" && path == "/images") {
    FakeAnswer page = Page(request, "images", {"name", "weft_provider", "weft_snapshot"});
    std::erase_if(objects_["images"],
                  [](const auto& entry) { return entry.second["status"] == "saving"; });
    return page;
  }
  absl::string_view id = path;
  if (request.method == "DELETE" && absl::ConsumePrefix(&id, "/images/")) {
    return Delete("images", std::string(id));
  }
  return NotFound();
}

FakeAnswer FakeOpenStack::Network(const FakeRequest& request, const std::string& path) {
  if (request.method == "GET" && path == "/networks") return Page(request, "networks", {"name"});
  if (request.method == "GET" && path == "/ports") return Page(request, "ports", {"device_id"});
  if (request.method == "GET" && path == "/floatingips") {
    return Page(request, "floatingips", {"description"});
  }
  if (request.method == "POST" && path == "/floatingips") return GiveAddress(Parse(request));
  absl::string_view id = path;
  if (request.method == "DELETE" && absl::ConsumePrefix(&id, "/floatingips/")) {
    return Delete("floatingips", std::string(id));
  }
  return NotFound();
}

FakeAnswer FakeOpenStack::GiveAddress(const Json& body) {
  const Json& order = At(body, {"floatingip"});
  const auto port = objects_["ports"].find(TextAt(order, {"port_id"}));
  if (port == objects_["ports"].end() ||
      !objects_["networks"].contains(TextAt(order, {"floating_network_id"}))) {
    return JsonAnswer(404, {{"NeutronError", {{"message", "no such port or network"}}}});
  }
  Json& server = objects_["servers"][TextAt(port->second, {"device_id"})];
  server["addresses"]["private"].push_back(
      {{"addr", "198.51.100.7"}, {"OS-EXT-IPS:type", "floating"}});
  Add("floatingips", order);
  return JsonAnswer(201, {{"floatingip", order}});
}

}  // namespace weft::provisioner::testing
