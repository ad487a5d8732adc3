#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/health.pb.h"
#include "protos/weft/v1/node.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "protos/weft/v1/servers.pb.h"
#include "services/cli/render.h"

namespace weft::cli {

// The API's messages as text for people. Pure; all text ends in a line feed.

struct View {
  Style style;
  absl::Time now;  // For "since": ages rather than times of day.
};

// "groups/g1" -> "g1". Names without a slash stay as they are.
std::string ShortName(absl::string_view name);

// `text` with the uuids (and "servers/UUID" names) of the group's servers replaced by their
// addresses, which people know better.
std::string WithAddresses(absl::string_view text, const v1::Group& group);

// What of a server needs a person's attention, "OK" when nothing does. Every phrase that applies,
// joined by commas: "unreachable: ...", "receiver off", "set aside: ...".
Cell HealthOf(const v1::Server& server, const View& view);
bool IsHealthy(const v1::Server& server);

std::string GroupsTable(const std::vector<v1::Group>& groups, const View& view);
// Everything of a group: fields, then its servers.
std::string GroupText(const v1::Group& group, const View& view);
std::string AuditTable(const std::vector<v1::Event>& events, const View& view);
std::string GroupSettingsTable(const v1::GroupSettings& settings, const View& view);
std::string ServersTable(const std::vector<v1::Server>& servers, bool with_group, const View& view);
std::string ServerText(const v1::Server& server, const View& view);
// Servers of a group with what the controller saw, then what each monitor says.
std::string HealthText(const v1::Group& group, const v1::GetHealthResponse& health,
                       const View& view);

std::string ProblemsText(const v1::CheckServerResponse& check, const View& view);

std::string PlanText(const google::protobuf::RepeatedPtrField<v1::PlannedPhase>& plan,
                     const v1::Refusal* refusal, const View& view);
// The proof of a group's durability: the verdict, who could acknowledge, and who is missing.
std::string DurabilityProofText(const v1::ExplainDurabilityResponse& proof, const View& view);
// What `weft why` prints.
std::string ExplanationText(const v1::ExplainGroupResponse& explanation, const View& view);

std::string OperationsTable(const std::vector<v1::Operation>& operations, const View& view);
std::string OperationText(const v1::Operation& operation, const View& view);
// The figures of a result for one line: "write stop 43 ms, lost transactions 0"; may be empty. What
// is false or empty is left out.
std::string ResultPhrase(const v1::Operation& operation);

std::string EventsTable(const std::vector<v1::Event>& events, const View& view);

std::string NodeText(const v1::NodeStatus& node, const View& view);

}  // namespace weft::cli
