#include "services/controller/mysql/admission.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/mysqld/accounts_sql.h"
#include "services/controller/mysql/admission_sql.h"
#include "services/controller/mysql/grants.h"

namespace weft::controller {
namespace {

using Problems = std::vector<AdmissionProblem>;

void Fatal(Problems* problems, std::string code, std::string expected, std::string found,
           std::string remedy) {
  problems->push_back({std::move(code), std::move(expected), std::move(found), std::move(remedy),
                       /*fatal=*/true});
}

void Warn(Problems* problems, std::string code, std::string expected, std::string found,
          std::string remedy) {
  problems->push_back({std::move(code), std::move(expected), std::move(found), std::move(remedy),
                       /*fatal=*/false});
}

int Number(const mysql::ServerVersion& version) {
  return version.major * 10000 + version.minor * 100 + version.patch;
}

template <typename Value>
bool Holds(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// --- who it is

void CheckIdentity(const ServerFacts& facts, const Group& group, const AdmissionContext& context,
                   Problems* problems) {
  const std::string uuid = facts.observation.uuid.text();
  if (Holds(context.store_addresses, facts.address) || Holds(context.store_uuids, uuid)) {
    problems->push_back(IsStateStore(facts.address));
  }
  const Server* const same = group.Find(facts.observation.uuid);
  if (same != nullptr && same->address != facts.address) {
    Fatal(problems, "DUPLICATE_UUID", "a server uuid of its own",
          absl::StrCat(uuid, ", which ", same->address.ToString(), " has too"),
          "stop the server, remove auto.cnf from its data directory, start it");
  }
  const std::string id = facts.Variable("server_id");
  if (id == "0" || id.empty()) {
    Fatal(problems, "SERVER_ID_ZERO", "server_id from 1 on, unique in the group", "0",
          std::string(remedy::kServerId));
  }
  for (const auto& [peer, said] : context.peers) {
    if (peer == facts.observation.uuid || said.server_id != id) continue;
    const Server* const record = group.Find(peer);
    Fatal(problems, "SERVER_ID_CLASH", "a server_id that no member has",
          absl::StrCat(id, ", which ", record == nullptr ? peer.text() : record->address.ToString(),
                       " has too"),
          std::string(remedy::kServerId));
  }
}

// A replica reads what its source writes: no server can follow one of a later series.
void CheckVersion(const ServerFacts& facts, const AdmissionContext& context, Problems* problems) {
  if (!context.primary.has_value() || context.primary->uuid == facts.observation.uuid) return;
  const auto primary = mysql::ParseServerVersion(context.primary->version);
  if (!primary.ok() || facts.version.AtLeast(primary->major, primary->minor)) return;
  Fatal(problems, "VERSION_OLDER",
        absl::StrCat("a version from ", primary->major, ".", primary->minor,
                     " on, as the primary has ", primary->text),
        facts.version.text, "upgrade the server, or give it a group of its own");
}

// --- how it is set up

void CheckBinaryLog(const ServerFacts& facts, Problems* problems) {
  const bool online = facts.version.AtLeast(5, 7, 6);
  if (!facts.On("log_bin")) {
    Fatal(problems, "LOG_BIN_OFF", "log_bin=ON", "OFF", "my.cnf: log_bin=binlog; restart");
  }
  const bool consistent = facts.On("enforce_gtid_consistency");
  if (!consistent) {
    Fatal(problems, "GTID_CONSISTENCY_OFF", "enforce_gtid_consistency=ON",
          facts.Variable("enforce_gtid_consistency"),
          std::string(online ? remedy::kGtidConsistency : remedy::kGtidConsistencyOld));
  }
  if (facts.Variable("gtid_mode") != "ON") {
    Fatal(problems, "GTID_MODE_OFF", "gtid_mode=ON", facts.Variable("gtid_mode"),
          std::string(online ? remedy::kGtidMode : remedy::kGtidModeOld));
  }
  const bool modern = !facts.Variable("log_replica_updates").empty();
  const std::string updates = modern ? "log_replica_updates" : "log_slave_updates";
  if (!facts.On(updates)) {
    Fatal(problems, "LOG_REPLICA_UPDATES_OFF", absl::StrCat(updates, "=ON"), "OFF",
          absl::StrCat("my.cnf: ", updates, "=ON; restart"));
  }
  // Later versions may have no other format, and then no such variable.
  const std::string format = facts.Variable("binlog_format");
  if (!format.empty() && format != "ROW") {
    Warn(problems, "BINLOG_FORMAT", "binlog_format=ROW", format,
         std::string(remedy::kBinlogFormat));
  }
}

void CheckReplicationState(const ServerFacts& facts, const Group& group, Problems* problems) {
  if (facts.plugins.contains("group_replication")) {
    Fatal(problems, "GROUP_REPLICATION", "no Group Replication", "the plugin is active",
          std::string(remedy::kGroupReplication));
  }
  if (!facts.foreign_channels.empty()) {
    Fatal(problems, "EXTRA_CHANNELS", "the default replication channel alone",
          absl::StrJoin(facts.foreign_channels, ", "), std::string(remedy::kExtraChannels));
  }
  const Replication& replication = facts.observation.replication;
  if (!replication.configured) return;
  const bool member =
      std::any_of(group.servers.begin(), group.servers.end(), [&replication](const Server& server) {
        return server.address == replication.source ||
               (!replication.source_uuid.empty() && server.uuid == replication.source_uuid);
      });
  if (member) return;
  const bool modern = facts.version.AtLeast(8, 0, 22);
  Fatal(problems, "FOREIGN_SOURCE", "a server that replicates from nobody outside of the group",
        absl::StrCat("it replicates from ", replication.source.ToString()),
        std::string(modern ? remedy::kForeignSource : remedy::kForeignSourceOld));
}

void CheckSemiSync(const ServerFacts& facts, const Group& group, Problems* problems) {
  if (!facts.replica_preset_by.empty()) {
    Warn(problems, "SEMI_SYNC_PRESET",
         "the semi-sync replica flag is set by Weft alone, so that ON proves that the server has "
         "not restarted",
         absl::StrCat("set at start by ", facts.replica_preset_by),
         std::string(remedy::kSemiSyncPreset));
  }
  if (group.durability != Durability::kLossless) return;
  if (!facts.observation.can_semi_sync) {
    Warn(problems, "NO_LOSSLESS", "version 5.7 or later, for lossless replication",
         facts.version.text, "upgrade the server, or give the group the policy async");
  } else if (facts.Variable("have_dynamic_loading") == "NO" &&
             !facts.observation.semi_sync.installed) {
    Fatal(problems, "SEMI_SYNC_UNAVAILABLE",
          "the semi-synchronous plugins, or a server that can load them", "have_dynamic_loading=NO",
          "use a server that is built with loadable plugins");
  }
}

void CheckDurability(const ServerFacts& facts, const Group& group, Problems* problems) {
  if (group.durability == Durability::kLossless) {
    if (facts.Variable("sync_binlog") != "1") {
      Warn(problems, "SYNC_BINLOG", "sync_binlog=1 under lossless", facts.Variable("sync_binlog"),
           std::string(remedy::kSyncBinlog));
    }
    const std::string flush = facts.Variable("innodb_flush_log_at_trx_commit");
    if (flush != "1") {
      Warn(problems, "FLUSH_LOG", "innodb_flush_log_at_trx_commit=1 under lossless", flush,
           std::string(remedy::kFlushLog));
    }
  }
  if (!facts.On("relay_log_recovery")) {
    Warn(problems, "RELAY_LOG_RECOVERY_OFF", "relay_log_recovery=ON", "OFF",
         "my.cnf: relay_log_recovery=ON; restart");
  }
  const bool can_persist = facts.version.AtLeast(8, 0, 11);
  if (!can_persist && !facts.observation.read_only) {
    Warn(problems, "STARTS_WRITABLE",
         "a server that starts read-only, so that a crashed primary "
         "comes back refusing writes",
         "read_only is off and this version cannot persist it", "my.cnf: read_only=ON");
  }
  const std::string modern = facts.Variable("replica_net_timeout");
  const std::string timeout = modern.empty() ? facts.Variable("slave_net_timeout") : modern;
  if (!can_persist && timeout != "10") {
    Warn(problems, "REPLICA_NET_TIMEOUT", "slave_net_timeout=10", timeout,
         "Weft sets it while it runs; for restarts, my.cnf: slave_net_timeout=10");
  }
}

// --- accounts

void CheckAccounts(const ServerFacts& facts, Problems* problems) {
  for (const auto& [duty, said] : facts.duties) {
    // Without the other two the server serves; it just cannot be rebuilt.
    const bool fatal = duty == Duty::kManage || duty == Duty::kReplicate;
    const std::string name = absl::AsciiStrToUpper(DutyName(duty));
    const int version = Number(facts.version);
    if (!said.admitted) {
      std::vector<std::string> remedy = {
          CreateAccountStatement(version, said.user, "%", "********")};
      for (std::string& grant : GrantStatements(PrivilegesOf(duty, version), said.user, "%")) {
        remedy.push_back(std::move(grant));
      }
      problems->push_back({absl::StrCat("ACCOUNT_", name), absl::StrCat("the account ", said.user),
                           said.error, absl::StrJoin(remedy, "; "), fatal});
    } else if (!said.missing.empty()) {
      const bool needed =
          std::any_of(said.missing.begin(), said.missing.end(),
                      [](const Privilege& privilege) { return privilege.name != kGrantOption; });
      std::vector<std::string> lacking;
      for (const Privilege& privilege : said.missing) {
        lacking.push_back(absl::StrCat(ToString(privilege), " (", privilege.purpose, ")"));
      }
      problems->push_back(
          {absl::StrCat("PRIVILEGES_", name), absl::StrCat("all that ", said.user, " needs"),
           absl::StrCat("missing: ", absl::StrJoin(lacking, ", ")),
           absl::StrJoin(GrantStatements(said.missing, said.user, "%"), "; "), fatal && needed});
    }
  }
}

// --- its data

std::string Rebuild(const ServerFacts& facts, const Group& group) {
  const std::string address = facts.address.ToString();
  return group.Find(facts.observation.uuid) != nullptr
             ? absl::StrCat("weft server rejoin ", address, " --rebuild")
             : absl::StrCat("weft group add ", group.id, " ", address, " --rebuild");
}

void CheckAgainstPrimary(const ServerFacts& facts, const Group& group, const Observation& primary,
                         Problems* problems) {
  const Observation& seen = facts.observation;
  const GtidSet errant = seen.executed.Minus(primary.executed);
  if (!errant.Empty()) {
    Fatal(problems, "ERRANT_TRANSACTIONS", "no transaction that the primary does not have",
          errant.ToString(),
          absl::StrCat("rebuild the server from the primary: ", Rebuild(facts, group)));
  }
  const GtidSet lost = primary.purged.Minus(seen.executed);
  if (!lost.Empty()) {
    Fatal(problems, "PURGED_TRANSACTIONS",
          "a server that has all that the primary purged from its binary logs",
          absl::StrCat("it lacks ", lost.ToString()),
          absl::StrCat("rebuild the server from the primary: ", Rebuild(facts, group)));
  }
}

void CheckData(const ServerFacts& facts, const Group& group, const AdmissionContext& context,
               Problems* problems) {
  if (!facts.half_cloned.empty()) {
    Fatal(problems, "HALF_CLONED", "a server whose data are whole", facts.half_cloned,
          absl::StrCat("rebuild it again: ", Rebuild(facts, group)));
  }
  if (group.primary == facts.observation.uuid) return;
  if (context.primary.has_value()) {
    CheckAgainstPrimary(facts, group, *context.primary, problems);
  } else if (!group.primary.empty()) {
    Warn(problems, "NOT_COMPARED", "the primary's answer, to compare transactions",
         "the primary did not answer", "bring the primary back and look again");
  }
  for (const auto& [peer, said] : context.peers) {
    if (!group.primary.empty() || peer == facts.observation.uuid) continue;
    if (said.executed.Contains(facts.observation.executed) ||
        facts.observation.executed.Contains(said.executed)) {
      continue;
    }
    Warn(problems, "DIVERGED", "members of which one has all that the other has",
         absl::StrCat(
             peer.text(), " lacks ", facts.observation.executed.Minus(said.executed).ToString(),
             " and this server lacks ", said.executed.Minus(facts.observation.executed).ToString()),
         "once one of them is primary the other must be rebuilt from it");
  }
  if (!group.primary.empty() && !facts.observation.read_only) {
    Warn(problems, "WRITABLE", "a server that refuses writes", "read_only is off",
         "nothing: Weft makes it read-only when it is added");
  }
}

}  // namespace

std::string ServerFacts::Variable(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

bool ServerFacts::On(const std::string& name) const {
  const std::string value = Variable(name);
  return value == "ON" || value == "1";
}

AdmissionProblem IsStateStore(const HostPort& address) {
  return {"STATE_STORE", "a server that holds no Weft state",
          absl::StrCat(address.ToString(), " is Weft's state store"),
          "use another server: the state store belongs to Weft alone", /*fatal=*/true};
}

std::vector<AdmissionProblem> Judge(const ServerFacts& facts, const Group& group,
                                    const AdmissionContext& context) {
  Problems problems;
  if (facts.version.mariadb || !facts.version.AtLeast(5, 6, 5)) {
    Fatal(&problems, "VERSION_UNSUPPORTED", "MySQL 5.6.5 or later (MariaDB is not supported yet)",
          facts.version.text, "use a MySQL server");
    return problems;  // nothing else of what was asked can be relied on
  }
  CheckIdentity(facts, group, context, &problems);
  CheckVersion(facts, context, &problems);
  CheckBinaryLog(facts, &problems);
  CheckReplicationState(facts, group, &problems);
  CheckSemiSync(facts, group, &problems);
  CheckDurability(facts, group, &problems);
  CheckAccounts(facts, &problems);
  CheckData(facts, group, context, &problems);
  std::stable_partition(problems.begin(), problems.end(),
                        [](const AdmissionProblem& problem) { return problem.fatal; });
  return problems;
}

bool CloneWouldHelp(const std::vector<AdmissionProblem>& problems) {
  bool any = false;
  for (const AdmissionProblem& problem : problems) {
    if (!problem.fatal) continue;
    any = true;
    if (problem.code != "ERRANT_TRANSACTIONS" && problem.code != "PURGED_TRANSACTIONS" &&
        problem.code != "HALF_CLONED") {
      return false;
    }
  }
  return any;
}

}  // namespace weft::controller
