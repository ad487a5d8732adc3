#pragma once
// HTTP requests to the interfaces of clouds, over TCP, TLS or a Unix socket (libcurl).
#include <curl/curl.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace weft::provisioner::http {

struct Request {
  std::string method = "GET";
  std::string url;  // absolute; its host goes into the Host header also over a Unix socket
  std::vector<std::string> headers;  // "Name: value"
  std::string body;

  // Instead of `body`: fills at most `capacity` bytes and returns how many, 0 at the end (sent in
  // chunks). An error breaks the request off, so that the other end sees that there was more, and
  // is what Send returns.
  std::function<absl::StatusOr<size_t>(char* buffer, size_t capacity)> source;
  // Instead of Answer::body, for answers of 2xx: takes the body in pieces. An error breaks it off.
  std::function<absl::Status(absl::string_view piece)> sink;
  // Asked about once a second, also while nothing is sent or comes, and at each piece; true breaks
  // it off: CANCELLED.
  std::function<bool()> cancelled;
};

struct Answer {
  int code = 0;
  std::map<std::string, std::string> headers;  // names in lower case; of a repeated one the last
  std::string body;
};

// Thread-safe; connections are kept and used again. Follows no redirect, and no proxy that the
// environment names: what it talks to is of the farm's own network.
class Client {
 public:
  struct Options {
    std::string who;          // for messages: "docker at tcp://10.0.0.3:2376"
    std::string unix_socket;  // path; empty: TCP
    // PEM files. Without a CA the system's are trusted; certificate and key: both or none.
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    absl::Duration connect_timeout = absl::Seconds(10);
    // A longer body is garbage; what goes into a sink is not counted.
    size_t max_body_bytes = 32 << 20;
  };

  explicit Client(Options options) : options_(std::move(options)) {}
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whatever code the answer has. Errors: PROVIDER_UNREACHABLE (also where its certificate is not
  // trusted), PROVIDER_TOO_SLOW at the deadline, PROVIDER_REFUSES_CREDENTIALS where the handshake
  // refuses the client's certificate, PROVIDER_GARBAGE for what is no HTTP or too long, and those
  // of source and sink.
  absl::StatusOr<Answer> Send(const Request& request, const Deadline& deadline);

 private:
  CURL* Take();
  void GiveBack(CURL* curl);

  const Options options_;
  Mutex mutex_;
  std::vector<CURL*> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner::http
