#include "common/model/accounts.h"

namespace weft {
namespace {

constexpr int kAny = 0;
constexpr int kForever = 1000000;
constexpr int kDynamic = 80011;  // From here on SUPER is split into dynamic privileges.

constexpr absl::string_view kGlobal = "*.*";
// Databases of Weft's own on the servers it manages (heartbeats).
constexpr absl::string_view kWeft = "`weft\\_%`.*";

struct Entry {
  Duty duty;
  Privilege privilege;
};

// What has come and gone: SUPER gave way to dynamic privileges in 8.0.11, the rest is dated where
// it was added. Tried out on 5.6.24 and 9.7.4 by accounts_test.
constexpr Entry kTable[] = {
    // It must not be able to read or write anybody's tables: hence no SELECT on *.*.
    {Duty::kManage,
     {"PROCESS", kGlobal, kAny, kForever, "see and end the sessions of an old primary"}},
    {Duty::kManage,
     {"RELOAD", kGlobal, kAny, kForever, "reset binary logs when a server is rebuilt"}},
    {Duty::kManage, {"REPLICATION CLIENT", kGlobal, kAny, kForever, "read the replication status"}},
    {Duty::kManage,
     {"REPLICATION SLAVE", kGlobal, kAny, kForever, "discover the replicas of a server"}},
    {Duty::kManage,
     {"CREATE USER", kGlobal, kAny, kForever, "change the passwords of its accounts"}},
    {Duty::kManage,
     {kGrantOption, kGlobal, 50706, kForever, "give each replica an account of its own"}},
    {Duty::kManage,
     {"SUPER", kGlobal, kAny, kDynamic, "change settings and replication, end sessions"}},
    {Duty::kManage,
     {"CONNECTION_ADMIN", kGlobal, kDynamic, kForever,
      "end sessions, and come in when a server is full or read-only"}},
    {Duty::kManage,
     {"REPLICATION_SLAVE_ADMIN", kGlobal, kDynamic, kForever, "start, stop and point replication"}},
    {Duty::kManage,
     {"SYSTEM_VARIABLES_ADMIN", kGlobal, kDynamic, kForever,
      "fence a server and set up semi-synchronous replication"}},
    {Duty::kManage,
     {"PERSIST_RO_VARIABLES_ADMIN", kGlobal, kDynamic, kForever,
      "have a crashed server come back read-only"}},
    {Duty::kManage,
     {"SERVICE_CONNECTION_ADMIN", kGlobal, 80014, kForever, "come in by the administrative port"}},
    {Duty::kManage, {"SELECT", "mysql.*", kAny, kForever, "check accounts, grants and plugins"}},
    {Duty::kManage, {"UPDATE", "mysql.*", kAny, 50706, "change the passwords of its accounts"}},
    {Duty::kManage, {"INSERT", "mysql.plugin", kAny, kForever, "install the plugins it needs"}},
    {Duty::kManage, {"DELETE", "mysql.plugin", kAny, kForever, "uninstall a plugin"}},
    {Duty::kManage,
     {"SELECT", "performance_schema.*", kAny, kForever, "read the replication status"}},
    {Duty::kManage, {"SELECT", kWeft, kAny, kForever, "read its heartbeats"}},
    {Duty::kManage, {"INSERT", kWeft, kAny, kForever, "write its heartbeats"}},
    {Duty::kManage, {"UPDATE", kWeft, kAny, kForever, "write its heartbeats"}},
    {Duty::kManage, {"DELETE", kWeft, kAny, kForever, "write its heartbeats"}},
    {Duty::kManage, {"CREATE", kWeft, kAny, kForever, "make its heartbeat table"}},
    {Duty::kManage, {"ALTER", kWeft, kAny, kForever, "upgrade its heartbeat table"}},
    {Duty::kManage, {"DROP", kWeft, kAny, kForever, "remove its heartbeat table"}},

    {Duty::kReplicate,
     {"REPLICATION SLAVE", kGlobal, kAny, kForever, "stream the binary log of a source"}},

    {Duty::kBackup, {"SELECT", kGlobal, kAny, kForever, "read what is dumped"}},
    {Duty::kBackup, {"SHOW VIEW", kGlobal, kAny, kForever, "dump views"}},
    {Duty::kBackup, {"TRIGGER", kGlobal, kAny, kForever, "dump triggers"}},
    {Duty::kBackup, {"EVENT", kGlobal, kAny, kForever, "dump events"}},
    {Duty::kBackup, {"LOCK TABLES", kGlobal, kAny, kForever, "dump a consistent state"}},
    {Duty::kBackup, {"RELOAD", kGlobal, kAny, 80023, "dump a consistent state"}},
    {Duty::kBackup, {"PROCESS", kGlobal, kAny, kForever, "see long queries and tablespaces"}},
    {Duty::kBackup, {"REPLICATION CLIENT", kGlobal, kAny, kForever, "note the position of a dump"}},
    {Duty::kBackup,
     {"REPLICATION SLAVE", kGlobal, kAny, kForever,
      "read binary logs, to save the transactions of an errant server"}},
    {Duty::kBackup, {"BACKUP_ADMIN", kGlobal, kDynamic, kForever, "be the donor of a clone"}},
    {Duty::kBackup,
     {"XA_RECOVER_ADMIN", kGlobal, kDynamic, kForever,
      "dump at a moment without prepared XA transactions"}},
    {Duty::kBackup, {"SHOW_ROUTINE", kGlobal, 80020, kForever, "dump routines"}},
    {Duty::kBackup, {"FLUSH_TABLES", kGlobal, 80023, kForever, "dump a consistent state"}},

    {Duty::kRestore, {"SELECT", kGlobal, kAny, kForever, "check what was loaded"}},
    {Duty::kRestore, {"INSERT", kGlobal, kAny, kForever, "load rows"}},
    {Duty::kRestore, {"UPDATE", kGlobal, kAny, kForever, "load rows"}},
    {Duty::kRestore, {"DELETE", kGlobal, kAny, kForever, "load rows"}},
    {Duty::kRestore, {"CREATE", kGlobal, kAny, kForever, "load tables"}},
    {Duty::kRestore, {"ALTER", kGlobal, kAny, kForever, "load tables"}},
    {Duty::kRestore, {"DROP", kGlobal, kAny, kForever, "replace tables"}},
    {Duty::kRestore, {"INDEX", kGlobal, kAny, kForever, "load tables"}},
    {Duty::kRestore, {"REFERENCES", kGlobal, kAny, kForever, "load foreign keys"}},
    {Duty::kRestore, {"LOCK TABLES", kGlobal, kAny, kForever, "load tables"}},
    {Duty::kRestore, {"CREATE VIEW", kGlobal, kAny, kForever, "load views"}},
    {Duty::kRestore, {"SHOW VIEW", kGlobal, kAny, kForever, "check what was loaded"}},
    {Duty::kRestore, {"CREATE ROUTINE", kGlobal, kAny, kForever, "load routines"}},
    {Duty::kRestore, {"ALTER ROUTINE", kGlobal, kAny, kForever, "load routines"}},
    {Duty::kRestore, {"EVENT", kGlobal, kAny, kForever, "load events"}},
    {Duty::kRestore, {"TRIGGER", kGlobal, kAny, kForever, "load triggers"}},
    {Duty::kRestore, {"RELOAD", kGlobal, kAny, kForever, "begin with empty binary logs"}},
    {Duty::kRestore,
     {"SUPER", kGlobal, kAny, kDynamic,
      "load without writing the binary log, and with the GTIDs of the dump"}},
    {Duty::kRestore,
     {"SYSTEM_VARIABLES_ADMIN", kGlobal, kDynamic, kForever,
      "load without writing the binary log, and with the GTIDs of the dump"}},
    {Duty::kRestore,
     {"CONNECTION_ADMIN", kGlobal, kDynamic, kForever,
      "load into a server that is read-only for others"}},
    {Duty::kRestore,
     {"SYSTEM_USER", kGlobal, 80016, kForever,
      "end an applier that waits for the rest of a transaction"}},
    {Duty::kRestore,
     {"APPLICATION_PASSWORD_ADMIN", kGlobal, 80014, kForever,
      "keep the old password of its account until the new one is known"}},
    {Duty::kRestore,
     {"SET_USER_ID", kGlobal, kDynamic, 80200, "load views and routines of others"}},
    {Duty::kRestore,
     {"SET_ANY_DEFINER", kGlobal, 80200, kForever, "load views and routines of others"}},
    {Duty::kRestore,
     {"ALLOW_NONEXISTENT_DEFINER", kGlobal, 80200, kForever,
      "load views and routines whose owner comes later"}},
    {Duty::kRestore,
     {"BINLOG_ADMIN", kGlobal, kDynamic, kForever, "undo the changes of an errant server"}},
    {Duty::kRestore, {"CLONE_ADMIN", kGlobal, 80017, kForever, "be the recipient of a clone"}},

    {Duty::kMonitor,
     {"REPLICATION CLIENT", kGlobal, kAny, kForever, "read the replication status"}},
    {Duty::kMonitor,
     {"SELECT", kWeft, kAny, kForever, "see by its heartbeats how far a replica is"}},
    {Duty::kMonitor, {"INSERT", kWeft, kAny, kForever, "write its heartbeat"}},
    {Duty::kMonitor, {"UPDATE", kWeft, kAny, kForever, "write its heartbeat"}},
    {Duty::kMonitor, {"CREATE", kWeft, kAny, kForever, "make the heartbeats' table"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_connection_status", 50702, kForever,
      "see what a replica has received"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_connection_configuration", 50702, kForever,
      "see whom a replica follows"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_applier_status", 50702, kForever,
      "see how far a replica is"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_applier_configuration", 50702, kForever,
      "see how far a replica is"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_applier_status_by_coordinator", 50702, kForever,
      "see how far a replica is"}},
    {Duty::kMonitor,
     {"SELECT", "performance_schema.replication_applier_status_by_worker", 50702, kForever,
      "see how far a replica is, and its errors"}},
};

}  // namespace

absl::string_view DutyName(Duty duty) {
  switch (duty) {
    case Duty::kManage:
      return "manage";
    case Duty::kReplicate:
      return "replicate";
    case Duty::kBackup:
      return "backup";
    case Duty::kRestore:
      return "restore";
    case Duty::kMonitor:
      return "monitor";
  }
  return "";
}

absl::string_view DefaultUserOf(Duty duty) {
  switch (duty) {
    case Duty::kManage:
      return "weft_manage";
    case Duty::kReplicate:
      return "weft_replicate";
    case Duty::kBackup:
      return "weft_backup";
    case Duty::kRestore:
      return "weft_restore";
    case Duty::kMonitor:
      return "weft_monitor";
  }
  return "";
}

std::vector<Privilege> PrivilegesOf(Duty duty, int version) {
  std::vector<Privilege> privileges;
  for (const Entry& entry : kTable) {
    if (entry.duty != duty) continue;
    if (version < entry.privilege.since || version >= entry.privilege.until) continue;
    privileges.push_back(entry.privilege);
  }
  return privileges;
}

}  // namespace weft
