#pragma once
// What the fakes of the clouds' interfaces stand on: an HTTP server in the test's own process.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/json.h"

struct MHD_Daemon;

namespace weft::provisioner::testing {

struct FakeRequest {
  std::string method;
  std::string path;                            // decoded
  std::map<std::string, std::string> query;    // decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  // "" where there is none.
  std::string Header(const std::string& name) const;
  std::string Query(const std::string& name) const;
};

struct FakeAnswer {
  int code = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", "application/json"}};
};

// {code, `json` as text}.
FakeAnswer JsonAnswer(int code, const Json& json);

// What is wrong with the whole interface, whatever is asked.
enum class HttpTrouble {
  kNone,
  kGarbage,       // 200, and a page of HTML
  kOtherJson,     // 200, and JSON of another shape
  kEcho,          // 200, and what was sent: headers and body
  kServerError,   // 503
  kHalf,          // the connection ends within the answer
  kRedirect,      // 302
  kUnauthorized,  // 401, with what was sent
  kSlow,          // no answer until the trouble ends
};

class FakeHttp {
 public:
  struct Options {
    std::string unix_socket;       // path; empty: a free port of 127.0.0.1
    std::string certificate_file;  // PEM, with key_file; TLS from the first byte on
    std::string key_file;
  };
  // Is called by one thread at a time.
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;

  // Aborts the test where it cannot listen.
  FakeHttp(Options options, Handler handler);
  ~FakeHttp();
  FakeHttp(const FakeHttp&) = delete;
  FakeHttp& operator=(const FakeHttp&) = delete;

  // "http://127.0.0.1:PORT", "https://..." or "unix:///...".
  const std::string& url() const { return url_; }
  void SetTrouble(HttpTrouble trouble);
  int requests() const { return requests_.load(); }

 private:
  friend struct FakeHttpWire;
  FakeAnswer Answer(const FakeRequest& request);

  const Options options_;
  const Handler handler_;
  std::string url_;
  MHD_Daemon* daemon_ = nullptr;
  std::atomic<int> requests_{0};
  Mutex mutex_;
  CondVar changed_;
  HttpTrouble trouble_ ABSL_GUARDED_BY(mutex_) = HttpTrouble::kNone;
  Mutex handling_;
};

}  // namespace weft::provisioner::testing
