#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysqld/process.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// A real Docker engine of the test's own, with an image "weft/mysql:9.7" made of the unpacked
// server. The calling thread, and all that it starts from then on, move to a network and a set of
// mounts of their own: ports that containers publish on 127.0.0.1 are reached from there, and
// nothing of the engine's bridge, packet filter or mounts is left on the machine.
class DockerEngine {
 public:
  // UNAVAILABLE, with why, where no engine can run: without root, packages or namespaces.
  static absl::StatusOr<std::unique_ptr<DockerEngine>> Start();
  ~DockerEngine();
  DockerEngine(const DockerEngine&) = delete;
  DockerEngine& operator=(const DockerEngine&) = delete;

  ProviderRecord OverSocket() const;
  // With the certificate of a client that it lets in.
  ProviderRecord OverTls() const;
  std::string tls_address() const;  // "127.0.0.1:PORT"
  std::string File(const std::string& name) const { return folder_ + "/" + name; }

 private:
  DockerEngine() = default;
  absl::Status Spawn();
  absl::Status AwaitUp();
  absl::Status ImportImage();
  void Stop();

  std::string folder_;
  ProcessId process_;
};

}  // namespace weft::provisioner
