#include "services/cli/fabric/option_rules.h"

#include "absl/strings/str_cat.h"

namespace weft::cli::mysqlfabric {
namespace {

constexpr char kStoreReconnects[] = "the controller reconnects to the store by itself";
constexpr char kSharding[] = "shards are moved by Weft itself, without MySQL's client programs";
constexpr char kHistory[] = "the controller bounds its history by itself";
constexpr char kMysqlTls[] = "put a TLS proxy before the port, or let it listen on loopback";

constexpr OptionRule kRules[] = {
    {"storage", "address", "localhost:3306", nullptr},
    {"storage", "user", "fabric", nullptr},
    {"storage", "password", "", nullptr, true},
    {"storage", "database", "fabric", nullptr},
    {"storage", "auth_plugin", "mysql_native_password", "the store's server chooses the plugin"},
    {"storage", "connection_timeout", "6", kStoreReconnects},
    {"storage", "connection_attempts", "6", kStoreReconnects},
    {"storage", "connection_delay", "1", kStoreReconnects},
    {"storage", "disable_table_logging", nullptr, "see weft event list for what was logged"},

    {"servers", "user", "fabric", nullptr},
    {"servers", "password", "", nullptr, true},
    {"servers", "backup_user", "fabric_backup", nullptr},
    {"servers", "backup_password", "", nullptr, true},
    {"servers", "restore_user", "fabric_restore", nullptr},
    {"servers", "restore_password", "", nullptr, true},
    {"servers", "replication_user", nullptr, nullptr},
    {"servers", "replication_password", nullptr, nullptr, true},
    {"servers", "unreachable_timeout", "5", "give --timeout to the command"},

    {"protocol.xmlrpc", "address", "localhost:32274", nullptr},
    {"protocol.xmlrpc", "user", "admin", nullptr},
    {"protocol.xmlrpc", "password", "", nullptr, true},
    {"protocol.xmlrpc", "disable_authentication", "no", nullptr},
    {"protocol.xmlrpc", "ssl_ca", "", nullptr},
    {"protocol.xmlrpc", "ssl_cert", "", nullptr},
    {"protocol.xmlrpc", "ssl_key", "", nullptr},
    {"protocol.xmlrpc", "threads", "5", "the gateway's threads do not wait for commands"},
    {"protocol.xmlrpc", "realm", "MySQL Fabric", "the realm is always MySQL Fabric"},

    {"protocol.mysql", "address", "localhost:32275", nullptr},
    {"protocol.mysql", "user", "admin", nullptr},
    {"protocol.mysql", "password", "", nullptr, true},
    {"protocol.mysql", "disable_authentication", "no", nullptr},
    {"protocol.mysql", "ssl_ca", "", kMysqlTls},
    {"protocol.mysql", "ssl_cert", "", kMysqlTls},
    {"protocol.mysql", "ssl_key", "", kMysqlTls},
    {"protocol.mysql", "wait_timeout", nullptr, "the gateway closes idle connections by itself"},

    {"executor", "executors", "5", "groups are worked on side by side, each in its own order"},

    {"logging", "level", "INFO", nullptr},
    {"logging", "url", "file:///var/log/fabric.log", nullptr},

    {"sharding", "mysqldump_program", "/usr/bin/mysqldump", kSharding},
    {"sharding", "mysqlclient_program", "/usr/bin/mysql", kSharding},
    {"sharding", "prune_limit", "10000", "prune_shard chooses the size of its steps"},

    {"statistics", "prune_time", "3600", kHistory},

    {"failure_tracking", "notifications", "300", nullptr},
    {"failure_tracking", "notification_clients", "50", nullptr},
    {"failure_tracking", "notification_interval", "60", nullptr},
    {"failure_tracking", "failover_interval", "0", nullptr},
    {"failure_tracking", "detections", "3", nullptr},
    {"failure_tracking", "detection_interval", "6", nullptr},
    {"failure_tracking", "detection_timeout", "1", nullptr},
    {"failure_tracking", "prune_time", "3600", kHistory},
    {"failure_tracking", "slave_deep_checks", nullptr, "replication is always watched"},

    {"connector", "ttl", "1", nullptr},

    // Weft's own.
    {"weft", "controller", nullptr, nullptr},
    {"weft", "monitor", nullptr, nullptr},
    {"weft", "gateway", nullptr, nullptr},
    {"weft", "http", nullptr, nullptr},
    {"weft", "programs", nullptr, nullptr},
    {"weft", "rescue_dir", nullptr, nullptr},
    {"weft", "verify_host", nullptr, nullptr},
};

}  // namespace

absl::Span<const OptionRule> OptionRules() { return kRules; }

const OptionRule* FindOptionRule(const std::string& section, const std::string& option) {
  for (const OptionRule& rule : kRules) {
    if (section == rule.section && option == rule.option) return &rule;
  }
  return nullptr;
}

std::vector<std::string> UselessOptions(const Config& config, bool all) {
  std::vector<std::string> lines;
  for (const auto& [section, option] : config.Names()) {
    const OptionRule* rule = FindOptionRule(section, option);
    if (rule == nullptr) {
      lines.push_back(absl::StrCat(section, ".", option, " is no known option and has no effect"));
      continue;
    }
    if (rule->instead == nullptr) continue;
    const auto value = config.Get(section, option);
    const bool as_shipped = rule->shipped != nullptr && value.ok() && *value == rule->shipped;
    if (all || !as_shipped) {
      lines.push_back(absl::StrCat(section, ".", option, " has no effect: ", rule->instead));
    }
  }
  return lines;
}

}  // namespace weft::cli::mysqlfabric
