#pragma once

#include "absl/strings/string_view.h"

namespace weft::testing::sql {

// `id` is not unique in the table, so that a row written twice can be seen.
inline constexpr absl::string_view kCreateLedger =
    "CREATE TABLE IF NOT EXISTS weft_ledger ("
    " n BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " id BIGINT UNSIGNED NOT NULL, written_to VARCHAR(64) NOT NULL, KEY (id)) ENGINE=InnoDB";
inline constexpr absl::string_view kInsert =
    "INSERT INTO weft_ledger (id, written_to) VALUES (?, ?)";
inline constexpr absl::string_view kReadIds = "SELECT id FROM weft_ledger WHERE id >= ?";
inline constexpr absl::string_view kIsReadOnly = "SELECT @@GLOBAL.read_only AS read_only";

}  // namespace weft::testing::sql
