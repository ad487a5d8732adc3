#pragma once
// A client that sends what a test says, byte by byte, and reads what comes.
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::gateway::http {

struct RawAnswer {
  int code = 0;  // 0: the connection ended, or nothing came in time
  std::string status;
  std::string head;
  std::string body;

  // "" where there is none; `name` in any case.
  std::string Header(absl::string_view name) const;
};

// Not thread-safe. Every wait is bounded by the timeout.
class RawClient {
 public:
  // To 127.0.0.1:`port`.
  explicit RawClient(int port, absl::Duration timeout = absl::Seconds(20));
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  // False where the other end takes no more.
  bool Send(absl::string_view bytes);
  // No more will be sent; what comes can still be read.
  void EndSending();
  // One answer; what was received beyond stays for the next.
  RawAnswer Read();
  // Send and Read.
  RawAnswer Ask(absl::string_view bytes);
  // True once the other end has closed (what came before is dropped); false when it did not within
  // `patience`.
  bool Closes(absl::Duration patience);

 private:
  bool Receive(absl::Duration patience);

  int socket_ = -1;
  const absl::Duration timeout_;
  std::string received_;
  bool ended_ = false;
};

// A POST with these headers ("Name: value" each) and a Content-Length.
std::string Post(absl::string_view path, absl::string_view body,
                 const std::vector<std::string>& headers = {});

// Of this process, from /proc/self/status: "VmRSS" and the like in KiB, "Threads" as a count.
int64_t ProcessStatus(absl::string_view field);

}  // namespace weft::gateway::http
