#pragma once
// Rows of provisioners' inventory, for tests.
#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "services/controller/ports/inventory_image.h"

namespace weft::controller {

// A row of `table` with all of its columns: those of `given`, and what the others may hold.
// REQUIRES: there is such a table.
inline InventoryRow RowOf(absl::string_view table, const InventoryRow& given) {
  const auto tables = InventoryTables();
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const InventoryTable& one) { return one.name == table; });
  InventoryRow row;
  for (const absl::string_view column : found->columns) row[std::string(column)] = "";
  const InventoryRow usual = {{"provider_id", "p"}, {"extra", "{}"},
                              {"addresses", "[]"},  {"meta", "{}"},
                              {"bytes", "0"},       {"stage", "READY"},
                              {"type", "null"},     {"created", "2026-01-01 00:00:00.000000"}};
  for (auto& [column, value] : row) {
    if (const auto one = usual.find(column); one != usual.end()) value = one->second;
    if (const auto one = given.find(column); one != given.end()) value = one->second;
  }
  return row;
}

}  // namespace weft::controller
