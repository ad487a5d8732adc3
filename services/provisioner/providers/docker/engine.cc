#include "services/provisioner/providers/docker/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner::docker {
namespace {

using ApiVersion = std::pair<int, int>;

// Of the API: what is asked for where the engine takes it. Newer engines take only newer ones.
constexpr ApiVersion kOwnVersion = {1, 41};
constexpr absl::Duration kPoll = absl::Milliseconds(100);

std::optional<ApiVersion> ParseVersion(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('.', 1));
  ApiVersion version;
  if (!absl::SimpleAtoi(parts.first, &version.first) ||
      !absl::SimpleAtoi(parts.second, &version.second)) {
    return std::nullopt;
  }
  return version;
}

// An engine has no quota, but a host with an end; it says so by a status of 500.
bool IsExhaustion(absl::string_view message) {
  for (const absl::string_view sign :
       {"no space left on device", "cannot allocate memory", "port is already allocated",
        "address already in use", "no available IPv4 addresses", "quota exceeded",
        "address pools have been fully subnetted"}) {
    if (absl::StrContains(message, sign)) return true;
  }
  return false;
}

http::Rest::Options RestOptions(const Transport& transport) {
  return {.transport = transport.options, .headers = {}, .secrets = {}};
}

}  // namespace

Engine::Engine(const Transport& transport, Clock* clock)
    : base_(transport.base), rest_(RestOptions(transport)), clock_(clock) {}

std::string Engine::ContainerPath(const std::string& name, absl::string_view rest) {
  return absl::StrCat("/containers/", http::UrlEncoded(name), rest);
}

absl::StatusOr<std::string> Engine::AskVersion(const Deadline& deadline) {
  const auto reply = rest_.Send({.url = absl::StrCat(base_, "/version")}, deadline);
  WEFT_RETURN_IF_ERROR(Judge("say its version", reply));
  const std::string newest = TextAt(reply->body, {"ApiVersion"});
  const std::string oldest = TextAt(reply->body, {"MinAPIVersion"});
  const auto ceiling = ParseVersion(newest);
  const auto floor = oldest.empty() ? kOwnVersion : ParseVersion(oldest);
  if (!ceiling.has_value() || !floor.has_value()) {
    return Garbage("an ApiVersion and a MinAPIVersion", reply->body);
  }
  const ApiVersion chosen = std::max(kOwnVersion, *floor);
  if (chosen > *ceiling) {
    return ProviderRefused(who(), "serve API 1.41 (Docker 20.10) or a later one",
                           absl::StrCat("its newest is ", newest));
  }
  std::string version = absl::StrCat("/v", chosen.first, ".", chosen.second);
  MutexLock lock(&mutex_);
  version_ = version;
  return version;
}

absl::StatusOr<std::string> Engine::Url(absl::string_view path, const Deadline& deadline) {
  std::string version;
  {
    MutexLock lock(&mutex_);
    version = version_;
  }
  if (version.empty()) {
    WEFT_ASSIGN_OR_RETURN(version, AskVersion(deadline));
  }
  return absl::StrCat(base_, version, path);
}

absl::Status Engine::Judge(absl::string_view what, const absl::StatusOr<http::Reply>& reply) const {
  if (!reply.ok()) {
    const bool exhausted =
        absl::IsUnavailable(reply.status()) && IsExhaustion(reply.status().message());
    return exhausted ? ProviderQuota(who(), reply.status().message()) : reply.status();
  }
  if (reply->ok()) return absl::OkStatus();
  if (reply->code == 403) return ProviderRefusesCredentials(who(), reply->message);
  return ProviderRefused(who(), what, reply->message);
}

absl::StatusOr<http::Reply> Engine::Do(absl::string_view what, http::Rest::Call call,
                                       const std::vector<int>& expected, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(call.url, Url(call.url, deadline));
  auto reply = rest_.Send(call, deadline);
  const bool known =
      reply.ok() && std::find(expected.begin(), expected.end(), reply->code) != expected.end();
  if (!known) WEFT_RETURN_IF_ERROR(Judge(what, reply));
  return reply;
}

absl::Status Engine::Order(absl::string_view what, const http::Rest::Call& call,
                           const std::vector<int>& good, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, Do(what, call, good, deadline));
  if (reply.ok() && !reply.body.is_null()) return Garbage("an empty answer", reply.body);
  return absl::OkStatus();
}

absl::Status Engine::Check(const Deadline& deadline) { return AskVersion(deadline).status(); }

absl::StatusOr<std::string> Engine::FindImage(const std::string& name, const Deadline& deadline) {
  const std::string filters = Written({{"reference", {name}}});
  const std::string url = absl::StrCat("/images/json?filters=", http::UrlEncoded(filters));
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, Do("search images", {.url = url}, {}, deadline));
  if (!reply.body.is_array()) return Garbage("a list of images", reply.body);
  if (reply.body.empty()) return ImageUnknown(who(), name);
  const Json& image = reply.body.front();
  const Json& tags = At(image, {"RepoTags"});
  if (tags.is_array() && !tags.empty() && tags.front().is_string()) {
    return tags.front().get<std::string>();
  }
  const std::string id = TextAt(image, {"Id"});
  if (id.empty()) return Garbage("an image with RepoTags or Id", image);
  return id;
}

absl::Status Engine::CheckNetwork(const std::string& label, const Deadline& deadline) {
  const std::string url = absl::StrCat("/networks/", http::UrlEncoded(label));
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                        Do("show a network", {.url = url}, {404}, deadline));
  return reply.code == 404 ? NetworkUnknown(who(), label) : absl::OkStatus();
}

absl::StatusOr<std::optional<Json>> Engine::Inspect(const std::string& name,
                                                    const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      http::Reply reply,
      Do("show a container", {.url = ContainerPath(name, "/json")}, {404}, deadline));
  if (reply.code == 404) return std::nullopt;
  return std::move(reply.body);
}

absl::StatusOr<std::vector<std::string>> Engine::Names(const std::vector<std::string>& labels,
                                                       const Deadline& deadline) {
  const std::string filters = Written({{"label", labels}});
  const std::string url =
      absl::StrCat("/containers/json?all=true&filters=", http::UrlEncoded(filters));
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, Do("list containers", {.url = url}, {}, deadline));
  if (!reply.body.is_array()) return Garbage("a list of containers", reply.body);
  std::vector<std::string> names;
  for (const Json& container : reply.body) {
    const Json& own = At(container, {"Names"});
    // One that is being removed has none.
    if (own.is_array() && !own.empty() && own.front().is_string()) {
      names.emplace_back(absl::StripPrefix(own.front().get<std::string>(), "/"));
    } else if (TextAt(container, {"Id"}).empty()) {
      return Garbage("a container with Id and Names", container);
    }
  }
  return names;
}

absl::Status Engine::Create(const std::string& name, const Json& container,
                            const Deadline& deadline) {
  const std::string url = absl::StrCat("/containers/create?name=", http::UrlEncoded(name));
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                        Do("create a container", {.method = "POST", .url = url, .body = container},
                           {404, 409}, deadline));
  if (reply.code == 404) return ImageUnknown(who(), TextAt(container, {"Image"}));
  if (reply.ok() && TextAt(reply.body, {"Id"}).empty()) return Garbage("an Id", reply.body);
  return absl::OkStatus();
}

absl::Status Engine::Start(const std::string& name, const Deadline& deadline) {
  return Order("start a container", {.method = "POST", .url = ContainerPath(name, "/start")}, {304},
               deadline);
}

absl::Status Engine::Rename(const std::string& name, const std::string& to,
                            const Deadline& deadline) {
  const std::string query = absl::StrCat("/rename?name=", http::UrlEncoded(to));
  return Order("rename a container", {.method = "POST", .url = ContainerPath(name, query)}, {},
               deadline);
}

absl::Status Engine::Pause(const std::string& name, const Deadline& deadline) {
  return Order("pause a container", {.method = "POST", .url = ContainerPath(name, "/pause")}, {409},
               deadline);
}

absl::Status Engine::Unpause(const std::string& name, const Deadline& deadline) {
  return Order("resume a container", {.method = "POST", .url = ContainerPath(name, "/unpause")},
               {409}, deadline);
}

absl::Status Engine::Connect(const std::string& network, const std::string& name,
                             const Deadline& deadline) {
  const std::string url = absl::StrCat("/networks/", http::UrlEncoded(network), "/connect");
  return Order("connect a container to a network",
               {.method = "POST", .url = url, .body = {{"Container", name}}}, {403}, deadline);
}

absl::Status Engine::Remove(const std::string& name, const Deadline& deadline) {
  while (true) {
    const http::Rest::Call call{.method = "DELETE",
                                .url = ContainerPath(name, "?force=true&v=true")};
    WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                          Do("remove a container", call, {404, 409}, deadline));
    if (reply.code == 404) return absl::OkStatus();
    if (reply.ok() && !reply.body.is_null()) return Garbage("an empty answer", reply.body);
    // 409: somebody else is at it. 2xx: seen gone at the next look.
    if (deadline.Passed()) return ProviderTooSlow(who(), "the removal of a container");
    if (!reply.ok()) clock_->Sleep(kPoll);
  }
}

absl::Status Engine::RemoveVolume(const std::string& name, const Deadline& deadline) {
  const std::string url = absl::StrCat("/volumes/", http::UrlEncoded(name), "?force=true");
  return Order("remove a volume", {.method = "DELETE", .url = url}, {404}, deadline);
}

}  // namespace weft::provisioner::docker
