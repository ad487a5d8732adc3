#include "services/controller/ports/inventory_image.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kProviderColumns[] = {
    "id",    "type",   "url", "user", "password", "tenant", "default_image", "default_flavor",
    "extra", "created"};
constexpr absl::string_view kMachineColumns[] = {"uuid", "provider_id", "stage",     "native_id",
                                                 "zone", "host",        "addresses", "detail",
                                                 "meta", "operation",   "created"};
constexpr absl::string_view kSnapshotColumns[] = {"name",      "provider_id", "machine_uuid",
                                                  "native_id", "bytes",       "created"};
constexpr InventoryTable kTables[] = {{"provider", kProviderColumns},
                                      {"machine", kMachineColumns},
                                      {"machine_snapshot", kSnapshotColumns}};

const InventoryTable* FindTable(absl::string_view name) {
  const auto* found = std::find_if(std::begin(kTables), std::end(kTables),
                                   [&](const InventoryTable& one) { return one.name == name; });
  return found == std::end(kTables) ? nullptr : found;
}

bool HasItsColumns(const InventoryRow& row, const InventoryTable& table) {
  return row.size() == table.columns.size() &&
         std::all_of(table.columns.begin(), table.columns.end(),
                     [&](absl::string_view column) { return row.count(std::string(column)) > 0; });
}

std::string Columns(const InventoryRow& row) {
  return absl::StrJoin(row, ", ", [](std::string* out, const auto& pair) { *out += pair.first; });
}

std::set<std::string> ProvidersOf(const InventoryImage& image) {
  std::set<std::string> providers;
  const auto rows = image.find("provider");
  if (rows == image.end()) return providers;
  for (const InventoryRow& row : rows->second) {
    if (const auto id = row.find("id"); id != row.end()) providers.insert(id->second);
  }
  return providers;
}

}  // namespace

absl::Span<const InventoryTable> InventoryTables() { return kTables; }

absl::Status BadInventoryRow(absl::string_view table, absl::string_view problem,
                             absl::string_view wanted, absl::string_view found) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_INVENTORY_ROW",
                         absl::StrCat("a row of the inventory's table '", table, "' ", problem),
                         wanted, found, "take a backup as `weft manage backup FILE` wrote it");
}

absl::Status CheckStorable(const InventoryImage& image) {
  const std::set<std::string> providers = ProvidersOf(image);
  for (const auto& [name, rows] : image) {
    const InventoryTable* table = FindTable(name);
    for (const InventoryRow& row : rows) {
      if (table == nullptr)
        return BadInventoryRow(name, "is of no such table", "one that is known", name);
      if (!HasItsColumns(row, *table)) {
        return BadInventoryRow(name, "has other columns", absl::StrJoin(table->columns, ", "),
                               Columns(row));
      }
      const auto provider = row.find("provider_id");
      if (provider == row.end() || providers.contains(provider->second)) continue;
      return BadInventoryRow(name, "names a provider that is not there",
                             "a provider among the rows", provider->second);
    }
  }
  return absl::OkStatus();
}

InventoryImage Merged(InventoryImage backup, const InventoryImage& present) {
  InventoryImage merged = present;
  for (auto& [name, rows] : backup) {
    const std::string key(FindTable(name)->columns.front());
    std::vector<InventoryRow>& all = merged[name];
    std::set<std::string> known;
    for (const InventoryRow& row : all) known.insert(row.at(key));
    for (InventoryRow& row : rows) {
      if (known.insert(row.at(key)).second) all.push_back(std::move(row));
    }
    std::sort(all.begin(), all.end(),
              [&](const InventoryRow& a, const InventoryRow& b) { return a.at(key) < b.at(key); });
  }
  return merged;
}

}  // namespace weft::controller
