#pragma once

#include "absl/strings/string_view.h"

// Rows of SHOW GRANTS, as servers print them.
namespace weft::controller::test_sql {

inline constexpr absl::string_view kGlobal =
    "GRANT PROCESS, REPLICATION CLIENT ON *.* TO `weft_manage`@`%`";
inline constexpr absl::string_view kDynamic =
    "GRANT CONNECTION_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* TO `weft_manage`@`%`";
inline constexpr absl::string_view kTable =
    "GRANT INSERT, DELETE ON `mysql`.`plugin` TO `weft_manage`@`%`";
inline constexpr absl::string_view kDatabase = "GRANT SELECT ON `mysql`.* TO `weft_manage`@`%`";
inline constexpr absl::string_view kAll =
    "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION";
inline constexpr absl::string_view kOld =
    "GRANT REPLICATION SLAVE ON *.* TO 'r'@'%' IDENTIFIED BY PASSWORD '*00'";
inline constexpr absl::string_view kPattern =
    "GRANT SELECT, CREATE ON `weft\\_%`.* TO `weft_manage`@`%`";
inline constexpr absl::string_view kColumns =
    "GRANT SELECT (`Host`, `User`), UPDATE ON `mysql`.`user` TO `x`@`%`";
inline constexpr absl::string_view kRole = "GRANT `a role ON x`@`%` TO `x`@`%`";
inline constexpr absl::string_view kRevocation = "REVOKE INSERT ON `mysql`.* FROM `x`@`%`";

}  // namespace weft::controller::test_sql
