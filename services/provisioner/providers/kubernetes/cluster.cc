#include "services/provisioner/providers/kubernetes/cluster.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner::kubernetes {
namespace {

constexpr char kFieldManager[] = "fieldManager=weft-provisioner";

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::string(absl::StripAsciiWhitespace(line));
}

}  // namespace

Cluster::Cluster(const Transport& transport, Login login, std::string name_space)
    : base_(transport.base),
      login_(std::move(login)),
      name_space_(std::move(name_space)),
      rest_({.transport = transport.options, .headers = {}, .secrets = {login_.token}}) {}

std::string Cluster::Url(const Kind& kind, absl::string_view rest) const {
  const std::string root = kind.group.empty() ? "/api" : absl::StrCat("/apis/", kind.group);
  return absl::StrCat(base_, root, "/", kind.version, "/namespaces/", http::UrlEncoded(name_space_),
                      "/", kind.plural, rest);
}

absl::StatusOr<http::Reply> Cluster::Do(absl::string_view what, http::Rest::Call call,
                                        const Deadline& deadline) {
  const std::string token = login_.token_file.empty() ? login_.token : FirstLine(login_.token_file);
  if (!login_.token_file.empty() && token.empty()) {
    return ProviderRefusesCredentials(who(), absl::StrCat("no token in ", login_.token_file));
  }
  if (!token.empty()) call.headers.push_back(absl::StrCat("Authorization: Bearer ", token));
  call.headers.push_back("Accept: application/json");
  WEFT_ASSIGN_OR_RETURN(http::Reply reply, rest_.Send(call, deadline));
  if (reply.ok() || reply.code == 404) return reply;
  // Not for want of rights: somebody who has more would be refused, too.
  const bool is_policy = absl::StrContains(reply.message, "violates PodSecurity");
  if (reply.code == 403 && !is_policy) {
    return absl::StrContains(reply.message, "exceeded quota")
               ? ProviderQuota(who(), reply.message)
               : ProviderRefusesCredentials(who(), reply.message);
  }
  return ProviderRefused(who(), what, reply.message);
}

absl::StatusOr<std::optional<Json>> Cluster::Apply(const Kind& kind, const Json& object,
                                                   const Deadline& deadline) {
  const std::string name = TextAt(object, {"metadata", "name"});
  WEFT_ASSIGN_OR_RETURN(http::Reply reply,
                        Do(absl::StrCat("apply one of ", kind.plural),
                           {.method = "PATCH",
                            .url = Url(kind, absl::StrCat("/", http::UrlEncoded(name), "?",
                                                          kFieldManager, "&force=true")),
                            .body = object,
                            .content_type = "application/apply-patch+yaml"},
                           deadline));
  if (reply.code == 404) return std::optional<Json>();
  if (TextAt(reply.body, {"metadata", "uid"}).empty()) return Garbage("an object", reply.body);
  return std::optional<Json>(std::move(reply.body));
}

absl::Status Cluster::TryToCreate(const Kind& kind, const Json& object, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                        Do(absl::StrCat("let in one of ", kind.plural),
                           {.method = "POST",
                            .url = Url(kind, absl::StrCat("?dryRun=All&", kFieldManager)),
                            .body = object},
                           deadline));
  if (reply.code == 404) return ProviderRefused(who(), "make machines", reply.message);
  return TextAt(reply.body, {"kind"}).empty() ? Garbage("an object", reply.body) : absl::OkStatus();
}

absl::StatusOr<std::optional<Json>> Cluster::Get(const Kind& kind, const std::string& name,
                                                 const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      http::Reply reply,
      Do("show an object", {.url = Url(kind, absl::StrCat("/", http::UrlEncoded(name)))},
         deadline));
  if (reply.code == 404) return std::optional<Json>();
  if (TextAt(reply.body, {"metadata", "uid"}).empty()) return Garbage("an object", reply.body);
  return std::optional<Json>(std::move(reply.body));
}

absl::StatusOr<std::optional<std::vector<Json>>> Cluster::List(const Kind& kind,
                                                               const std::string& labels,
                                                               const Deadline& deadline) {
  const std::string query = absl::StrCat("?labelSelector=", http::UrlEncoded(labels));
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply, Do(absl::StrCat("list ", kind.plural),
                                                    {.url = Url(kind, query)}, deadline));
  if (reply.code == 404) return std::optional<std::vector<Json>>();
  const Json& items = At(reply.body, {"items"});
  if (!items.is_array()) return Garbage("a list of objects", reply.body);
  return std::optional<std::vector<Json>>(std::vector<Json>(items.begin(), items.end()));
}

absl::Status Cluster::Delete(const Kind& kind, const std::string& name, const Deadline& deadline) {
  const Json options = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  WEFT_ASSIGN_OR_RETURN(const http::Reply reply,
                        Do(absl::StrCat("delete one of ", kind.plural),
                           {.method = "DELETE",
                            .url = Url(kind, absl::StrCat("/", http::UrlEncoded(name))),
                            .body = options},
                           deadline));
  if (reply.code == 404) return absl::OkStatus();
  // A Status, or the object that is on its way out.
  return TextAt(reply.body, {"kind"}).empty() ? Garbage("an object or a Status", reply.body)
                                              : absl::OkStatus();
}

}  // namespace weft::provisioner::kubernetes
