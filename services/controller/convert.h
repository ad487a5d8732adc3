#pragma once
// Between the public API's messages and the controller's values. Pure.
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/ids.h"
#include "common/model/server.h"
#include "common/rpc/model.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/health.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "protos/weft/v1/servers.pb.h"
#include "protos/weft/v1/topology.pb.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/health_table.h"
#include "services/controller/names.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// --- scalars. An unspecified enumerator gives nullopt.

using rpc::FromProto;
using rpc::ToProto;
v1::Durability ToProto(Durability durability);
v1::ServerReport::Contact ToProto(Contact contact);
std::optional<Durability> FromProto(v1::Durability durability);

// INVALID_ARGUMENT: an update's mask names `field`, and its value is none of `expected`.
absl::Status UnspecifiedValue(absl::string_view field, absl::string_view expected);

// --- values.

// Where `look` is given (of the same group), servers carry what it saw at `looked`; without it the
// durability is what the record knows of.
v1::Group ToProto(const Group& group, const Snapshot* look = nullptr,
                  absl::Time looked = absl::InfinitePast());
v1::Server ToProto(const Server& server);
v1::ServerHealth HealthOf(const Snapshot& look, const ServerUuid& server, absl::Time looked);
v1::GroupRoute RouteOf(const Group& group, const std::set<ServerUuid>& drained = {});

v1::Operation ToProto(const Operation& operation);
v1::Event ToProto(const Event& event);
v1::Finding ToProto(const Finding& finding);
// `group` names the servers. Where nothing can be done yet the phase is "wait", its one step what
// for.
v1::PlannedPhase PhaseOf(const Plan& plan, const Group& group);
v1::Refusal ToProto(const Refusal& refusal);
v1::ServerProblem ToProto(const AdmissionProblem& problem);

v1::ObserverReport ToProto(const HealthTable::Entry& entry);
// INVALID_ARGUMENT for a malformed uuid.
absl::StatusOr<HealthTable::Entry> FromProto(const v1::ServerReport& report);

// A refusal as a status: FAILED_PRECONDITION with its reason, next step and servers.
absl::Status StatusOf(const Refusal& refusal);

// What a conditional request compares ("etag").
std::string EtagOf(const Group& group);

}  // namespace weft::controller
