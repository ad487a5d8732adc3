#include "services/cli/sandbox/processes.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"

namespace weft::cli::sandbox {
namespace {

constexpr char kController[] = "weft-controller";
constexpr char kMonitor[] = "weft-monitor";
constexpr int kPortsEach = 2;  // gRPC and /metrics.

std::string Loopback(int port) { return absl::StrCat("127.0.0.1:", port); }

// "weft-controller" is built in services/controller.
std::string ServiceFolder(absl::string_view name) {
  return absl::StrCat("services/", absl::StripPrefix(name, "weft-"));
}

absl::StatusOr<std::string> FindBinary(const std::string& binary_dir, absl::string_view name) {
  const bool given = !binary_dir.empty();
  const std::string path = given ? AbsolutePath(absl::StrCat(binary_dir, "/", name))
                                 : LocateCompanion(ServiceFolder(name), name);
  if (!path.empty() && Exists(path)) return path;
  return Refusal(
      absl::StatusCode::kFailedPrecondition, "BINARY_NOT_FOUND",
      absl::StrCat(name, " is not built"),
      given ? path
            : absl::StrCat(name, " beside this program or in ", ServiceFolder(name), " above it"),
      "none", absl::StrCat("bazel build //", ServiceFolder(name), ":", name));
}

void AddAccount(const Folder& folder, Duty duty, std::vector<std::string>* argv) {
  argv->push_back(absl::StrCat("--", DutyName(duty), "-user=", DefaultUserOf(duty)));
  argv->push_back(
      absl::StrCat("--", DutyName(duty), "-password-file=", folder.secret(DutyName(duty))));
}

void AddAdmin(const Folder& folder, std::vector<std::string>* argv) {
  argv->push_back(absl::StrCat("--admin-user=", kAdminUser));
  argv->push_back(absl::StrCat("--admin-password-file=", folder.secret(kAdminSecret)));
}

std::vector<std::string> ControllerFlags(const Folder& folder, const Layout& layout) {
  std::vector<std::string> flags = {
      absl::StrCat("--store=", layout.store.address),
      absl::StrCat("--store-user=", layout.store.user),
      absl::StrCat("--store-password-file=", layout.store.password_file),
      absl::StrCat("--store-database=", kStoreDatabase),
      absl::StrCat("--mysqlbinlog=", folder.bin(), "/mysqlbinlog"),
      absl::StrCat("--rescue-dir=", folder.rescue()),
  };
  for (const Duty duty : kDuties) {
    AddAccount(folder, duty, &flags);
  }
  AddAdmin(folder, &flags);
  return flags;
}

std::vector<std::string> MonitorFlags(const Folder& folder, const Layout& layout) {
  std::vector<std::string> flags = {absl::StrCat("--controller=", *layout.controller),
                                    "--name=monitor-1"};
  AddAccount(folder, Duty::kMonitor, &flags);
  AddAdmin(folder, &flags);
  return flags;
}

absl::StatusOr<Process> MakeProcess(const std::string& binary_dir, const char* name, int port,
                                    int metrics_port, Layout* layout) {
  Process process = {.name = name, .address = Loopback(port), .argv = {}};
  WEFT_ASSIGN_OR_RETURN(const std::string binary, FindBinary(binary_dir, name));
  process.argv = {binary, absl::StrCat("--listen=", process.address),
                  absl::StrCat("--metrics-listen=", Loopback(metrics_port)), "--log-format=logfmt"};
  layout->metrics[name] = absl::StrCat("http://", Loopback(metrics_port), "/metrics");
  return process;
}

}  // namespace

int PortsOfProcesses() { return 2 * kPortsEach; }

absl::StatusOr<std::vector<Process>> PlanProcesses(const Folder& folder,
                                                   const std::string& binary_dir,
                                                   const std::vector<int>& ports, Layout* layout) {
  WEFT_ASSIGN_OR_RETURN(Process controller,
                        MakeProcess(binary_dir, kController, ports[0], ports[1], layout));
  layout->controller = controller.address;
  for (std::string& flag : ControllerFlags(folder, *layout)) controller.argv.push_back(flag);

  WEFT_ASSIGN_OR_RETURN(Process monitor,
                        MakeProcess(binary_dir, kMonitor, ports[2], ports[3], layout));
  layout->monitor = monitor.address;
  for (std::string& flag : MonitorFlags(folder, *layout)) monitor.argv.push_back(flag);
  return std::vector<Process>{std::move(controller), std::move(monitor)};
}

std::vector<std::string> SetUpCommand(const Process& controller) {
  std::vector<std::string> argv = controller.argv;
  argv.push_back("--manage=setup");
  return argv;
}

std::string ProcessNameOf(absl::string_view name) {
  const absl::string_view service = absl::StripPrefix(name, "weft-");
  for (const char* known : {"controller", "monitor", "provisioner", "gateway"}) {
    if (service == known) return absl::StrCat("weft-", known);
  }
  return "";
}

}  // namespace weft::cli::sandbox
