#include "services/provisioner/http/rest.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner::http {
namespace {

constexpr size_t kMessageBytes = 500;

// {"message": ...} (Docker, Kubernetes), or one level down, {"forbidden": {"message": ...}}
// (OpenStack); else the text itself.
std::string MessageOf(const std::string& text, const Json& body) {
  std::string message = TextAt(body, {"message"});
  if (message.empty() && body.is_object()) {
    for (const auto& member : body) {
      message = TextAt(member, {"message"});
      if (!message.empty()) break;
    }
  }
  if (message.empty()) message = text;
  return message.substr(0, kMessageBytes);
}

// What is in the request's headers by which it proves who it is.
std::vector<std::string> SecretsOf(const std::vector<std::string>& headers) {
  std::vector<std::string> secrets;
  for (const std::string& header : headers) {
    if (absl::StartsWithIgnoreCase(header, "Authorization:") ||
        absl::StartsWithIgnoreCase(header, "X-Auth-Token:") ||
        absl::StartsWithIgnoreCase(header, "X-Subject-Token:")) {
      secrets.push_back(header.substr(header.rfind(' ') + 1));
    }
  }
  return secrets;
}

std::string Cut(absl::string_view text, const std::vector<std::string>& secrets) {
  std::string clean(text);
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    const std::string quoted = Written(secret);
    clean =
        absl::StrReplaceAll(clean, {{secret, "***"}, {quoted.substr(1, quoted.size() - 2), "***"}});
  }
  return clean;
}

}  // namespace

absl::StatusOr<Reply> Rest::SendRaw(Request request, const Deadline& deadline) {
  request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
  WEFT_ASSIGN_OR_RETURN(Answer answer, client_.Send(request, deadline));
  // What the other end repeats of it ends here.
  const std::vector<std::string> secrets = SecretsOf(request.headers);
  Json body;
  if (!answer.body.empty()) body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  const std::string message =
      answer.code >= 400 ? Cut(WithoutSecrets(MessageOf(answer.body, body)), secrets) : "";
  const std::string what = absl::StrCat("HTTP status ", answer.code, ", ", message);
  if (answer.code == 401) return ProviderRefusesCredentials(who(), what);
  if (answer.code == 429) return ProviderNeverAsked(who(), what);
  if (answer.code >= 500) return ProviderUnreachable(who(), what);
  if (answer.code < 200 || answer.code / 100 == 3) {
    return ProviderGarbage(who(), "an answer of HTTP", what);
  }
  if (body.is_discarded()) body = Cut(WithoutSecrets(answer.body), secrets);
  return Reply{answer.code, std::move(answer.headers), std::move(body), message};
}

absl::StatusOr<Reply> Rest::Send(const Call& call, const Deadline& deadline) {
  Request request;
  request.method = call.method;
  request.url = call.url;
  request.headers = call.headers;
  if (!call.body.is_null()) {
    request.body = Written(call.body);
    request.headers.push_back(absl::StrCat("Content-Type: ", call.content_type));
  }
  WEFT_ASSIGN_OR_RETURN(Reply reply, SendRaw(std::move(request), deadline));
  if (reply.ok() && !reply.body.is_null() && !reply.body.is_structured()) {
    return ProviderGarbage(
        who(), "JSON",
        reply.body.is_string() ? reply.body.get<std::string>() : Written(reply.body));
  }
  return reply;
}

absl::Status Rest::Garbage(absl::string_view expected, const Json& found) const {
  return ProviderGarbage(who(), expected, WithoutSecrets(Written(found)));
}

std::string Rest::WithoutSecrets(absl::string_view text) const {
  return Cut(text, options_.secrets);
}

std::string UrlEncoded(absl::string_view text) {
  std::string encoded;
  for (const unsigned char c : text) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-._~", static_cast<char>(c))) {
      encoded.push_back(static_cast<char>(c));
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", c);
    }
  }
  return encoded;
}

}  // namespace weft::provisioner::http
