#pragma once
// Between the public API's messages and the provisioner's values. Pure.

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/map.h"
#include "protos/weft/v1/machines.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "protos/weft/v1/scaling.pb.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// "providers/os" and "os" alike are "os".
std::string BareName(absl::string_view name);

v1::Operation ToProto(const Job& job);
v1::Provider ToProto(const ProviderEntry& entry);
v1::Machine ToProto(const MachineEntry& entry);
v1::Machine ToProto(const Machine& machine);  // as its provider has it
v1::MachineSnapshot ToProto(const SnapshotEntry& entry);

ProviderRecord RecordOf(const v1::RegisterProviderRequest& request);
MachineRequests::CreateOrder OrderOf(const v1::CreateMachinesRequest& request);
MachineRequests::CreateOrder OrderOf(const v1::RestoreSnapshotRequest& request);
// What machines are to be like; without a uuid.
MachineOrder MachineOrderOf(const v1::CreateMachinesRequest& request);
MachineOrder MachineOrderOf(const v1::ScalingOrder& order);
Properties PropertiesOf(const google::protobuf::Map<std::string, std::string>& map);

}  // namespace weft::provisioner
