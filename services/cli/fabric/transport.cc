#include "services/cli/fabric/transport.h"

#include <curl/curl.h>

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/fabric/xmlrpc.h"

namespace weft::cli::mysqlfabric {
namespace {

namespace xmlrpc = fabric::xmlrpc;

constexpr long kConnectSeconds = 10;
constexpr long kHttpOk = 200;
constexpr long kHttpBadRequest = 400;
constexpr long kHttpUnauthorized = 401;
constexpr long kHttpForbidden = 403;
constexpr long kHttpTooMany = 429;
constexpr long kHttpUnavailable = 503;

struct Handle {
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  std::string body;
  Interrupt* interrupt = nullptr;
  int interruptions = 0;

  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

size_t TakeBody(char* data, size_t size, size_t count, void* target) {
  std::string& body = static_cast<Handle*>(target)->body;
  if (body.size() + size * count > xmlrpc::kAnswerLimits.bytes) return 0;
  body.append(data, size * count);
  return size * count;
}

int IsInterrupted(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* handle = static_cast<Handle*>(target);
  return handle->interrupt->count() > handle->interruptions ? 1 : 0;
}

absl::StatusOr<std::unique_ptr<Handle>> Prepare(const Endpoint& endpoint,
                                                const std::string& request, Interrupt* interrupt) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto handle = std::make_unique<Handle>();
  handle->curl = ready == CURLE_OK ? curl_easy_init() : nullptr;
  if (handle->curl == nullptr) return absl::InternalError("libcurl cannot be initialised");
  handle->interrupt = interrupt;
  handle->interruptions = interrupt->count();
  handle->headers = curl_slist_append(nullptr, "Content-Type: text/xml");
  // A node of old knows no 100-continue.
  handle->headers = curl_slist_append(handle->headers, "Expect:");
  CURL* const curl = handle->curl;
  const bool tls = !endpoint.ca_file.empty();
  const std::string url = absl::StrCat(tls ? "https://" : "http://", endpoint.address, "/RPC2");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  // The node is of the farm's own network, whatever the environment says about the web.
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle->headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, handle.get());
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &IsInterrupted);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, handle.get());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle->error);
  if (tls) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, endpoint.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, endpoint.verify_host ? 2L : 0L);
  }
  return handle;
}

// The HTTP status of one exchange; with a login two or three.
absl::StatusOr<long> Perform(Handle& handle, const Endpoint& endpoint) {
  handle.body.clear();
  const CURLcode code = curl_easy_perform(handle.curl);
  if (code == CURLE_ABORTED_BY_CALLBACK) return absl::CancelledError("interrupted");
  if (code != CURLE_OK) {
    const std::string why = *handle.error != '\0' ? handle.error : curl_easy_strerror(code);
    return Refusal(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE",
                   absl::StrCat("cannot reach the node at ", endpoint.address, ": ", why),
                   "a node that answers there", why,
                   "start it (mysqlfabric manage start), or mend [protocol.xmlrpc] address in "
                   "fabric.cfg");
  }
  long status = 0;
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

absl::StatusOr<Result> ReadAnswer(const std::string& body) {
  absl::StatusOr<std::variant<xmlrpc::Envelope, xmlrpc::Fault>> answer = xmlrpc::ParseAnswer(body);
  if (!answer.ok()) {
    return absl::InternalError(
        absl::StrCat("the node's answer is none of Fabric's: ", answer.status().message()));
  }
  if (const auto* fault = std::get_if<xmlrpc::Fault>(&*answer)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the node refused the call: ", fault->text, " (fault ", fault->code, ")"));
  }
  auto& envelope = std::get<xmlrpc::Envelope>(*answer);
  return Result{std::move(envelope.fabric_uuid), envelope.ttl, std::move(envelope.answer)};
}

}  // namespace

absl::StatusOr<Result> CallNode(const Endpoint& endpoint, const std::optional<Account>& account,
                                const fabric::Call& call, Interrupt* interrupt) {
  WEFT_ASSIGN_OR_RETURN(const std::string request, xmlrpc::WriteRequest(call));
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Handle> handle,
                        Prepare(endpoint, request, interrupt));
  // As the original: the whole request first, the login when it is asked for. (libcurl would begin
  // a digest with an empty request, which a node without logins takes for a bad one.)
  WEFT_ASSIGN_OR_RETURN(long status, Perform(*handle, endpoint));
  if (status == kHttpUnauthorized && account.has_value()) {
    curl_easy_setopt(handle->curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_DIGEST));
    curl_easy_setopt(handle->curl, CURLOPT_USERNAME, account->user.c_str());
    curl_easy_setopt(handle->curl, CURLOPT_PASSWORD, account->password.c_str());
    WEFT_ASSIGN_OR_RETURN(status, Perform(*handle, endpoint));
  }
  switch (status) {
    case kHttpOk:
      return ReadAnswer(handle->body);
    case kHttpBadRequest:  // What the original answered to a wrong password.
    case kHttpUnauthorized:
    case kHttpForbidden:
      return absl::PermissionDeniedError("Permission denied.");
    case kHttpTooMany:
      return absl::PermissionDeniedError(
          "Permission denied: too many failed logins. Wait a minute.");
    case kHttpUnavailable:
      return Refusal(absl::StatusCode::kUnavailable, "NODE_NOT_READY",
                     absl::StrCat("the node at ", endpoint.address, " cannot answer now"),
                     "a node that knows its users and has room", "HTTP status 503",
                     "try again in a moment; its log says what it waits for");
    default:
      return absl::InternalError(
          absl::StrCat("the node at ", endpoint.address, " answered HTTP status ", status));
  }
}

}  // namespace weft::cli::mysqlfabric
