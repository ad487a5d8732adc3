#pragma once
// What the members of a cluster that this machine runs are told, as root over their sockets.
#include "absl/strings/string_view.h"

namespace weft::group_replication_sql {

// One line: own state, ONLINE members of its view, executed GTIDs.
inline constexpr absl::string_view kLook =
    "SELECT COALESCE(MAX(IF(member_id = @@GLOBAL.server_uuid, member_state, '')), 'OFFLINE'),"
    " COALESCE(SUM(member_state = 'ONLINE'), 0), @@GLOBAL.gtid_executed"
    " FROM performance_schema.replication_group_members WHERE member_id <> ''";
// Followed by the two sets in quotes, with a comma between, and a bracket.
inline constexpr absl::string_view kIsSubset = "SELECT GTID_SUBSET(";
inline constexpr absl::string_view kStop = "STOP GROUP_REPLICATION";
inline constexpr absl::string_view kJoin = "START GROUP_REPLICATION";
inline constexpr absl::string_view kBootstrap =
    "SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION;"
    " SET GLOBAL group_replication_bootstrap_group = OFF";
// From now on a member that is started again joins by itself.
inline constexpr absl::string_view kJoinAtStart =
    "SET PERSIST group_replication_start_on_boot = ON";
inline constexpr absl::string_view kJoinsAtStart =
    "SELECT @@GLOBAL.group_replication_start_on_boot";
inline constexpr absl::string_view kDoNotJoinAtStart =
    "RESET PERSIST IF EXISTS group_replication_start_on_boot";
// The login that members fetch from each other what they have missed with; the password in quotes
// follows, and the rest.
inline constexpr absl::string_view kRecoverAs =
    "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'weft_recovery', SOURCE_PASSWORD = ";
inline constexpr absl::string_view kRecoverChannel = " FOR CHANNEL 'group_replication_recovery'";
inline constexpr absl::string_view kRecoveryUser = "weft_recovery";
inline constexpr absl::string_view kGrantRecovery =
    "GRANT REPLICATION SLAVE, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO"
    " 'weft_recovery'@'%'";

// Each followed by the account.
inline constexpr absl::string_view kGrantReading[] = {
    "GRANT SELECT ON performance_schema.replication_group_members TO ",
    "GRANT SELECT ON performance_schema.replication_group_member_stats TO "};

}  // namespace weft::group_replication_sql
