#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/layout.h"

namespace weft::cli::sandbox {

// The processes of Weft that a sandbox runs, in the order to start them, and their command lines.
// Secrets are named by file.
struct Process {
  std::string name;     // "weft-controller", "weft-controller-2".
  std::string address;  // Of its gRPC.
  std::vector<std::string> argv;
};

// How many of each a sandbox runs.
struct Replicas {
  int controllers = 1;
  int monitors = 1;
  int gateways = 1;
  int provisioners = 1;
};

// How many ports PlanProcesses takes.
int PortsOfProcesses(const Replicas& replicas);

// Finds the binaries, in `binary_dir` or else beside and above this executable, and enters
// addresses and metrics in `layout`, whose store must be there. The first is a controller; every
// monitor reports to all controllers. FAILED_PRECONDITION: a binary is missing.
absl::StatusOr<std::vector<Process>> PlanProcesses(const Folder& folder, const Replicas& replicas,
                                                   const std::string& binary_dir,
                                                   const std::vector<int>& ports, Layout* layout);

// The program "weft-controller", "weft-provisioner", ..., found as PlanProcesses finds it.
// FAILED_PRECONDITION: it is missing.
absl::StatusOr<std::string> FindBinary(const std::string& binary_dir, absl::string_view name);

// The command that makes the schema in the state store and ends.
std::vector<std::string> SetUpCommand(const Process& controller);

// "weft-controller-2" for "controller-2" and for itself; "weft-controller" for the first, also by
// "controller-1". Empty: no process is called so.
std::string ProcessNameOf(absl::string_view name);

// Names of files in the folder of secrets, one for each login.
inline constexpr char kAdminSecret[] = "admin";
inline constexpr char kAppSecret[] = "app";
inline constexpr char kStoreSecret[] = "store";
inline constexpr char kRecoverySecret[] = "store-recovery";
// Not a login: what encrypts the passwords of providers.
inline constexpr char kProvisionerKey[] = "provisioner-key";

inline constexpr char kStoreUser[] = "weft_store";
inline constexpr char kStoreDatabase[] = "weft";
inline constexpr char kAdminUser[] = "admin";

}  // namespace weft::cli::sandbox
