#pragma once
// Errors of MySQL servers and of the client library, translated once into absl::Status.
// Source of the numbers: mysqld_error.h, errmsg.h, and trials against 5.6.24, 9.7 and
// MariaDB 10.11.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::mysql {

// Numbers that callers ask for by name.
inline constexpr int kErrConnectFailed = 2002;  // also: connect timeout, with the errno in the text
inline constexpr int kErrConnectFailedOld = 2003;  // the same, of other client libraries
inline constexpr int kErrUnknownHost = 2005;
inline constexpr int kErrServerGone = 2006;
inline constexpr int kErrServerLost = 2013;
inline constexpr int kErrTls = 2026;
inline constexpr int kErrDiskFull = 1021;
inline constexpr int kErrTableFull = 1114;  // also: its disk
inline constexpr int kErrCloneNoRoom = 3873;
inline constexpr int kErrTooManyConnections = 1040;
inline constexpr int kErrAccessDenied = 1045;
inline constexpr int kErrDuplicateKey = 1062;
inline constexpr int kErrUnknownDatabase = 1049;
inline constexpr int kErrUnknownTable = 1146;
inline constexpr int kErrUnknownVariable = 1193;
inline constexpr int kErrLockWaitTimeout = 1205;
inline constexpr int kErrDeadlock = 1213;
inline constexpr int kErrReadOnlyOption = 1290;
inline constexpr int kErrNoSuchThread = 1094;
inline constexpr int kErrKillDenied = 1095;
inline constexpr int kErrSpecificAccessDenied = 1227;  // names the privilege that is lacking
inline constexpr int kErrXaDenied = 1401;              // XA RECOVER without its privilege
inline constexpr int kErrOfflineMode = 3032;
inline constexpr int kErrReplicaThreadRunning = 3081;
inline constexpr int kErrAccountLocked = 3118;

// The status for error `code` of a server (or of the client library, 2000..2999) with its SQLSTATE
// and text:
//   2002 2003 2005 2006 2013 2055 1053 1927 -> UNAVAILABLE      1045 1698 -> UNAUTHENTICATED
//   1044 1142 1227 1370 ... -> PERMISSION_DENIED                1040 1203 1226 ... ->
//   RESOURCE_EXHAUSTED 1205 1213 3572 ... -> ABORTED                               1290 1792 1836
//   3100 ... -> FAILED_PRECONDITION 1062 1007 1050 ... -> ALREADY_EXISTS 1049 1146 1094 ... ->
//   NOT_FOUND 1064 1054 ... -> INVALID_ARGUMENT                           anything else -> INTERNAL
// `what` must hold no secret; it becomes the message, with the number appended.
absl::Status FromMysql(int code, absl::string_view sqlstate, absl::string_view what);

// The number given to FromMysql; 0 when `status` is OK or not of FromMysql's making. Survives
// Annotate().
int MysqlErrorCode(const absl::Status& status);
// The five characters, "" when unknown.
std::string MysqlSqlState(const absl::Status& status);

// What a failed contact says about the server's life (safety rule 7).
enum class Contact {
  kAnswered,     // OK, or an error that only a working server gives to a logged-in session
  kUnreachable,  // refused, timed out, host unknown, connection died: may be dead
  kRejected,     // it spoke but would not let us in: full, wrong password, TLS, offline mode, host
                 // blocked. Alive.
};
Contact ClassifyContact(const absl::Status& status);

// True when a machine answered that nothing listens on the port (or the socket file is absent or
// stale): the process is not there. False for silence, which may be a cut network or a hung
// machine.
bool IsRefused(const absl::Status& status);

// True when Weft gave up waiting (connect, read, write or statement deadline), so the statement may
// still run on the server: kill its session and see it gone before the next step (safety rule 10).
bool IsTimeout(const absl::Status& status);

// Marks a status of FromMysql as caused by our own deadline. For Session.
void MarkTimeout(absl::Status& status);

}  // namespace weft::mysql
