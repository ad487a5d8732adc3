#pragma once
// The proof of a group's durability as the public API tells it. Pure.
#include "absl/time/time.h"
#include "common/model/group.h"
#include "protos/weft/v1/groups.pb.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// `look` may be null: then nothing is proven. It was taken at `looked`.
v1::ExplainDurabilityResponse DurabilityToProto(const Group& group, const Snapshot* look,
                                                absl::Time looked);

}  // namespace weft::controller
