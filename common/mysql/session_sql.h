#pragma once
// The statements that a session sends of its own accord.
#include "absl/strings/string_view.h"

namespace weft::mysql::statements {

// quote.h relies on the sql_mode; a lock_wait_timeout of seconds keeps a forgotten statement from
// taking effect long after its sender gave up (safety rule 10). An answer is whole, and has the
// time that the client gives it, whatever the server's configuration says: each series calls that
// differently, and 5.6 has no such bound.
inline constexpr absl::string_view kSetUpSession =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
    " time_zone = '+00:00', lock_wait_timeout = ?, sql_select_limit = 18446744073709551615"
    "/*!50708 , max_execution_time = 0 */ /*M!100101 , max_statement_time = 0 */";
inline constexpr absl::string_view kDescribeSession =
    "SELECT CONNECTION_ID() AS id, VERSION() AS version";
// Of a bulk session: no conversion of what is only passed on.
inline constexpr absl::string_view kResultsAsTheyAre = "SET SESSION character_set_results = NULL";
inline constexpr absl::string_view kShowTlsCipher = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

inline constexpr absl::string_view kBegin = "START TRANSACTION";
inline constexpr absl::string_view kCommit = "COMMIT";
inline constexpr absl::string_view kRollback = "ROLLBACK";
inline constexpr absl::string_view kPing = "DO 0";

}  // namespace weft::mysql::statements
