#include "common/mysqld/my_cnf.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weft {
namespace {

void Append(std::vector<std::string>* lines, std::vector<std::string> more) {
  for (std::string& line : more) lines->push_back(std::move(line));
}

std::vector<std::string> NetworkLines(int version, const InstanceOptions& options) {
  std::vector<std::string> lines = {
      "bind-address=127.0.0.1", absl::StrCat("port=", options.port),
      "report-host=127.0.0.1",  absl::StrCat("report-port=", options.port),
      "skip-name-resolve",      "max-connections=200",
  };
  if (options.admin_port != 0 && version >= 80014) {
    Append(&lines, {"admin-address=127.0.0.1", absl::StrCat("admin-port=", options.admin_port)});
  }
  if (version >= 80011) lines.push_back("mysqlx=OFF");
  return lines;
}

std::vector<std::string> ReplicationLines(int version, const InstanceOptions& options) {
  std::vector<std::string> lines = {
      absl::StrCat("server-id=", options.server_id),
      "log-bin=binlog",
      "relay-log=relay",
      "gtid-mode=ON",
      "enforce-gtid-consistency=ON",
      version >= 80026 ? "log-replica-updates=ON" : "log-slave-updates=ON",
      version >= 80026 ? "replica-net-timeout=10" : "slave-net-timeout=10",
      "relay-log-recovery=ON",
  };
  if (version < 80002) {
    // What later versions always do: positions that survive a crash, rows instead of statements.
    Append(&lines, {"master-info-repository=TABLE", "relay-log-info-repository=TABLE",
                    "binlog-format=ROW"});
  }
  if (options.role == InstanceRole::kMember) {
    lines.push_back(version >= 50708 ? "super-read-only=ON" : "read-only=ON");
  }
  return lines;
}

std::vector<std::string> ResourceLines(int version, const InstanceOptions& options) {
  std::vector<std::string> lines = {
      options.durable ? "sync-binlog=1" : "sync-binlog=0",
      options.durable ? "innodb-flush-log-at-trx-commit=1" : "innodb-flush-log-at-trx-commit=2",
      "innodb-buffer-pool-size=64M",
      "innodb-log-buffer-size=4M",
      // The kernel's slots for it are shared by all servers of the machine and run out.
      "innodb-use-native-aio=OFF",
      "performance-schema=ON",
      "performance-schema-max-table-instances=400",
      // What it does not need of this a third of its memory would go into.
      "performance-schema-digests-size=200",
      "performance-schema-events-stages-history-long-size=100",
      "performance-schema-events-statements-history-long-size=100",
      "performance-schema-events-waits-history-long-size=100",
      "table-open-cache=400",
      "table-definition-cache=400",
  };
  if (version >= 80000) {
    Append(&lines, {"performance-schema-error-size=0",
                    "performance-schema-events-transactions-history-long-size=100"});
  }
  if (version < 80000) lines.push_back("explicit-defaults-for-timestamp=ON");
  return lines;
}

}  // namespace

std::vector<std::string> InstallationLines(const Installation& installation) {
  std::vector<std::string> lines;
  const auto add = [&lines](absl::string_view name, const std::string& value) {
    if (!value.empty()) lines.push_back(absl::StrCat(name, "=", value));
  };
  add("basedir", installation.basedir);
  add("lc-messages-dir", installation.share);
  add("character-sets-dir", installation.charsets);
  add("plugin-dir", installation.plugin_dir);
  return lines;
}

std::vector<std::string> StorageLines(int version) {
  if (version >= 80030) return {"innodb-redo-log-capacity=64M"};
  return {"innodb-log-file-size=32M"};
}

std::string RenderMyCnf(const Installation& installation, const InstanceOptions& options,
                        const MyCnfPaths& paths, bool as_root) {
  const int version = installation.version_number;
  std::vector<std::string> lines = {"[mysqld]"};
  if (as_root) lines.push_back("user=root");
  Append(&lines, InstallationLines(installation));
  Append(&lines,
         {absl::StrCat("datadir=", paths.data_dir), absl::StrCat("tmpdir=", paths.tmp_dir),
          absl::StrCat("secure-file-priv=", paths.tmp_dir), absl::StrCat("socket=", paths.socket),
          absl::StrCat("pid-file=", paths.pid_file), absl::StrCat("log-error=", paths.error_log)});
  if (!paths.init_file.empty()) lines.push_back(absl::StrCat("init-file=", paths.init_file));
  Append(&lines, NetworkLines(version, options));
  Append(&lines, ReplicationLines(version, options));
  Append(&lines, StorageLines(version));
  Append(&lines, ResourceLines(version, options));
  Append(&lines, options.extra_cnf);
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

}  // namespace weft
