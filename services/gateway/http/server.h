#pragma once
// An HTTP/1.1 server over libmicrohttpd that survives the open network: everything a client can
// make it hold is bounded.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::gateway::http {

struct Request {
  std::string method;  // "POST"
  std::string path;    // "/RPC2", decoded, without the query
  std::map<std::string, std::string> query;
  // Names in lower case; of a header that came twice the first.
  std::map<std::string, std::string> headers;
  std::string body;
  std::string peer;  // "host:port"
};

struct Response {
  int code = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  // Shared, so that an answer that many ask for is kept once. nullptr: empty.
  std::shared_ptr<const std::string> body;
  // The connection ends with this answer.
  bool close = false;
};

class Server {
 public:
  // Called exactly once for each request, from any thread, perhaps before the handler returns.
  using Respond = std::function<void(Response)>;

  struct Options {
    // host:port; port 0 takes a free one.
    std::string listen;
    // Both or none: PEM files. TLS from the first byte on.
    std::string certificate_file;
    std::string key_file;

    // Threads that read, answer lookups and write. Handlers run on them: they must not block.
    int threads = 2;
    // The process's limit of open files is raised, as far as it may be, to hold so many.
    size_t max_connections = 8192;
    size_t max_connections_per_peer = 0;  // 0: as many as there may be.
    // Of request line and headers, and of the body: 431 and 413 beyond.
    size_t max_header_bytes = 8 << 10;
    size_t max_body_bytes = 1 << 20;
    // Bodies that are held by all connections together: 503 beyond. The first bytes of each body do
    // not count, so that who sends long ones does not keep out who sends short ones.
    size_t max_bodies_bytes = 64 << 20;
    size_t free_body_bytes = 4 << 10;
    // From the first byte of a request (or the connection's begin) to its last one, whatever drips
    // in meanwhile.
    absl::Duration request_deadline = absl::Seconds(10);
    // A connection without a request is closed after that; after request_deadline already while
    // more than seven eighths of max_connections are open.
    absl::Duration idle_timeout = absl::Seconds(300);
    // In which a client must have taken an answer.
    absl::Duration write_deadline = absl::Seconds(60);
    // After which a handler that did not respond is answered 504 for.
    absl::Duration response_deadline = absl::Minutes(10);

    std::function<void(const Request&, Respond)> handler;
  };

  // INVALID_ARGUMENT for a malformed address, FAILED_PRECONDITION for an address in use or files
  // that cannot be read, with what to do.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options);
  // Ends all connections, answered or not; waits for handlers that have not responded at most
  // a second, and what they say later goes nowhere.
  virtual ~Server() = default;

  // The port really bound.
  virtual int port() const = 0;
  // Connections open now.
  virtual size_t connections() const = 0;
};

}  // namespace weft::gateway::http
