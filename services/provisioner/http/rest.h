#pragma once
// Requests and answers in JSON, with what all interfaces of clouds mean by an HTTP status.
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "services/provisioner/http/client.h"
#include "services/provisioner/http/json.h"

namespace weft::provisioner::http {

struct Reply {
  int code = 0;  // 2xx or 4xx
  std::map<std::string, std::string> headers;
  Json body;            // null where the answer was empty
  std::string message;  // of 4xx: what the interface says is wrong, free of secrets

  bool ok() const { return code / 100 == 2; }
};

// Thread-safe.
class Rest {
 public:
  struct Options {
    Client::Options transport;
    std::vector<std::string> headers;  // of every request
    // Are cut out of whatever of an answer ends in an error, as are the tokens in a request's
    // headers.
    std::vector<std::string> secrets;
  };
  struct Call {
    std::string method = "GET";
    std::string url;
    Json body;  // null: none
    std::string content_type = "application/json";
    std::vector<std::string> headers;
  };

  explicit Rest(Options options) : options_(std::move(options)), client_(options_.transport) {}

  const std::string& who() const { return options_.transport.who; }

  // Errors besides the client's: PROVIDER_REFUSES_CREDENTIALS for 401, PROVIDER_UNREACHABLE for 5xx
  // and 429, PROVIDER_GARBAGE for 1xx and 3xx, and for a 2xx whose body is not JSON. Other 4xx are
  // for the caller to understand.
  absl::StatusOr<Reply> Send(const Call& call, const Deadline& deadline);
  // The same for bodies that are not JSON (streams); 2xx of any content.
  absl::StatusOr<Reply> SendRaw(Request request, const Deadline& deadline);

  // PROVIDER_GARBAGE with the reply quoted.
  absl::Status Garbage(absl::string_view expected, const Json& found) const;
  // `text` with each secret replaced by "***".
  std::string WithoutSecrets(absl::string_view text) const;

 private:
  const Options options_;
  Client client_;
};

// `text` with all but letters, digits and "-._~" as %XX: one part of a path, or a query's value.
std::string UrlEncoded(absl::string_view text);

}  // namespace weft::provisioner::http
