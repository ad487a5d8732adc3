#pragma once

#include "absl/strings/string_view.h"

namespace weft {

// How the system tables of MySQL before 5.7.6 are made: the prolog, the files of the installation's
// share folder, the epilog, all fed to `mysqld --bootstrap`, which takes one statement a line.
inline constexpr char kBootstrapProlog[] = "USE mysql;\n";

inline constexpr absl::string_view kBootstrapFiles[] = {
    "mysql_system_tables.sql", "mysql_system_tables_data.sql", "fill_help_tables.sql"};

// The stock data let anybody in: anonymous users, root from any loopback address, a test database.
inline constexpr char kBootstrapEpilog[] =
    "DELETE FROM mysql.user WHERE User = '' OR Host <> 'localhost';\n"
    "DELETE FROM mysql.db;\n"
    "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';\n";

// The last statement of an init file, followed by the quoted path of a file: mysqld goes on without
// a word when a statement before it fails (5.6 does not even log it), but does not get here then.
inline constexpr char kMarkInitialised[] = "SELECT 1 INTO OUTFILE ";

}  // namespace weft
