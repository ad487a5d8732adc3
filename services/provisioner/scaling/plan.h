#pragma once
// What a group needs to have as many members as are wished for, or none that is FAULTY. Pure.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/group.h"
#include "common/model/server.h"

namespace weft::provisioner {

// One member as it is seen.
struct ScalingMember {
  Server server;
  // It answers, and follows the primary where it is not that itself.
  bool healthy = false;
  // uuid of the listed machine that it runs on, and whose that is; empty: on none that Weft made.
  std::string machine;
  std::string provider;
  // Listed machines that it may run on, where several have its address and none is known to be its.
  std::vector<std::string> maybe;
};

// A group as it is seen.
struct ScalingGroup {
  std::string id;
  Durability durability = Durability::kLossless;
  uint32_t acknowledgements = 1;
  // Commits wait for one of these; none: they wait for nobody, whatever `durability` asks for.
  std::set<ServerUuid> acknowledgers;
  // Commits that too few can acknowledge go on after a while: the group is set so.
  bool continues_alone = false;
  std::vector<ScalingMember> members;
};

// What is wished for of the members that come and go.
struct ScalingTerms {
  std::string provider;          // that makes machines; empty: none named
  std::string only_provider;     // where just one is registered: it makes what none is named for
  std::optional<double> weight;  // of new members
  std::string zone;              // of new members
  bool keep_machines = false;
};

// One server more or less.
struct ScalingStep {
  enum class Kind { kAdd, kRemove };
  Kind kind = Kind::kAdd;
  // That makes the machine; of a removal: whose machine it is.
  std::string provider;
  std::string reason;  // for people

  // --- of an addition
  double weight = 1;
  std::string zone;
  PromotionRule promotion_rule = PromotionRule::kNeutral;

  // --- of a removal
  ServerUuid server;
  HostPort address;
  std::string machine;  // uuid; empty: none that Weft made
  bool destroys_machine = false;

  friend bool operator==(const ScalingStep&, const ScalingStep&) = default;
};

struct ScalingPlan {
  std::vector<ScalingStep> steps;  // in this order
  std::string reason;              // for people
};

// How the group gets `servers` members, its primary and the FAULTY counted: machines for those that
// lack, or who leaves, in this order: FAULTY, CONFIGURING, SPARE, unhealthy, then the least weight,
// among equals those on machines of Weft. Never the primary. INVALID_ARGUMENT BAD_SERVERS,
// PROVIDER_NEEDED; FAILED_PRECONDITION NO_PRIMARY; TOO_FEW_ACKNOWLEDGERS: fewer secondaries would
// be left than a commit waits for.
absl::StatusOr<ScalingPlan> PlanScale(const ScalingGroup& group, int servers,
                                      const ScalingTerms& terms);

// For each FAULTY member a new one of its weight, zone and promotion rule, and then its removal, so
// that the group never gets smaller. A machine with transactions that its group does not have is
// kept. INVALID_ARGUMENT PROVIDER_NEEDED: none is named, and the member has no machine;
// FAILED_PRECONDITION NO_PRIMARY, COMMITS_WAIT.
absl::StatusOr<ScalingPlan> PlanHeal(const ScalingGroup& group, const ScalingTerms& terms);

}  // namespace weft::provisioner
