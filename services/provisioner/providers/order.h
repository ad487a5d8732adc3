#pragma once
// What all providers ask of an order, and how they name what they make. Pure.
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// OK when the order's uuid may be part of names and every field that is set, of those that not
// every provider understands, is among `understood`: "availability_zone", "key_name",
// "security_groups", "private_networks", "public_network", "user_data", "swap", "scheduler_hints".
// BAD_ORDER names the first other one.
absl::Status CheckOrder(const MachineOrder& order, const std::set<std::string>& understood,
                        absl::string_view who);

// BAD_ORDER when `properties` has a key that is not among `known`.
absl::Status CheckKeys(absl::string_view field, const Properties& properties,
                       const std::set<std::string>& known);

// The image's name: of the order, else the provider's default. BAD_ORDER where there is neither, or
// another key than "name".
absl::StatusOr<std::string> ImageName(const MachineOrder& order, const ProviderRecord& record);

// Whether `properties` has each of `wanted` with its value.
bool HoldsAll(const Properties& properties, const Properties& wanted);

// "" where there is none.
std::string Value(const Properties& properties, absl::string_view key);

// OK for 1 to 128 letters, digits, '-', '_' and '.', the first no sign: what may stand in a path or
// a name of any provider. BAD_ORDER otherwise.
absl::Status CheckName(absl::string_view field, absl::string_view name);

// In the orders that Provider promises: by uuid, the oldest first.
void SortByUuid(std::vector<Machine>& machines);
void SortByAge(std::vector<MachineSnapshot>& snapshots);

std::string MachineName(absl::string_view uuid);  // "machine-<uuid>"
// "snapshot-<uuid>-<unix seconds>"
std::string SnapshotName(absl::string_view uuid, absl::Time created);

}  // namespace weft::provisioner
