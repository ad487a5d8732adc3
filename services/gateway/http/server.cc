#include "services/gateway/http/server.h"

#include <microhttpd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/rpc/pem_file.h"
#include "services/gateway/http/connection_table.h"
#include "services/gateway/http/exchange.h"
#include "services/gateway/http/listen_socket.h"

namespace weft::gateway::http {
namespace {

using Phase = Connection::Phase;

// What libmicrohttpd needs of a connection's memory besides the request's head: the answer's.
constexpr size_t kAnswerHeadBytes = 4 << 10;
// Files that are open for other reasons than connections.
constexpr rlim_t kOtherFiles = 512;
constexpr absl::Duration kSweepEvery = absl::Milliseconds(250);
constexpr absl::Duration kPatience = absl::Seconds(1);

Response Plain(int code, absl::string_view text) {
  return {code,
          {{"Content-Type", "text/plain"}},
          std::make_shared<const std::string>(absl::StrCat(text, "\n")),
          /*close=*/true};
}

void RaiseFileLimit(size_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, connections + kOtherFiles);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

MHD_Result AddQuery(void* request, MHD_ValueKind, const char* name, const char* value) {
  static_cast<Request*>(request)->query.emplace(name, value == nullptr ? "" : value);
  return MHD_YES;
}

MHD_Result AddHeader(void* request, MHD_ValueKind, const char* name, const char* value) {
  static_cast<Request*>(request)->headers.emplace(absl::AsciiStrToLower(name),
                                                  value == nullptr ? "" : value);
  return MHD_YES;
}

void DropBody(void* body) { delete static_cast<std::shared_ptr<const std::string>*>(body); }

MHD_Result Queue(MHD_Connection* wire, const Response& response) {
  const auto& body = response.body;
  MHD_Response* const answer =
      body == nullptr ? MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT)
                      : MHD_create_response_from_buffer_with_free_callback_cls(
                            body->size(), const_cast<char*>(body->data()), &DropBody,
                            new std::shared_ptr<const std::string>(body));
  if (answer == nullptr) return MHD_NO;
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(answer, name.c_str(), value.c_str());
  }
  if (response.close) MHD_add_response_header(answer, "Connection", "close");
  const MHD_Result queued = MHD_queue_response(wire, response.code, answer);
  MHD_destroy_response(answer);
  return queued;
}

class MicrohttpdServer : public Server {
 public:
  explicit MicrohttpdServer(Options options)
      : options_(std::move(options)),
        table_({options_.max_connections, options_.request_deadline, options_.idle_timeout,
                options_.write_deadline}) {}

  ~MicrohttpdServer() override {
    AwaitSleepers();
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
    {
      MutexLock lock(&mutex_);
      stopped_ = true;
      ending_.NotifyAll();
    }
    if (sweeper_.joinable()) sweeper_.join();
  }

  absl::Status Begin() {
    std::string certificate, key;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    if (!options_.certificate_file.empty() || !options_.key_file.empty()) {
      WEFT_ASSIGN_OR_RETURN(certificate, rpc::ReadPemFile(options_.certificate_file));
      WEFT_ASSIGN_OR_RETURN(key, rpc::ReadPemFile(options_.key_file));
      flags |= MHD_USE_TLS;
    }
    RaiseFileLimit(options_.max_connections);
    // Sets the table's time, before there are connections whose age it would be.
    table_.Sweep(RealClock::Get()->MonotonicNow());
    WEFT_ASSIGN_OR_RETURN(const ListenSocket socket, Listen(options_.listen));
    port_ = socket.port;
    std::vector<MHD_OptionItem> items = {
        {MHD_OPTION_LISTEN_SOCKET, socket.descriptor, nullptr},
        {MHD_OPTION_THREAD_POOL_SIZE, options_.threads, nullptr},
        {MHD_OPTION_CONNECTION_LIMIT, static_cast<intptr_t>(options_.max_connections), nullptr},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT,
         static_cast<intptr_t>(options_.max_connections_per_peer), nullptr},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT,
         static_cast<intptr_t>(options_.max_header_bytes + kAnswerHeadBytes), nullptr},
        {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&OnCompleted), this},
        {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&OnConnection), this},
    };
    if ((flags & MHD_USE_TLS) != 0) {
      items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, certificate.data()});
      items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, key.data()});
    }
    items.push_back({MHD_OPTION_END, 0, nullptr});
    daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &OnRequest, this, MHD_OPTION_ARRAY,
                               items.data(), MHD_OPTION_END);
    if (daemon_ == nullptr) {
      close(socket.descriptor);
      return Refusal(absl::StatusCode::kFailedPrecondition, "HTTP_NOT_STARTED",
                     absl::StrCat("cannot serve HTTP on ", options_.listen),
                     "a certificate and its key, PEM, without a password", "libmicrohttpd refused",
                     "Check that the two files belong together.");
    }
    sweeper_ = std::thread([this] { Sweep(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  size_t connections() const override { return table_.size(); }

 private:
  using Shared = std::shared_ptr<Exchange>;

  static void OnConnection(void* self, MHD_Connection* wire, void** context,
                           MHD_ConnectionNotificationCode code) {
    auto* const server = static_cast<MicrohttpdServer*>(self);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      server->table_.Remove(static_cast<Connection*>(*context));
      return;
    }
    const int socket = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const sockaddr* const address =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    *context = server->table_.Add(socket, PeerName(address));
  }

  static MHD_Result OnRequest(void* self, MHD_Connection* wire, const char* path,
                              const char* method, const char*, const char* data, size_t* size,
                              void** context) {
    auto* const server = static_cast<MicrohttpdServer*>(self);
    if (*context == nullptr) {
      auto* const exchange = new Shared(std::make_shared<Exchange>(wire));
      *context = exchange;
      return server->Header(wire, method, path, exchange->get());
    }
    Shared& exchange = *static_cast<Shared*>(*context);
    if (*size > 0) return server->Body(exchange.get(), data, size);
    return server->Complete(wire, exchange);
  }

  static void OnCompleted(void* self, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
    auto* const exchange = static_cast<Shared*>(*context);
    if (exchange == nullptr) return;
    auto* const server = static_cast<MicrohttpdServer*>(self);
    const Exchange::Reading& reading = (*exchange)->reading;
    server->body_bytes_ -= reading.counted_bytes;
    server->Forget(*exchange);
    // What comes later goes nowhere.
    (*exchange)->Respond({});
    server->table_.Enter(reading.connection, Phase::kIdle);
    delete exchange;
    *context = nullptr;
  }

  // The line and the header of a request are there.
  MHD_Result Header(MHD_Connection* wire, const char* method, const char* path,
                    Exchange* exchange) {
    Exchange::Reading& reading = exchange->reading;
    reading.connection = static_cast<Connection*>(
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
    table_.Enter(reading.connection, Phase::kReading);
    Request& request = reading.request;
    request.method = method;
    request.path = path;
    request.peer = reading.connection->peer();
    MHD_get_connection_values(wire, MHD_GET_ARGUMENT_KIND, &AddQuery, &request);
    MHD_get_connection_values(wire, MHD_HEADER_KIND, &AddHeader, &request);
    const auto length = request.headers.find("content-length");
    uint64_t bytes = 0;
    if (length != request.headers.end() && absl::SimpleAtoi(length->second, &bytes)) {
      // Before a client of good manners sends what nobody will read.
      if (bytes > options_.max_body_bytes) return Answer(wire, exchange, TooLarge());
      request.body.reserve(std::min<uint64_t>(bytes, 4096));
    }
    return MHD_YES;
  }

  // A part of the body. Refusals wait for its end: nothing can be answered before.
  MHD_Result Body(Exchange* exchange, const char* data, size_t* size) {
    Exchange::Reading& reading = exchange->reading;
    if (reading.refusal == 0 && reading.request.body.size() + *size > options_.max_body_bytes) {
      reading.refusal = MHD_HTTP_CONTENT_TOO_LARGE;
    }
    if (reading.refusal == 0) {
      const size_t free = options_.free_body_bytes -
                          std::min(options_.free_body_bytes, reading.request.body.size());
      const size_t counted = *size - std::min(*size, free);
      reading.counted_bytes += counted;
      if (counted > 0 && body_bytes_.fetch_add(counted) + counted > options_.max_bodies_bytes) {
        reading.refusal = MHD_HTTP_SERVICE_UNAVAILABLE;
      }
    }
    if (reading.refusal == 0) {
      reading.request.body.append(data, *size);
    } else {
      reading.request.body.clear();
      reading.request.body.shrink_to_fit();
      reading.dropped_bytes += *size;
      if (reading.dropped_bytes > 4 * options_.max_body_bytes) return MHD_NO;
    }
    *size = 0;
    return MHD_YES;
  }

  // All of the request is there; also called again once a sleeping one was responded to.
  MHD_Result Complete(MHD_Connection* wire, const Shared& exchange) {
    Exchange::Reading& reading = exchange->reading;
    if (!reading.handled) {
      reading.handled = true;
      if (reading.refusal == MHD_HTTP_CONTENT_TOO_LARGE)
        return Answer(wire, exchange.get(), TooLarge());
      if (reading.refusal != 0 || stopping_.load())
        return Answer(wire, exchange.get(), Unavailable());
      table_.Enter(reading.connection, Phase::kAnswering);
      options_.handler(reading.request,
                       [exchange](Response response) { exchange->Respond(std::move(response)); });
    }
    std::optional<Response> response = exchange->Take();
    if (!response.has_value() && !Sleep(exchange)) response = exchange->Take();
    if (!response.has_value()) return MHD_YES;
    return Answer(wire, exchange.get(), *response);
  }

  MHD_Result Answer(MHD_Connection* wire, Exchange* exchange, const Response& response) {
    table_.Enter(exchange->reading.connection, Phase::kWriting);
    return Queue(wire, response);
  }

  Response TooLarge() const {
    return Plain(MHD_HTTP_CONTENT_TOO_LARGE,
                 absl::StrCat("A request may have ", options_.max_body_bytes, " bytes."));
  }

  static Response Unavailable() {
    return Plain(MHD_HTTP_SERVICE_UNAVAILABLE, "The server has too much to do, or ends.");
  }

  // False: there is a response now.
  bool Sleep(const Shared& exchange) {
    MutexLock lock(&mutex_);
    if (ended_) exchange->Respond(Unavailable());
    if (!exchange->Sleep()) return false;
    exchange->asleep_since = RealClock::Get()->MonotonicNow();
    exchange->reading.slept = true;
    asleep_.insert(exchange);
    return true;
  }

  void Forget(const Shared& exchange) {
    if (!exchange->reading.slept) return;
    MutexLock lock(&mutex_);
    asleep_.erase(exchange);
    if (asleep_.empty()) awake_.NotifyAll();
  }

  void AwaitSleepers() {
    stopping_ = true;
    Clock* const clock = RealClock::Get();
    const Deadline deadline = Deadline::After(clock, kPatience);
    MutexLock lock(&mutex_);
    while (!asleep_.empty() && !deadline.Passed()) {
      clock->WaitFor(&awake_, &mutex_, deadline.Remaining());
    }
    ended_ = true;
    for (const Shared& exchange : asleep_) exchange->Respond(Unavailable());
  }

  void Sweep() {
    Clock* const clock = RealClock::Get();
    while (true) {
      const absl::Duration now = clock->MonotonicNow();
      table_.Sweep(now);
      MutexLock lock(&mutex_);
      if (stopped_) return;
      for (const Shared& exchange : asleep_) {
        if (now - exchange->asleep_since < options_.response_deadline) continue;
        exchange->Respond(Plain(MHD_HTTP_GATEWAY_TIMEOUT, "There is no answer in time."));
      }
      clock->WaitFor(&ending_, &mutex_, kSweepEvery);
    }
  }

  const Options options_;
  ConnectionTable table_;
  int port_ = 0;
  MHD_Daemon* daemon_ = nullptr;
  std::atomic<size_t> body_bytes_ = 0;
  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  CondVar awake_;   // asleep_ is empty
  CondVar ending_;  // stopped_
  // Exchanges whose connections sleep, until their request has ended.
  absl::flat_hash_set<Shared> asleep_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread sweeper_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options) {
  auto server = std::make_unique<MicrohttpdServer>(std::move(options));
  WEFT_RETURN_IF_ERROR(server->Begin());
  return server;
}

}  // namespace weft::gateway::http
