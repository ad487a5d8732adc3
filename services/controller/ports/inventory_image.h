#pragma once
// What provisioners keep in the state store (services/provisioner/ports/inventory.h), for backups:
// texts by column. The controllers carry them and know nothing of what they mean. Pure.
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace weft::controller {

using InventoryRow = std::map<std::string, std::string>;  // by column
// The rows of each table that has some.
using InventoryImage = std::map<std::string, std::vector<InventoryRow>>;

struct InventoryTable {
  absl::string_view name;
  absl::Span<const absl::string_view> columns;  // the first is its key
};
// As schema/0006_provisioner.sql has them, those before others that refer to them. What work is
// under way is not among them: a backup has nobody who does it.
absl::Span<const InventoryTable> InventoryTables();

// INVALID_ARGUMENT, reason BAD_INVENTORY_ROW.
absl::Status BadInventoryRow(absl::string_view table, absl::string_view problem,
                             absl::string_view wanted, absl::string_view found);

// INVALID_ARGUMENT unless every row is of one of these tables and has its columns, and no others,
// and names a provider that the image has.
absl::Status CheckStorable(const InventoryImage& image);

// All of `present`, and of `backup` what `present` does not have: machines run whatever became of
// the store, so none may be unlisted, and what was noted last is truer. REQUIRES: `backup` is
// storable.
InventoryImage Merged(InventoryImage backup, const InventoryImage& present);

}  // namespace weft::controller
