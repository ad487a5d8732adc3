#include "services/cli/sandbox/processes.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
constexpr char kGateway[] = "weft-gateway";
constexpr char kProvisioner[] = "weft-provisioner";
constexpr char kPrefix[] = "weft-";
constexpr int kPortsEach = 2;           // gRPC and /metrics.
constexpr int kPortsOfGateway = 2 + 3;  // and XML-RPC, MySQL-RPC, HTTP.

std::string Loopback(int port) { return absl::StrCat("127.0.0.1:", port); }

// "weft-controller" is built in services/controller.
std::string ServiceFolder(absl::string_view name) {
  return absl::StrCat("services/", absl::StripPrefix(name, kPrefix));
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

void AddStore(const Layout& layout, std::vector<std::string>* argv) {
  argv->push_back(absl::StrCat("--store=", layout.store.address));
  argv->push_back(absl::StrCat("--store-user=", layout.store.user));
  argv->push_back(absl::StrCat("--store-password-file=", layout.store.password_file));
  argv->push_back(absl::StrCat("--store-database=", kStoreDatabase));
}

std::vector<std::string> ControllerFlags(const Folder& folder, const Layout& layout) {
  std::vector<std::string> flags = {
      absl::StrCat("--mysqlbinlog=", folder.bin(), "/mysqlbinlog"),
      absl::StrCat("--rescue-dir=", folder.rescue()),
      absl::StrCat("--hooks-file=", folder.hooks()),
  };
  AddStore(layout, &flags);
  for (const Duty duty : kDuties) {
    AddAccount(folder, duty, &flags);
  }
  AddAdmin(folder, &flags);
  return flags;
}

std::string ControllerFlag(const Layout& layout) {
  return absl::StrCat("--controller=", absl::StrJoin(layout.controllers, ","));
}

std::vector<std::string> MonitorFlags(const Folder& folder, const Layout& layout) {
  std::vector<std::string> flags = {ControllerFlag(layout)};
  AddAccount(folder, Duty::kMonitor, &flags);
  AddAdmin(folder, &flags);
  return flags;
}

std::vector<std::string> ProvisionerFlags(const Folder& folder, const Layout& layout) {
  std::vector<std::string> flags = {ControllerFlag(layout),
                                    absl::StrCat("--key-file=", folder.secret(kProvisionerKey))};
  AddStore(layout, &flags);
  for (const Duty duty : kDuties) {
    AddAccount(folder, duty, &flags);
  }
  AddAdmin(folder, &flags);
  return flags;
}

std::vector<std::string> GatewayFlags(const Folder& folder, const Layout& layout,
                                      const Gateway& gateway) {
  std::vector<std::string> flags = {
      ControllerFlag(layout),
      absl::StrCat("--provisioner=", absl::StrJoin(layout.provisioners, ",")),
      absl::StrCat("--xmlrpc-listen=", gateway.xmlrpc),
      absl::StrCat("--mysql-listen=", gateway.mysql), absl::StrCat("--http-listen=", gateway.http)};
  AddAdmin(folder, &flags);
  return flags;
}

// The `number`-th process, from 1, of `binary`, by the flags that all processes take.
absl::StatusOr<Process> MakeProcess(const std::string& binary_dir, const char* binary, int number,
                                    const int* ports, Layout* layout) {
  Process process = {.name = number == 1 ? binary : absl::StrCat(binary, "-", number),
                     .address = Loopback(ports[0]),
                     .argv = {}};
  WEFT_ASSIGN_OR_RETURN(const std::string path, FindBinary(binary_dir, binary));
  process.argv = {path, absl::StrCat("--listen=", process.address),
                  absl::StrCat("--metrics-listen=", Loopback(ports[1])), "--log-format=logfmt",
                  absl::StrCat("--name=", absl::StripPrefix(binary, kPrefix), "-", number)};
  layout->metrics[process.name] = absl::StrCat("http://", Loopback(ports[1]), "/metrics");
  return process;
}

}  // namespace

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

int PortsOfProcesses(const Replicas& replicas) {
  return (replicas.controllers + replicas.monitors + replicas.provisioners) * kPortsEach +
         replicas.gateways * kPortsOfGateway;
}

absl::StatusOr<std::vector<Process>> PlanProcesses(const Folder& folder, const Replicas& replicas,
                                                   const std::string& binary_dir,
                                                   const std::vector<int>& ports, Layout* layout) {
  const int* port = ports.data();
  std::vector<Process> processes;
  for (int number = 1; number <= replicas.controllers; ++number, port += kPortsEach) {
    WEFT_ASSIGN_OR_RETURN(Process controller,
                          MakeProcess(binary_dir, kController, number, port, layout));
    layout->controllers.push_back(controller.address);
    for (std::string& flag : ControllerFlags(folder, *layout)) controller.argv.push_back(flag);
    processes.push_back(std::move(controller));
  }
  layout->controller = layout->controllers.front();
  for (int number = 1; number <= replicas.monitors; ++number, port += kPortsEach) {
    WEFT_ASSIGN_OR_RETURN(Process monitor, MakeProcess(binary_dir, kMonitor, number, port, layout));
    layout->monitors.push_back(monitor.address);
    for (std::string& flag : MonitorFlags(folder, *layout)) monitor.argv.push_back(flag);
    processes.push_back(std::move(monitor));
  }
  layout->monitor = layout->monitors.front();
  for (int number = 1; number <= replicas.provisioners; ++number, port += kPortsEach) {
    WEFT_ASSIGN_OR_RETURN(Process provisioner,
                          MakeProcess(binary_dir, kProvisioner, number, port, layout));
    layout->provisioners.push_back(provisioner.address);
    for (std::string& flag : ProvisionerFlags(folder, *layout)) provisioner.argv.push_back(flag);
    processes.push_back(std::move(provisioner));
  }
  if (!layout->provisioners.empty()) layout->provisioner = layout->provisioners.front();
  for (int number = 1; number <= replicas.gateways; ++number, port += kPortsOfGateway) {
    WEFT_ASSIGN_OR_RETURN(Process gateway, MakeProcess(binary_dir, kGateway, number, port, layout));
    layout->gateways.push_back({.xmlrpc = Loopback(port[kPortsEach]),
                                .mysql = Loopback(port[kPortsEach + 1]),
                                .http = Loopback(port[kPortsEach + 2])});
    for (std::string& flag : GatewayFlags(folder, *layout, layout->gateways.back())) {
      gateway.argv.push_back(flag);
    }
    processes.push_back(std::move(gateway));
  }
  if (!layout->gateways.empty()) layout->gateway = layout->gateways.front();
  return processes;
}

std::vector<std::string> SetUpCommand(const Process& controller) {
  std::vector<std::string> argv = controller.argv;
  argv.push_back("--manage=setup");
  return argv;
}

std::string ProcessNameOf(absl::string_view name) {
  absl::string_view service = absl::StripPrefix(name, kPrefix);
  int number = 1;
  if (const size_t dash = service.rfind('-'); dash != absl::string_view::npos) {
    if (!absl::SimpleAtoi(service.substr(dash + 1), &number) || number < 1) return "";
    service = service.substr(0, dash);
  }
  for (const char* known : {"controller", "monitor", "provisioner", "gateway"}) {
    if (service != known) continue;
    return number == 1 ? absl::StrCat(kPrefix, known) : absl::StrCat(kPrefix, known, "-", number);
  }
  return "";
}

}  // namespace weft::cli::sandbox
