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
inline constexpr char kPersist[] = "SET PERSIST max_connections = 77";
inline constexpr char kMaxConnections[] = "SELECT @@max_connections AS answer";
// Whom nobody answers for: it is asked again and again.
inline constexpr char kFollow[] =
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1,"
    " SOURCE_USER = 'nobody' FOR CHANNEL 'elsewhere'";
inline constexpr char kStartChannel[] = "START REPLICA FOR CHANNEL 'elsewhere'";
inline constexpr char kReceiver[] =
    "SELECT SERVICE_STATE AS answer FROM performance_schema.replication_connection_status"
    " WHERE CHANNEL_NAME = 'elsewhere'";
inline constexpr char kServerUuid[] = "SELECT @@server_uuid AS answer";

}  // namespace weft::provisioner
