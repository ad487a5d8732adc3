#pragma once

#include "absl/strings/string_view.h"

namespace weft::testing::sql {

inline constexpr absl::string_view kServerUuid = "SELECT @@GLOBAL.server_uuid AS uuid";
inline constexpr absl::string_view kCreateStubborn =
    "CREATE TABLE IF NOT EXISTS weft_stubborn ("
    " id BIGINT UNSIGNED NOT NULL PRIMARY KEY, server_uuid VARCHAR(36) NOT NULL) ENGINE=InnoDB";
inline constexpr absl::string_view kInsertStubborn =
    "INSERT INTO weft_stubborn (id, server_uuid) VALUES (?, ?)";

}  // namespace weft::testing::sql
