#include "services/provisioner/providers/openstack/session.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner::openstack {
namespace {

constexpr int kMaxPages = 1000;

struct ServiceOf {
  Service service;
  absl::string_view type;     // in the catalog
  absl::string_view version;  // is added where the endpoint lacks it
};
constexpr ServiceOf kServices[] = {{Service::kCompute, "compute", ""},
                                   {Service::kImage, "image", "/v2"},
                                   {Service::kNetwork, "network", "/v2.0"}};

std::string OrElse(const std::string& text, absl::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

std::string IdentityUrl(const std::string& base) {
  return absl::EndsWith(base, "/v3") ? base : absl::StrCat(base, "/v3");
}

bool IsQuota(int code, absl::string_view message) {
  return code == 413 || ((code == 403 || code == 409) && (absl::StrContains(message, "Quota") ||
                                                          absl::StrContains(message, "quota")));
}

bool HasNext(const Json& page, const std::string& key) {
  if (!TextAt(page, {"next"}).empty()) return true;
  const Json& links = At(page, {absl::StrCat(key, "_links")});
  if (!links.is_array()) return false;
  for (const Json& link : links) {
    if (TextAt(link, {"rel"}) == "next") return true;
  }
  return false;
}

}  // namespace

Session::Session(const Transport& transport, const ProviderRecord& record)
    : base_(IdentityUrl(transport.base)),
      record_(record),
      rest_({.transport = transport.options, .headers = {}, .secrets = {record.password}}) {}

Json Session::LoginBody() const {
  const std::string user_domain = OrElse(Value(record_.extra, "user_domain_name"), "Default");
  const std::string project_domain = OrElse(Value(record_.extra, "project_domain_name"), "Default");
  const Json user = {
      {"name", record_.user}, {"password", record_.password}, {"domain", {{"name", user_domain}}}};
  const Json project = {{"name", record_.tenant}, {"domain", {{"name", project_domain}}}};
  return {{"auth",
           {{"identity", {{"methods", {"password"}}, {"password", {{"user", user}}}}},
            {"scope", {{"project", project}}}}}};
}

absl::StatusOr<std::map<Service, std::string>> Session::ReadCatalog(const Json& catalog) const {
  const std::string region = Value(record_.extra, "region_name");
  const std::string interface = OrElse(Value(record_.extra, "interface"), "public");
  std::map<Service, std::string> endpoints;
  if (!catalog.is_array()) return Garbage("a catalog of services", catalog);
  for (const Json& entry : catalog) {
    for (const ServiceOf& service : kServices) {
      if (TextAt(entry, {"type"}) != service.type || !At(entry, {"endpoints"}).is_array()) continue;
      for (const Json& endpoint : At(entry, {"endpoints"})) {
        std::string url = TextAt(endpoint, {"url"});
        if (TextAt(endpoint, {"interface"}) != interface || url.empty() ||
            (!region.empty() && TextAt(endpoint, {"region"}) != region)) {
          continue;
        }
        url = std::string(absl::StripSuffix(url, "/"));
        if (!absl::EndsWith(url, service.version)) absl::StrAppend(&url, service.version);
        endpoints.emplace(service.service, url);
      }
    }
  }
  return endpoints;
}

absl::StatusOr<Session::Access> Session::Ask(const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      const http::Reply reply,
      rest_.Send(
          {.method = "POST", .url = absl::StrCat(base_, "/auth/tokens"), .body = LoginBody()},
          deadline));
  if (!reply.ok()) {
    // 400 and 404: a project or domain that there is not.
    return ProviderRefusesCredentials(who(), reply.message);
  }
  const auto token = reply.headers.find("x-subject-token");
  if (token == reply.headers.end() || token->second.empty()) {
    return Garbage("a token in X-Subject-Token", reply.body);
  }
  Access access{token->second, {}};
  WEFT_ASSIGN_OR_RETURN(access.endpoints, ReadCatalog(At(reply.body, {"token", "catalog"})));
  return access;
}

absl::Status Session::Login(const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(Access access, Ask(deadline));
  MutexLock lock(&mutex_);
  access_ = std::move(access);
  return absl::OkStatus();
}

absl::StatusOr<Session::Access> Session::Current(const Deadline& deadline) {
  {
    MutexLock lock(&mutex_);
    if (!access_.token.empty()) return access_;
  }
  WEFT_RETURN_IF_ERROR(Login(deadline));
  MutexLock lock(&mutex_);
  return access_;
}

absl::StatusOr<http::Reply> Session::Do(absl::string_view what, Service service,
                                        absl::string_view method, const std::string& path,
                                        const Json& body, const Deadline& deadline) {
  for (bool fresh = false;; fresh = true) {
    WEFT_ASSIGN_OR_RETURN(const Access access, Current(deadline));
    const auto endpoint = access.endpoints.find(service);
    if (endpoint == access.endpoints.end()) {
      return NotOffered(who(), what,
                        "Check region_name and interface: the catalog has no such service.");
    }
    const http::Rest::Call call{.method = std::string(method),
                                .url = absl::StrCat(endpoint->second, path),
                                .body = body,
                                .headers = {absl::StrCat("X-Auth-Token: ", access.token)}};
    auto reply = rest_.Send(call, deadline);
    if (absl::IsUnauthenticated(reply.status()) && !fresh) {
      // Tokens end after hours, or when Keystone's keys are changed.
      WEFT_RETURN_IF_ERROR(Login(deadline));
      continue;
    }
    if (!reply.ok() || reply->ok() || reply->code == 404) return reply;
    if (IsQuota(reply->code, reply->message)) return ProviderQuota(who(), reply->message);
    if (reply->code == 403) return ProviderRefusesCredentials(who(), reply->message);
    return ProviderRefused(who(), what, reply->message);
  }
}

absl::StatusOr<std::vector<Json>> Session::List(Service service, const std::string& path,
                                                const std::string& key, const Deadline& deadline) {
  std::vector<Json> all;
  std::string next = path;
  for (int page = 0; page < kMaxPages; ++page) {
    WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                          Do(absl::StrCat("list ", key), service, "GET", next, {}, deadline));
    const Json& items = At(reply.body, {key});
    if (!items.is_array()) return Garbage(absl::StrCat("a list of ", key), reply.body);
    all.insert(all.end(), items.begin(), items.end());
    if (items.empty() || !HasNext(reply.body, key)) return all;
    // The link itself may name a scheme or host that only the other side of a proxy knows.
    next = absl::StrCat(path, absl::StrContains(path, "?") ? "&" : "?",
                        "marker=", http::UrlEncoded(TextAt(items.back(), {"id"})));
  }
  return Garbage("an end of the list", Json(all.size()));
}

}  // namespace weft::provisioner::openstack
