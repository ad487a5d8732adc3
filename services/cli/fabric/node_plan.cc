#include "services/cli/fabric/node_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace weft::cli::mysqlfabric {
namespace {

constexpr char kStore[] = "store";
// A monitor that misses this many rounds has no vote.
constexpr int kMissedRounds = 3;
constexpr absl::Duration kShortestMonitorTtl = absl::Seconds(3);
constexpr int kUsualDetections = 3;

struct Duty {
  const char* name;
  Account Settings::*account;
};

// Weft's accounts on the managed servers, by Fabric's.
constexpr Duty kDuties[] = {{"manage", &Settings::servers},
                            {"replicate", &Settings::replication},
                            {"backup", &Settings::backup},
                            {"restore", &Settings::restore},
                            {"monitor", &Settings::servers}};

std::string Flag(absl::string_view name, absl::string_view value) {
  return absl::StrCat("--", name, "=", value);
}

std::string DurationFlag(absl::string_view name, absl::Duration value) {
  return absl::StrCat("--", name, "=", absl::FormatDuration(value));
}

void AddAccount(const Settings& settings, const Duty& duty, const std::string& folder,
                std::vector<std::string>* argv) {
  const Account& account = settings.*duty.account;
  argv->push_back(Flag(absl::StrCat(duty.name, "-user"), account.user));
  if (account.password.empty()) return;
  argv->push_back(
      Flag(absl::StrCat(duty.name, "-password-file"), absl::StrCat(folder, "/", duty.name)));
}

void AddNodeUser(const std::string& folder, std::vector<std::string>* argv) {
  argv->push_back(Flag("admin-user", kNodeUser));
  argv->push_back(Flag("admin-password-file", absl::StrCat(folder, "/", kNodeSecret)));
}

NodeProcess Begin(const Settings& settings, const char* service, const std::string& host,
                  const std::string& listen) {
  const std::string name = absl::StrCat("weft-", service);
  return {.name = name,
          .argv = {name, Flag("listen", listen), Flag("name", absl::StrCat(service, "-", host)),
                   Flag("log-level", settings.log_level)},
          .health = listen};
}

// Between two probes of a server.
absl::Duration Period(const Settings& settings) {
  return *settings.detection_interval / settings.detections.value_or(kUsualDetections);
}

void AddThresholds(const Settings& settings, std::vector<std::string>* argv) {
  if (settings.notifications.has_value()) {
    argv->push_back(Flag("threat-errors", absl::StrCat(*settings.notifications)));
  }
  if (settings.notification_clients.has_value()) {
    argv->push_back(Flag("threat-reporters", absl::StrCat(*settings.notification_clients)));
  }
  if (settings.notification_interval.has_value()) {
    argv->push_back(DurationFlag("threat-interval", *settings.notification_interval));
  }
}

NodeProcess PlanMonitor(const Settings& settings, const std::string& folder,
                        const std::string& host) {
  NodeProcess monitor = Begin(settings, "monitor", host, Numeric(settings.monitor));
  std::vector<std::string>& argv = monitor.argv;
  argv.push_back(Flag("controller", Numeric(settings.controllers.front())));
  AddAccount(settings, kDuties[4], folder, &argv);
  AddNodeUser(folder, &argv);
  if (settings.detection_interval.has_value()) {
    argv.push_back(DurationFlag("period", Period(settings)));
    argv.push_back(DurationFlag("patience", *settings.detection_interval));
  }
  if (settings.detection_timeout.has_value()) {
    argv.push_back(DurationFlag("probe-deadline", *settings.detection_timeout));
  }
  return monitor;
}

NodeProcess PlanGateway(const Settings& settings, const std::string& folder,
                        const std::string& host) {
  NodeProcess gateway = Begin(settings, "gateway", host, Numeric(settings.gateway));
  std::vector<std::string>& argv = gateway.argv;
  argv.push_back(Flag("controller", Numeric(settings.controllers.front())));
  AddNodeUser(folder, &argv);
  const Protocol& xmlrpc = settings.xmlrpc;
  argv.push_back(Flag("xmlrpc-listen", Numeric(xmlrpc.address)));
  argv.push_back(Flag("advertise-xmlrpc", xmlrpc.address));
  argv.push_back(Flag("xmlrpc-auth", xmlrpc.authenticates ? "true" : "false"));
  if (xmlrpc.encrypts()) {
    argv.push_back(Flag("xmlrpc-tls-cert", xmlrpc.ssl_cert));
    argv.push_back(Flag("xmlrpc-tls-key", xmlrpc.ssl_key));
  }
  argv.push_back(Flag("mysql-listen", settings.mysql ? Numeric(settings.mysql->address) : ""));
  if (settings.mysql.has_value()) {
    argv.push_back(Flag("advertise-mysql", settings.mysql->address));
    argv.push_back(Flag("mysql-auth", settings.mysql->authenticates ? "true" : "false"));
  }
  argv.push_back(Flag("http-listen", Numeric(settings.http)));
  argv.push_back(Flag("ttl", absl::StrCat(settings.ttl)));
  argv.push_back(Flag("allow-stop", "true"));
  return gateway;
}

}  // namespace

std::vector<Secret> NodeSecrets(const Settings& settings, const std::string& node_password) {
  std::vector<Secret> secrets = {{kNodeSecret, node_password}, {kStore, settings.store.password}};
  for (const Duty& duty : kDuties) {
    secrets.emplace_back(duty.name, (settings.*duty.account).password);
  }
  std::erase_if(secrets, [](const Secret& secret) { return secret.second.empty(); });
  return secrets;
}

NodeProcess PlanController(const Settings& settings, const std::string& folder,
                           const std::string& host, const std::string& listen) {
  NodeProcess controller = Begin(settings, "controller", host, listen);
  std::vector<std::string>& argv = controller.argv;
  argv.push_back(Flag("store", Numeric(settings.store_address)));
  argv.push_back(Flag("store-user", settings.store.user));
  if (!settings.store.password.empty()) {
    argv.push_back(Flag("store-password-file", absl::StrCat(folder, "/", kStore)));
  }
  argv.push_back(Flag("store-database", settings.store_database));
  for (const Duty& duty : kDuties) AddAccount(settings, duty, folder, &argv);
  AddNodeUser(folder, &argv);
  argv.push_back(Flag("rescue-dir", settings.rescue_dir));
  if (settings.failover_interval.has_value()) {
    argv.push_back(DurationFlag("failover-cool-down", *settings.failover_interval));
  }
  if (settings.detection_interval.has_value()) {
    argv.push_back(DurationFlag("monitor-ttl",
                                std::max(kShortestMonitorTtl, kMissedRounds * Period(settings))));
  }
  AddThresholds(settings, &argv);
  return controller;
}

std::vector<NodeProcess> PlanNode(const Settings& settings, const std::string& folder,
                                  const std::string& host) {
  return {PlanController(settings, folder, host, Numeric(settings.controllers.front())),
          PlanMonitor(settings, folder, host), PlanGateway(settings, folder, host)};
}

std::vector<std::string> SetUpArguments(const NodeProcess& controller) {
  std::vector<std::string> argv = controller.argv;
  argv.push_back("--manage=setup");
  return argv;
}

}  // namespace weft::cli::mysqlfabric
