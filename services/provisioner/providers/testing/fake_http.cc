#include "services/provisioner/providers/testing/fake_http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace weft::provisioner::testing {
namespace {

constexpr int kBacklog = 64;
// No HTTP status: the answer ends in its middle.
constexpr int kHalfAnswer = -1;

[[noreturn]] void Die(absl::string_view what) {
  std::perror(std::string(what).c_str());
  std::abort();
}

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

int ListenOn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) Die("the socket's path is too long");
  std::copy(path.begin(), path.end(), address.sun_path);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path.c_str());
  if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(descriptor, kBacklog) != 0) {
    Die("cannot listen");
  }
  return descriptor;
}

MHD_Result AddTo(void* values, MHD_ValueKind kind, const char* name, const char* value) {
  auto& map = *static_cast<std::map<std::string, std::string>*>(values);
  map[kind == MHD_HEADER_KIND ? absl::AsciiStrToLower(name) : name] = value == nullptr ? "" : value;
  return MHD_YES;
}

std::string Echo(const FakeRequest& request) {
  std::string text = absl::StrCat(request.method, " ", request.path, "\n");
  for (const auto& [name, value] : request.headers) absl::StrAppend(&text, name, ": ", value, "\n");
  return absl::StrCat(text, "\n", request.body);
}

}  // namespace

std::string FakeRequest::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string FakeRequest::Query(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

FakeAnswer JsonAnswer(int code, const Json& json) { return {.code = code, .body = Written(json)}; }

// libmicrohttpd's callbacks.
struct FakeHttpWire {
  static MHD_Result OnRequest(void* self, MHD_Connection* wire, const char* path,
                              const char* method, const char*, const char* data, size_t* size,
                              void** context) {
    auto* request = static_cast<FakeRequest*>(*context);
    if (request == nullptr) {
      request = new FakeRequest;
      request->method = method;
      request->path = path;
      MHD_get_connection_values(wire, MHD_GET_ARGUMENT_KIND, &AddTo, &request->query);
      MHD_get_connection_values(wire, MHD_HEADER_KIND, &AddTo, &request->headers);
      *context = request;
      return MHD_YES;
    }
    if (*size > 0) {
      request->body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    return Queue(wire, static_cast<FakeHttp*>(self)->Answer(*request));
  }

  static MHD_Result Queue(MHD_Connection* wire, const FakeAnswer& answer) {
    if (answer.code == kHalfAnswer) return QueueHalf(wire);
    MHD_Response* const response = MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
    for (const auto& [name, value] : answer.headers) {
      MHD_add_response_header(response, name.c_str(), value.c_str());
    }
    const MHD_Result queued = MHD_queue_response(wire, answer.code, response);
    MHD_destroy_response(response);
    return queued;
  }

  // Promises a hundred bytes, gives ten.
  static MHD_Result QueueHalf(MHD_Connection* wire) {
    MHD_Response* const response = MHD_create_response_from_callback(
        100, 100,
        [](void*, uint64_t position, char* buffer, size_t room) -> ssize_t {
          if (position > 0) return MHD_CONTENT_READER_END_WITH_ERROR;
          const size_t given = std::min<size_t>(room, 10);
          std::fill_n(buffer, given, '{');
          return static_cast<ssize_t>(given);
        },
        nullptr, nullptr);
    const MHD_Result queued = MHD_queue_response(wire, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
  }

  static void OnCompleted(void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
    delete static_cast<FakeRequest*>(*context);
    *context = nullptr;
  }
};

FakeHttp::FakeHttp(Options options, Handler handler)
    : options_(std::move(options)), handler_(std::move(handler)) {
  unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&FakeHttpWire::OnCompleted), this}};
  std::string certificate, key;
  if (!options_.certificate_file.empty()) {
    flags |= MHD_USE_TLS;
    certificate = FileText(options_.certificate_file);
    key = FileText(options_.key_file);
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, certificate.data()});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, key.data()});
  }
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (options_.unix_socket.empty()) {
    items.push_back({MHD_OPTION_SOCK_ADDR, 0, &loopback});
  } else {
    items.push_back({MHD_OPTION_LISTEN_SOCKET, ListenOn(options_.unix_socket), nullptr});
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &FakeHttpWire::OnRequest, this,
                             MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  if (daemon_ == nullptr) Die("cannot serve HTTP");
  const int port = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
  url_ = !options_.unix_socket.empty()
             ? absl::StrCat("unix://", options_.unix_socket)
             : absl::StrCat(certificate.empty() ? "http" : "https", "://127.0.0.1:", port);
}

FakeHttp::~FakeHttp() {
  SetTrouble(HttpTrouble::kNone);
  MHD_stop_daemon(daemon_);
  if (!options_.unix_socket.empty()) unlink(options_.unix_socket.c_str());
}

void FakeHttp::SetTrouble(HttpTrouble trouble) {
  MutexLock lock(&mutex_);
  trouble_ = trouble;
  changed_.NotifyAll();
}

FakeAnswer FakeHttp::Answer(const FakeRequest& request) {
  ++requests_;
  HttpTrouble trouble = HttpTrouble::kNone;
  {
    MutexLock lock(&mutex_);
    trouble = trouble_;
    while (trouble_ == HttpTrouble::kSlow) changed_.Wait(&mutex_);
  }
  switch (trouble) {
    case HttpTrouble::kGarbage:
      return {.body = "<html><body>Welcome to the router's settings.</body></html>"};
    case HttpTrouble::kOtherJson:
      return {.body = R"({"answer": 42, "list": [1, "two", null]})"};
    case HttpTrouble::kEcho:
      return {.body = Echo(request)};
    case HttpTrouble::kServerError:
      return {.code = 503, .body = "no server is available to handle this request"};
    case HttpTrouble::kHalf:
      return {.code = kHalfAnswer};
    case HttpTrouble::kRedirect:
      return {.code = 302, .body = "", .headers = {{"Location", "http://127.0.0.1:1/"}}};
    case HttpTrouble::kUnauthorized:
      return {.code = 401, .body = Echo(request)};
    case HttpTrouble::kNone:
    case HttpTrouble::kSlow:
      break;
  }
  MutexLock lock(&handling_);
  return handler_(request);
}

}  // namespace weft::provisioner::testing
