#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/cli/sandbox/folder.h"

namespace weft::cli::sandbox {

// One process of Weft in a sandbox: "weft-controller". Its command is on disk, so that it can be
// started again; it runs in a session of its own. A handle, like Instance: any number may stand for
// one process. Commands given at once are ordered by a lock.
class Daemon {
 public:
  // Writes down the command. `address`: where its gRPC health is to be asked.
  static absl::StatusOr<Daemon> Create(const Folder& folder, absl::string_view name,
                                       const std::vector<std::string>& argv,
                                       absl::string_view address);
  // NOT_FOUND: this sandbox has none of that name.
  static absl::StatusOr<Daemon> Open(const Folder& folder, absl::string_view name);

  // Every process that was written down.
  static std::vector<Daemon> All(const Folder& folder);

  // OK at once if it runs. ALREADY_EXISTS: its port is taken, and by whom.
  absl::Status Start() const;
  // Until it says that it serves, at most `timeout`. INTERNAL at once when it has ended, with the
  // last it wrote. DEADLINE_EXCEEDED: it runs and does not serve.
  absl::Status WaitServing(absl::Duration timeout) const;
  // SIGTERM, then SIGKILL after `grace`. OK if it does not run.
  absl::Status Stop(absl::Duration grace) const;
  absl::Status Kill() const;

  int pid() const;  // 0: it does not run.
  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }

 private:
  Daemon(Folder folder, absl::string_view name) : folder_(std::move(folder)), name_(name) {}

  std::string PidFile() const { return folder_.run(name_ + ".pid"); }
  std::string CommandFile() const { return folder_.run(name_ + ".json"); }
  absl::StatusOr<FileLock> Lock() const { return FileLock::Acquire(folder_.run(name_ + ".lock")); }

  Folder folder_;
  std::string name_;
  std::string address_;
  std::vector<std::string> argv_;
};

}  // namespace weft::cli::sandbox
