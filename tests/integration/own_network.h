#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weft::testing {

// A network namespace for the thread that makes this, and for the threads and processes that it
// starts: a loopback interface, and nothing else. Its rules end with it. Needs root; not
// thread-safe.
class OwnNetwork {
 public:
  OwnNetwork();
  ~OwnNetwork();
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  // Why there is none.
  const absl::Status& status() const { return status_; }

  // What goes to and from the port is lost, until Mend.
  absl::Status Drop(int port) const { return Filter(port, {"-j", "DROP"}); }
  // Connections to and from the port end, until Mend.
  absl::Status Cut(int port) const;
  absl::Status Mend() const { return Run({"iptables", "-w", "-F", "INPUT"}).status(); }
  // How many packets were met since the last Mend.
  absl::StatusOr<uint64_t> Met() const;

 private:
  // What it printed.
  absl::StatusOr<std::string> Run(const std::vector<std::string>& command) const;
  absl::Status Filter(int port, const std::vector<std::string>& verdict) const;

  const int outside_;
  absl::Status status_;
};

}  // namespace weft::testing
