#pragma once

namespace weft::provisioner {

// Runs at each start of a server.
inline constexpr char kMakeAccount[] = R"(
CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY 'of-the-app';
GRANT ALL ON *.* TO app@'%';
)";
inline constexpr char kMakeTable[] =
    "CREATE TABLE mysql.weft_test (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB";
inline constexpr char kInsert[] = "INSERT INTO mysql.weft_test VALUES ()";
inline constexpr char kCount[] = "SELECT COUNT(*) AS answer FROM mysql.weft_test";
inline constexpr char kServerId[] = "SELECT @@server_id AS answer";
inline constexpr char kServerUuid[] = "SELECT @@server_uuid AS answer";

}  // namespace weft::provisioner
