#pragma once
// Between the state store's rows and the inventory's values. Pure.
//
// What is read and makes no sense is DATA_LOSS STORE_CORRUPT with the field's name: nobody but
// provisioners writes there.
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mysql/quote.h"
#include "common/mysql/result_set.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

using Row = mysql::ResultSet::Row;

absl::StatusOr<ProviderEntry> ReadProviderRow(const Row& row);
absl::StatusOr<MachineEntry> ReadMachineRow(const Row& row);
absl::StatusOr<SnapshotEntry> ReadSnapshotRow(const Row& row);
absl::StatusOr<Job> ReadJobRow(const Row& row);

// In the order of the statements' columns.
mysql::Params ProviderParams(const ProviderEntry& entry);
mysql::Params MachineParams(const MachineEntry& entry);
mysql::Params SnapshotParams(const SnapshotEntry& entry);

// "2026-07-01 12:00:00.000000", UTC.
std::string TimeText(absl::Time time);
std::string TextsAsJson(const std::vector<std::string>& texts);

}  // namespace weft::provisioner
