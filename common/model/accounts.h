#pragma once

#include <array>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/model/accounts_sql.h"

namespace weft {

// The MySQL accounts of Weft: one per duty, each with no more rights than its duty needs. This is
// the one table behind the sandbox, the checks on a server that is added, and the docs.

enum class Duty {
  kManage,     // Reads state, changes settings and topology, ends sessions. By the controller.
  kReplicate,  // What a replica logs in to its source with.
  kBackup,     // Reads for CLONE (as the donor) and for dumps.
  kRestore,    // Writes: CLONE (as the recipient) and loads.
  kMonitor,    // Reads replication status; given to watchers that must not be able to do more.
};

inline constexpr std::array<Duty, 5> kDuties = {Duty::kManage, Duty::kReplicate, Duty::kBackup,
                                                Duty::kRestore, Duty::kMonitor};

// "manage", "replicate", "backup", "restore", "monitor".
absl::string_view DutyName(Duty duty);

// "weft_manage", "weft_replicate", ...: the user name unless configured otherwise.
absl::string_view DefaultUserOf(Duty duty);

struct Privilege {
  // As SHOW GRANTS and information_schema spell it, in capitals: "REPLICATION CLIENT", "SELECT".
  absl::string_view name;
  // What it is granted on, as GRANT takes it: "*.*", "mysql.plugin", "`weft\_%`.*".
  absl::string_view scope;
  // The versions that have it and where it is needed: since <= version < until (90704 is 9.7.4).
  int since;
  int until;
  // What Weft does with it: said when it is missing.
  absl::string_view purpose;

  bool operator==(const Privilege&) const = default;
};

// What the account of `duty` needs on a server of `version` (90704), those of one scope together,
// in the order to grant them.
std::vector<Privilege> PrivilegesOf(Duty duty, int version);

}  // namespace weft
