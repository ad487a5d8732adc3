#include "services/provisioner/http/client.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner::http {
namespace {

constexpr size_t kIdleHandles = 4;

// What libcurl's callbacks share during one request.
struct Exchange {
  const Request* request = nullptr;
  size_t max_body_bytes = 0;
  CURL* curl = nullptr;
  Answer answer;
  absl::Status broken_off;  // by source or sink
  bool too_long = false;
  bool cancelled = false;
  char error[CURL_ERROR_SIZE] = {};
};

size_t TakeHeader(char* data, size_t size, size_t count, void* target) {
  auto& headers = static_cast<Exchange*>(target)->answer.headers;
  const absl::string_view line(data, size * count);
  // Of each answer on the way ("100 Continue") its own.
  if (absl::StartsWith(line, "HTTP/")) headers.clear();
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return line.size();
}

size_t TakeBody(char* data, size_t size, size_t count, void* target) {
  auto& exchange = *static_cast<Exchange*>(target);
  const absl::string_view piece(data, size * count);
  long code = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &code);
  if (exchange.request->sink != nullptr && code / 100 == 2) {
    exchange.broken_off = exchange.request->sink(piece);
    return exchange.broken_off.ok() ? piece.size() : 0;
  }
  exchange.too_long = exchange.answer.body.size() + piece.size() > exchange.max_body_bytes;
  if (exchange.too_long) return 0;
  absl::StrAppend(&exchange.answer.body, piece);
  return piece.size();
}

size_t GiveBody(char* buffer, size_t size, size_t count, void* target) {
  auto& exchange = *static_cast<Exchange*>(target);
  const absl::StatusOr<size_t> bytes = exchange.request->source(buffer, size * count);
  if (bytes.ok()) return *bytes;
  exchange.broken_off = bytes.status();
  return CURL_READFUNC_ABORT;
}

// Called about once a second, and as data move. Not 0: break it off.
int TellProgress(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(target);
  exchange.cancelled = exchange.request->cancelled();
  return exchange.cancelled ? 1 : 0;
}

void SetFile(CURL* curl, CURLoption option, const std::string& path) {
  if (!path.empty()) curl_easy_setopt(curl, option, path.c_str());
}

void SetTransport(CURL* curl, const Client::Options& options, absl::Duration remaining) {
  SetFile(curl, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket);
  SetFile(curl, CURLOPT_CAINFO, options.ca_file);
  SetFile(curl, CURLOPT_SSLCERT, options.certificate_file);
  SetFile(curl, CURLOPT_SSLKEY, options.key_file);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  const auto connect = std::min(options.connect_timeout, remaining);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(connect)) + 1);
  if (remaining != absl::InfiniteDuration()) {
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(remaining)) + 1);
  }
}

void SetBody(CURL* curl, Exchange* exchange) {
  const Request& request = *exchange->request;
  if (request.source != nullptr) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    // Over a kept connection that the other end has closed it would have to be sent twice.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &GiveBody);
    curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
  } else if (!request.body.empty() || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// A server that wants a client's certificate says so by an alert, in TLS 1.3 after the handshake.
bool RefusesCertificate(CURLcode code, absl::string_view why) {
  return code == CURLE_SSL_CERTPROBLEM ||
         ((code == CURLE_RECV_ERROR || code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_SEND_ERROR) &&
          absl::StrContains(why, "alert") && absl::StrContains(why, "certificate"));
}

absl::Status Translate(CURLcode code, const Exchange& exchange, const Client::Options& options) {
  if (exchange.cancelled) return ProviderCancelled(options.who, exchange.request->method);
  if (!exchange.broken_off.ok()) return exchange.broken_off;
  const std::string why = *exchange.error != '\0' ? exchange.error : curl_easy_strerror(code);
  const Request& request = *exchange.request;
  if (exchange.too_long) {
    return ProviderGarbage(options.who, absl::StrCat("at most ", options.max_body_bytes, " bytes"),
                           exchange.answer.body);
  }
  if (RefusesCertificate(code, why)) return ProviderRefusesCredentials(options.who, why);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: {
      long sent = 0;
      curl_easy_getinfo(exchange.curl, CURLINFO_REQUEST_SIZE, &sent);
      if (sent == 0) return ProviderNeverAsked(options.who, "no connection in time");
      return ProviderTooSlow(options.who, request.method);
    }
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return ProviderNeverAsked(options.who, why);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
      return ProviderGarbage(options.who, "HTTP", why);
    default:
      return ProviderUnreachable(options.who, why);
  }
}

}  // namespace

Client::~Client() {
  MutexLock lock(&mutex_);
  for (CURL* const curl : idle_) curl_easy_cleanup(curl);
}

CURL* Client::Take() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return nullptr;
  MutexLock lock(&mutex_);
  if (idle_.empty()) return curl_easy_init();
  CURL* const curl = idle_.back();
  idle_.pop_back();
  return curl;
}

void Client::GiveBack(CURL* curl) {
  // Forgets the options, keeps the connections.
  curl_easy_reset(curl);
  MutexLock lock(&mutex_);
  if (idle_.size() < kIdleHandles) {
    idle_.push_back(curl);
  } else {
    curl_easy_cleanup(curl);
  }
}

absl::StatusOr<Answer> Client::Send(const Request& request, const Deadline& deadline) {
  const absl::Duration remaining = deadline.Remaining();
  if (remaining <= absl::ZeroDuration()) return ProviderTooSlow(options_.who, request.method);
  CURL* const curl = Take();
  if (curl == nullptr) return absl::InternalError("libcurl cannot be initialised");
  Exchange exchange;
  exchange.request = &request;
  exchange.max_body_bytes = options_.max_body_bytes;
  exchange.curl = curl;
  // No 100-continue: it costs a round trip, and many a server does not know it.
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : request.headers) {
    headers = curl_slist_append(headers, header.c_str());
  }
  SetTransport(curl, options_, remaining);
  SetBody(curl, &exchange);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  if (request.cancelled != nullptr) {
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &TellProgress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  }
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange.error);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.code = static_cast<int>(status);
  absl::StatusOr<Answer> result;
  if (code == CURLE_OK) {
    result = std::move(exchange.answer);
  } else {
    result = Translate(code, exchange, options_);
  }
  curl_slist_free_all(headers);
  GiveBack(curl);
  return result;
}

}  // namespace weft::provisioner::http
