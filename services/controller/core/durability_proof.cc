#include "services/controller/core/durability_proof.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/durability.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/strangers.h"

namespace weft::controller {
namespace {

using Witness = DurabilityProof::Witness;

bool IsStranger(const Snapshot& snapshot, const ServerUuid& server) {
  if (!snapshot.strangers.has_value()) return false;
  const std::vector<ServerUuid>& servers = snapshot.strangers->servers;
  return std::find(servers.begin(), servers.end(), server) != servers.end();
}

// Nobody asks one that is not in the group: the primary's count and list are all there is.
bool AcknowledgesByCount(const Snapshot& snapshot) {
  const std::optional<Strangers>& strangers = snapshot.strangers;
  return strangers.has_value() &&
         strangers->known + strangers->servers.size() <= strangers->connected;
}

Witness WitnessOf(const Snapshot& snapshot, const ServerUuid& server, const GtidSet& goal) {
  const Observation& seen = snapshot.Of(server);
  const bool stranger = IsStranger(snapshot, server);
  Witness witness;
  witness.server = server;
  witness.in_group = snapshot.group.Find(server) != nullptr;
  witness.may_acknowledge = stranger || IsAcknowledger(snapshot.group, server);
  witness.reached = seen.reached();
  witness.acknowledges_now =
      snapshot.Of(snapshot.group.primary).reached() &&
      (witness.in_group ? AcknowledgesNow(snapshot, server) : AcknowledgesByCount(snapshot));
  if (stranger) {
    witness.unproven = witness.in_group ? "is not on record as an acknowledger"
                                        : "is not in the group: no failover would ask it";
  } else if (witness.may_acknowledge) {
    witness.unproven = WhyUnproven(snapshot, server);
  }
  if (!seen.reached()) return witness;
  witness.held = seen.Held();
  witness.lacks = goal.Minus(witness.held);
  return witness;
}

std::vector<Witness> WitnessesOf(const Snapshot& snapshot, const GtidSet& goal) {
  const Group& group = snapshot.group;
  std::vector<Witness> witnesses;
  for (const Server& server : group.servers) {
    if (server.uuid == group.primary) continue;
    witnesses.push_back(WitnessOf(snapshot, server.uuid, goal));
  }
  if (!snapshot.strangers.has_value()) return witnesses;
  for (const ServerUuid& server : snapshot.strangers->servers) {
    if (group.Find(server) == nullptr) witnesses.push_back(WitnessOf(snapshot, server, goal));
  }
  return witnesses;
}

std::optional<Refusal> DoubtOf(const Snapshot& snapshot, const std::string& effective) {
  const Group& group = snapshot.group;
  if (group.primary.empty()) {
    return Refusal{.reason = "NO_PRIMARY",
                   .message = "the group has no primary, so there is nothing to prove",
                   .next_step = absl::StrCat("weft group promote ", group.id),
                   .servers = {}};
  }
  if (group.durability == Durability::kAsync) {
    return Refusal{.reason = "NOT_LOSSLESS",
                   .message =
                       "the policy is async: commits are acknowledged before any other "
                       "server has them",
                   .next_step = absl::StrCat("weft group set ", group.id, " --durability lossless"),
                   .servers = {}};
  }
  const std::optional<Refusal> refusal = RefuseFailover(snapshot);
  if (refusal.has_value()) return refusal;  // guard: rule 3
  if (snapshot.strangers.has_value()) {
    return Refusal{.reason = "UNKNOWN_ACKNOWLEDGER",
                   .message = absl::StrCat("a commit may be known to a server that no failover "
                                           "would ask: ",
                                           StrangersText(snapshot, *snapshot.strangers)),
                   .next_step = "stop its semi-synchronous replication, or add it to the group",
                   .servers = snapshot.strangers->servers};
  }
  if (effective == ToString(Durability::kLossless)) return std::nullopt;  // proof: rule 3
  return Refusal{.reason = "NOT_LOSSLESS",
                 .message = absl::StrCat("the policy is lossless, what holds is ", effective),
                 .next_step = absl::StrCat("weft why ", group.id, " says what is done about it"),
                 .servers = {}};
}

}  // namespace

DurabilityProof ProveDurability(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Observation& primary = snapshot.Of(group.primary);
  DurabilityProof proof;
  proof.policy = group.durability;
  proof.effective = EffectiveDurability(snapshot);
  proof.epoch = group.epoch;
  proof.wait_for = group.durability == Durability::kLossless ? WaitFor(group) : 0;
  proof.primary = group.primary;
  proof.primary_reached = primary.reached();
  proof.watermark = group.watermark;
  proof.goal = primary.reached() ? primary.executed : Required(snapshot).Union(group.watermark);
  proof.witnesses = WitnessesOf(snapshot, proof.goal);
  proof.doubt = DoubtOf(snapshot, proof.effective);
  return proof;
}

}  // namespace weft::controller
