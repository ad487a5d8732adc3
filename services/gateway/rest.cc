#include "services/gateway/rest.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "services/gateway/rest_json.h"
#include "services/gateway/serving.h"

namespace weft::gateway {
namespace {

constexpr char kAllowed[] = "GET, HEAD, OPTIONS";
constexpr absl::Duration kMetricsShared = absl::Seconds(1);
constexpr char kDocs[] = "docs/http.md lists what can be asked";

struct Limits {
  std::optional<absl::Duration> lag;
  std::optional<absl::Duration> stale;
};

// /v1/KIND/ID/WHAT?is=IS and its limits. What is not there is empty.
struct Question {
  std::string path;
  std::string kind;
  std::string id;
  std::string what;
  std::string is;
  Limits limits;
};

// "1.5" is seconds; "500ms", "1s", "2m".
std::optional<absl::Duration> ParseLimit(absl::string_view text) {
  absl::Duration limit;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    limit = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &limit)) {
    return std::nullopt;
  }
  // NaN is not beyond zero either.
  if (!(limit >= absl::ZeroDuration()) || limit == absl::InfiniteDuration()) return std::nullopt;
  return limit;
}

// A parameter that is not understood is an error: a limit that is misspelt must not let everything
// pass.
std::optional<RestError> ReadQuery(const std::map<std::string, std::string>& query,
                                   Question& question) {
  for (const auto& [name, value] : query) {
    if (name == "is" && question.what == "role") {
      question.is = value;
      continue;
    }
    if (name != "lag" && name != "stale") {
      return RestError{400,
                       "UNKNOWN_PARAMETER",
                       "this parameter means nothing here",
                       question.what == "role" ? "is, lag or stale" : "lag or stale",
                       name,
                       kDocs};
    }
    std::optional<absl::Duration>& limit =
        name == "lag" ? question.limits.lag : question.limits.stale;
    limit = ParseLimit(value);
    if (!limit.has_value()) {
      return RestError{400,
                       "MALFORMED_LIMIT",
                       absl::StrCat(name, " is no length of time"),
                       "seconds, or a number with ms, s, m or h",
                       value,
                       kDocs};
    }
  }
  return std::nullopt;
}

RestError UnknownPath(absl::string_view path) {
  return {404,  "UNKNOWN_PATH", "nothing is here", "a path of docs/http.md", std::string(path),
          kDocs};
}

// REQUIRES: the path begins with /v1/.
std::optional<RestError> Read(const http::Request& request, Question& question) {
  const std::vector<std::string> parts = absl::StrSplit(request.path, '/');
  // "", "v1", kind, id, what; none of them empty, none too many.
  if (parts.size() > 5 || std::count(parts.begin(), parts.end(), "") > 1) {
    return UnknownPath(request.path);
  }
  question.path = request.path;
  question.kind = parts[2];
  if (parts.size() > 3) question.id = parts[3];
  if (parts.size() > 4) question.what = parts[4];
  return ReadQuery(request.query, question);
}

RestError NoSuch(absl::string_view reason, absl::string_view what, absl::string_view found,
                 absl::string_view list) {
  return {404,
          std::string(reason),
          absl::StrCat("no such ", what),
          absl::StrCat("one that ", list, " lists"),
          std::string(found),
          absl::StrCat("look at ", list)};
}

http::Response OfGroup(const RoutedGroup& group, absl::string_view role, const Limits& limits,
                       const Routes& routes) {
  std::vector<const RoutedServer*> serving;
  const std::optional<Role> asked = ParseRole(role);
  for (const RoutedServer& server : group.servers) {
    const auto why = WhyNotServing(group, server, *asked, limits.lag, routes.LagOf(server.uuid));
    if (!why.has_value()) serving.push_back(&server);
  }
  if (serving.empty()) {
    return ErrorResponse(
        {503, *asked == Role::kPrimary ? "NO_PRIMARY" : "NO_REPLICA",
         absl::StrCat("no ", role, " of group ", group.id, " may serve now"),
         absl::StrCat("at least one ", role), "none",
         absl::StrCat("look at /v1/groups/", group.id, ", ask `weft why ", group.id, "`")});
  }
  if (*asked == Role::kPrimary) {
    return JsonResponse(200, ServerJson(group, *serving.front(), routes));
  }
  return JsonResponse(200, ServersJson(group, serving, routes));
}

RestError NotServingAs(const RouteSnapshot::Place& place, absl::string_view role, NotServing why) {
  return {503,
          std::move(why.reason),
          absl::StrCat(place.server->address.ToString(), " may not serve as ", role),
          std::move(why.expected),
          std::move(why.found),
          absl::StrCat("look at /v1/groups/", place.group->id)};
}

// Whether the server may serve as one of `roles`.
http::Response OfServer(const RouteSnapshot::Place& place, const std::vector<Role>& roles,
                        const Limits& limits, const Routes& routes) {
  const RoutedServer& server = *place.server;
  std::optional<NotServing> why;
  for (const Role role : roles) {
    why = WhyNotServing(*place.group, server, role, limits.lag, routes.LagOf(server.uuid));
    if (!why.has_value()) return JsonResponse(200, ServerJson(*place.group, server, routes));
  }
  return ErrorResponse(NotServingAs(place, ToString(roles.back()), *std::move(why)));
}

http::Response OfGroups(const RouteSnapshot& snapshot, const Question& question,
                        const Routes& routes) {
  const auto found = snapshot.groups.find(question.id);
  if (found == snapshot.groups.end()) {
    return ErrorResponse(NoSuch("UNKNOWN_GROUP", "group", question.id, "/v1/groups"));
  }
  if (question.what.empty()) return JsonResponse(200, GroupJson(*found->second, routes));
  if (!ParseRole(question.what).has_value()) return ErrorResponse(UnknownPath(question.path));
  return OfGroup(*found->second, question.what, question.limits, routes);
}

http::Response OfServers(const RouteSnapshot& snapshot, const Question& question,
                         const Routes& routes) {
  const RouteSnapshot::Place* const place = snapshot.Find(question.id);
  if (place == nullptr) {
    return ErrorResponse(NoSuch("UNKNOWN_SERVER", "server", question.id, "/v1/servers"));
  }
  if (question.what.empty()) {
    return JsonResponse(200, ServerJson(*place->group, *place->server, routes));
  }
  if (question.what == "role" && question.is.empty()) {
    return OfServer(*place, {Role::kPrimary, Role::kReader}, question.limits, routes);
  }
  const bool is_asked = question.what == "role";
  const std::optional<Role> role = ParseRole(is_asked ? question.is : question.what);
  if (role.has_value()) return OfServer(*place, {*role}, question.limits, routes);
  if (!is_asked) return ErrorResponse(UnknownPath(question.path));
  return ErrorResponse({400, "UNKNOWN_ROLE", "there is no such role", "primary, replica or reader",
                        question.is, kDocs});
}

}  // namespace

Rest::Rest(const Routes* routes, rpc::Metrics* metrics) : routes_(routes), metrics_(metrics) {
  for (const int code : {200, 400, 404, 405, 503}) {
    answers_.emplace(code, metrics->GetCounter("gateway_http_answers_total",
                                               "Answers to load balancers and scripts over HTTP.",
                                               {{"code", absl::StrCat(code)}}));
  }
}

void Rest::Count(int code) const {
  const auto found = answers_.find(code);
  if (found != answers_.end()) found->second.Increment();
}

http::Response Rest::Answer(const http::Request& request) const {
  http::Response response;
  if (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS") {
    response = ErrorResponse({405, "METHOD_NOT_ALLOWED", "nothing can be changed over HTTP",
                              kAllowed, request.method, "use `weft`, or gRPC"});
    response.headers.emplace_back("Allow", kAllowed);
  } else {
    response = Route(request);
  }
  if (request.method == "OPTIONS") response.headers.emplace_back("Allow", kAllowed);
  Count(response.code);
  response.headers.emplace_back(
      "Weft-Staleness", absl::StrFormat("%.3f", absl::ToDoubleSeconds(routes_->Staleness())));
  return response;
}

http::Response Rest::Route(const http::Request& request) const {
  if (request.path == "/healthz") return JsonResponse(200, "{\"status\":\"alive\"}\n");
  if (request.path == "/readyz") return Ready();
  if (request.path == "/metrics") {
    return {.code = 200,
            .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
            .body = MetricsText()};
  }
  if (absl::StartsWith(request.path, "/v1/")) return OfTopology(request);
  return ErrorResponse(UnknownPath(request.path));
}

std::shared_ptr<const std::string> Rest::MetricsText() const {
  const absl::Duration now = RealClock::Get()->MonotonicNow();
  MutexLock lock(&mutex_);
  std::shared_ptr<const std::string> text = metrics_text_.lock();
  if (text == nullptr || now - metrics_text_made_ >= kMetricsShared) {
    text = std::make_shared<const std::string>(metrics_->Expose());
    metrics_text_ = text;
    metrics_text_made_ = now;
  }
  return text;
}

http::Response Rest::Ready() const {
  const std::shared_ptr<const RouteSnapshot> snapshot = routes_->Get();
  if (snapshot == nullptr) {
    return ErrorResponse({503, "NO_SNAPSHOT", "no controller has said yet what there is",
                          "a snapshot of the topology", "none", "start a controller, or wait"});
  }
  return JsonResponse(
      200, absl::StrFormat("{\"status\":\"ready\",\"staleness_seconds\":%.3f,\"groups\":%d,"
                           "\"servers\":%d}\n",
                           absl::ToDoubleSeconds(routes_->Staleness()), snapshot->groups.size(),
                           snapshot->by_uuid.size()));
}

http::Response Rest::WholeList(const std::string& name,
                               const std::shared_ptr<const RouteSnapshot>& snapshot) const {
  MutexLock lock(&mutex_);
  Kept& kept = kept_[name];
  if (kept.snapshot != snapshot) {
    kept.snapshot = snapshot;
    kept.body = std::make_shared<const std::string>(name == "groups"    ? GroupsJson(*snapshot)
                                                    : name == "servers" ? AllServersJson(*snapshot)
                                                                        : TopologyJson(*snapshot));
  }
  return JsonResponse(200, kept.body);
}

http::Response Rest::OfTopology(const http::Request& request) const {
  const std::shared_ptr<const RouteSnapshot> snapshot = routes_->Get();
  if (snapshot == nullptr) return Ready();
  Question question;
  const std::optional<RestError> error = Read(request, question);
  if (error.has_value()) return ErrorResponse(*error);
  const absl::Duration staleness = routes_->Staleness();
  if (question.limits.stale.has_value() && staleness > *question.limits.stale) {
    return ErrorResponse({503, "STALE", "no controller has been heard for longer than that",
                          absl::StrCat(absl::ToDoubleSeconds(*question.limits.stale), " s at most"),
                          absl::StrCat(absl::ToDoubleSeconds(staleness), " s"),
                          "look after the controllers"});
  }
  const bool is_list = question.id.empty();
  if (question.kind == "groups" && !is_list) return OfGroups(*snapshot, question, *routes_);
  if (question.kind == "servers" && !is_list) return OfServers(*snapshot, question, *routes_);
  const bool is_known =
      question.kind == "groups" || question.kind == "servers" || question.kind == "topology";
  if (is_known && is_list) return WholeList(question.kind, snapshot);
  return ErrorResponse(UnknownPath(request.path));
}

}  // namespace weft::gateway
