#pragma once
// Runs the processes of a node, which begin and end together.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/interrupt.h"
#include "services/cli/fabric/node_plan.h"

namespace weft::cli::mysqlfabric {

// A private folder of this machine, mode 0700, that is gone with everything in it when this object
// is. Move only.
class PrivateFolder {
 public:
  static absl::StatusOr<PrivateFolder> Make();
  // Takes over one that another process has made.
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::string& path() const { return path_; }
  // From now on another process removes it.
  void HandOver() { path_.clear(); }

 private:
  std::string path_;
};

// The path of one of Weft's programs: in `programs`, or else beside and above this one.
// FAILED_PRECONDITION: it is not there.
absl::StatusOr<std::string> FindProgram(const std::string& programs, const std::string& name);

// Replaces the names of programs in argv[0] by their paths. Errors as FindProgram.
absl::Status LocatePrograms(const std::string& programs, std::vector<NodeProcess>* processes);

// Starts `processes` in their order, each after the one before serves, and waits until `interrupt`
// is raised or one of them ends; then ends them all, the last one first. They write to `output`, or
// where it is empty to this process's stderr.
// OK: it was interrupted, or the last of them (the gateway) ended by itself with exit code 0, as
// `manage stop` makes it. INTERNAL: one of them failed. Call from a thread that lives as long.
absl::Status RunNode(const std::vector<NodeProcess>& processes, const std::string& output,
                     Interrupt* interrupt);

// The plan as a file of the folder, and back.
std::string PlanToJson(const std::vector<NodeProcess>& processes);
absl::StatusOr<std::vector<NodeProcess>> PlanFromJson(const std::string& text);

}  // namespace weft::cli::mysqlfabric
