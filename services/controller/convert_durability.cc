#include "services/controller/convert_durability.h"

#include "services/controller/convert.h"
#include "services/controller/core/durability_proof.h"
#include "services/controller/names.h"

namespace weft::controller {
namespace {

v1::DurabilityWitness ToProto(const DurabilityProof::Witness& witness, const Group& group) {
  v1::DurabilityWitness proto;
  proto.set_server(ServerName(witness.server));
  const Server* const record = group.Find(witness.server);
  if (record != nullptr) proto.set_address(record->address.ToString());
  proto.set_in_group(witness.in_group);
  proto.set_may_acknowledge(witness.may_acknowledge);
  proto.set_reached(witness.reached);
  proto.set_acknowledges_now(witness.acknowledges_now);
  proto.set_counts(witness.counts());
  proto.set_unproven(witness.unproven);
  proto.set_held_gtids(witness.held.ToString());
  proto.set_lacks_gtids(witness.lacks.ToString());
  proto.set_lacks(witness.lacks.Count());
  return proto;
}

Refusal NotLookedAt() {
  return Refusal{.reason = "NOT_LOOKED_AT",
                 .message =
                     "expected a look at the servers, found none: the controller has just "
                     "started and its state store is down",
                 .next_step = "bring the state store back, or ask another controller",
                 .servers = {}};
}

}  // namespace

v1::ExplainDurabilityResponse DurabilityToProto(const Group& group, const Snapshot* look,
                                                absl::Time looked) {
  DurabilityProof proof = ProveDurability(look != nullptr ? *look : Snapshot{.group = group});
  v1::ExplainDurabilityResponse proto;
  if (look != nullptr) {
    *proto.mutable_look_time() = ToProto(looked);
  } else {
    proof.doubt = NotLookedAt();
  }
  proto.set_group(GroupName(group.id));
  proto.set_proven(!proof.doubt.has_value());
  if (proof.doubt.has_value()) {
    proto.set_reason(proof.doubt->reason);
    proto.set_message(proof.doubt->message);
    proto.set_next_step(proof.doubt->next_step);
    for (const ServerUuid& server : proof.doubt->servers) proto.add_missing(ServerName(server));
  }
  proto.set_policy(ToProto(proof.policy));
  proto.set_effective_durability(proof.effective);
  proto.set_primary(ServerName(proof.primary));
  const Server* const primary = group.Find(proof.primary);
  if (primary != nullptr) proto.set_primary_address(primary->address.ToString());
  proto.set_primary_reached(proof.primary_reached);
  proto.set_epoch(proof.epoch);
  proto.set_acknowledgements(proof.wait_for);
  proto.set_watermark(proof.watermark.ToString());
  proto.set_goal_gtids(proof.goal.ToString());
  for (const DurabilityProof::Witness& witness : proof.witnesses) {
    *proto.add_witnesses() = ToProto(witness, group);
  }
  return proto;
}

}  // namespace weft::controller
