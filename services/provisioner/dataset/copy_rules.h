#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/server_facts.h"

namespace weft::provisioner {

// What is asked for, and what others know of the target.
struct CopyWish {
  CopyMethod method = CopyMethod::kAuto;
  bool surrender = false;  // the target's data may be lost
  bool source_is_primary = false;
  std::string target_group;      // that the target is a member of; empty: none
  bool target_is_store = false;  // it is a state store's member
  std::string plugin_missing;    // why one of them cannot load the CLONE plugin; empty: not known
};

struct MethodChoice {
  CopyMethod method = CopyMethod::kLogical;  // never kAuto
  std::string reason;                        // for people
};

// Whether the copy may be made, and how. Pure. The order of the refusals is that of what is worst
// to get wrong: FAILED_PRECONDITION TARGET_IS_STORE, TARGET_IS_MEMBER, TARGET_IS_SOURCE,
// TARGET_REPLICATES, TARGET_NOT_EMPTY, GTID_MODE_OFF, VERSION_MISMATCH, CASE_MISMATCH,
// DISK_TOO_SMALL, METHOD_UNAVAILABLE.
absl::StatusOr<MethodChoice> JudgeCopy(const ServerFacts& source, const ServerFacts& target,
                                       const CopyWish& wish);

}  // namespace weft::provisioner
