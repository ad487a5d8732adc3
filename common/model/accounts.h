#pragma once

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

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
  // What it is granted on: "*.*", "mysql.plugin", "`weft\_%`.*". Dynamic privileges: "*.*".
  absl::string_view scope;
  // The versions it exists and is needed in: since <= version < until (90704 is 9.7.4).
  int since = 0;
  int until = 1000000;
  // What Weft does with it: printed when it is missing.
  absl::string_view purpose;
  // True: granted with GRANT name ON *.*, found in information_schema.user_privileges (8.0+) and
  // not in mysql.user's columns.
  bool dynamic = false;

  bool operator==(const Privilege&) const = default;
};

// What the account of `duty` needs on a server of `version` (90704), in the order to grant them.
std::vector<Privilege> PrivilegesOf(Duty duty, int version);

// The most that was asked of a grantor at once: every privilege of every duty, without repeats.
std::vector<Privilege> AllPrivileges(int version);

}  // namespace weft
