#include "common/mysql/errors.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::mysql {
namespace {

using absl::StatusCode;

// "2013:HY000:T": the number, the SQLSTATE, and T when our own deadline was the cause.
constexpr absl::string_view kPayloadType = "type.weft/mysql-error";

struct Translation {
  int code;
  StatusCode status;
  // True for errors by which a living server keeps a client out.
  bool rejects = false;
};

// Ordered by code. The client library's own numbers are 2000 to 2999.
constexpr Translation kTranslations[] = {
    {3, StatusCode::kResourceExhausted},           // error writing a file: the disk is full
    {1007, StatusCode::kAlreadyExists},            // database exists
    {1008, StatusCode::kNotFound},                 // database to drop
    {1021, StatusCode::kResourceExhausted},        // disk full
    {1022, StatusCode::kAlreadyExists},            // duplicate key in table
    {1026, StatusCode::kResourceExhausted},        // error writing a file
    {1037, StatusCode::kResourceExhausted},        // out of memory
    {1038, StatusCode::kResourceExhausted},        // out of sort memory
    {1040, StatusCode::kResourceExhausted, true},  // too many connections
    {1041, StatusCode::kResourceExhausted, true},  // out of memory
    {1042, StatusCode::kUnauthenticated, true},    // cannot resolve the client's name
    {1043, StatusCode::kUnauthenticated, true},    // bad handshake
    {1044, StatusCode::kPermissionDenied, true},   // no right to the database
    {1045, StatusCode::kUnauthenticated, true},    // wrong user or password
    {1047, StatusCode::kUnimplemented},            // unknown command
    {1048, StatusCode::kInvalidArgument},          // column cannot be null
    {1049, StatusCode::kNotFound, true},           // unknown database
    {1050, StatusCode::kAlreadyExists},            // table exists
    {1051, StatusCode::kNotFound},                 // unknown table
    {1053, StatusCode::kUnavailable, true},        // server shutdown in progress
    {1054, StatusCode::kInvalidArgument},          // unknown column
    {1060, StatusCode::kAlreadyExists},            // duplicate column name
    {1061, StatusCode::kAlreadyExists},            // duplicate key name
    {1062, StatusCode::kAlreadyExists},            // duplicate entry
    {1064, StatusCode::kInvalidArgument},          // syntax
    {1065, StatusCode::kInvalidArgument},          // empty query
    {1091, StatusCode::kNotFound},                 // cannot drop: no such column or key
    {1094, StatusCode::kNotFound},                 // no such connection
    {1095, StatusCode::kPermissionDenied},         // not the owner of the connection
    {1114, StatusCode::kResourceExhausted},        // table is full
    {1125, StatusCode::kAlreadyExists},            // function or plugin exists
    {1126, StatusCode::kNotFound},                 // cannot open a shared library
    {1129, StatusCode::kUnauthenticated, true},    // host blocked
    {1130, StatusCode::kUnauthenticated, true},    // host may not connect
    {1135, StatusCode::kResourceExhausted, true},  // cannot create a thread
    {1141, StatusCode::kNotFound},                 // no such grant
    {1142, StatusCode::kPermissionDenied},         // command denied on table
    {1143, StatusCode::kPermissionDenied},         // command denied on column
    {1146, StatusCode::kNotFound},                 // no such table
    {1147, StatusCode::kNotFound},                 // no such grant on table
    {1153, StatusCode::kInvalidArgument},          // packet too large
    {1158, StatusCode::kUnavailable},              // server: network read error
    {1159, StatusCode::kUnavailable},              // server: network read timeout
    {1160, StatusCode::kUnavailable},              // server: network write error
    {1161, StatusCode::kUnavailable},              // server: network write timeout
    {1193, StatusCode::kNotFound},                 // unknown system variable
    {1198, StatusCode::kFailedPrecondition},       // replication must be stopped first
    {1199, StatusCode::kFailedPrecondition},       // replication is not running
    {1200, StatusCode::kFailedPrecondition},       // server is not configured as a replica
    {1201, StatusCode::kFailedPrecondition},       // cannot initialize source info
    {1203, StatusCode::kResourceExhausted, true},  // user has too many connections
    {1205, StatusCode::kAborted},                  // lock wait timeout
    {1206, StatusCode::kResourceExhausted},        // too many locks
    {1211, StatusCode::kPermissionDenied},         // may not create users
    {1213, StatusCode::kAborted},                  // deadlock
    {1226, StatusCode::kResourceExhausted, true},  // user exceeded a resource limit
    {1227, StatusCode::kPermissionDenied},         // needs a privilege
    {1231, StatusCode::kInvalidArgument},          // wrong value for a variable
    {1232, StatusCode::kInvalidArgument},          // wrong type for a variable
    {1235, StatusCode::kUnimplemented},            // not supported yet
    {1238, StatusCode::kFailedPrecondition},       // variable is read only
    {1251, StatusCode::kUnauthenticated, true},    // authentication protocol unknown to us
    {1264, StatusCode::kInvalidArgument},          // out of range
    {1290, StatusCode::kFailedPrecondition},       // read only, or another option forbids it
    {1292, StatusCode::kInvalidArgument},          // truncated wrong value
    {1305, StatusCode::kNotFound},                 // no such function or plugin
    {1317, StatusCode::kAborted},                  // statement was killed
    {1364, StatusCode::kInvalidArgument},          // field has no default
    {1366, StatusCode::kInvalidArgument},          // incorrect value
    {1370, StatusCode::kPermissionDenied},         // command denied on routine
    {1381, StatusCode::kFailedPrecondition},       // binary log is off
    {1396, StatusCode::kFailedPrecondition},       // CREATE or DROP USER failed
    {1406, StatusCode::kInvalidArgument},          // data too long
    {1410, StatusCode::kPermissionDenied},         // may not create a user by GRANT
    {1419, StatusCode::kPermissionDenied},         // needs SUPER while the binary log is on
    {1451, StatusCode::kFailedPrecondition},       // foreign key: row is referenced
    {1452, StatusCode::kFailedPrecondition},       // foreign key: no such parent
    {1524, StatusCode::kUnauthenticated, true},    // authentication plugin not loaded
    {1593, StatusCode::kFailedPrecondition},       // fatal error of the replica
    {1614, StatusCode::kAborted},                  // distributed transaction rolled back
    {1698, StatusCode::kUnauthenticated, true},    // access denied, no password
    {1776, StatusCode::kFailedPrecondition},       // auto position needs GTIDs
    {1777, StatusCode::kFailedPrecondition},       // source must have GTIDs
    {1788, StatusCode::kFailedPrecondition},       // gtid_mode changes one step at a time
    {1792, StatusCode::kFailedPrecondition},       // read only transaction
    {1819, StatusCode::kInvalidArgument},          // password policy
    {1820, StatusCode::kUnauthenticated, true},    // password must be changed first
    {1836, StatusCode::kFailedPrecondition},       // running in read only mode
    {1837, StatusCode::kFailedPrecondition},       // GTID_NEXT needs a transaction end
    {1840, StatusCode::kFailedPrecondition},       // gtid_purged needs an empty gtid_executed
    {1862, StatusCode::kUnauthenticated, true},    // password has expired
    {1872, StatusCode::kFailedPrecondition},       // relay log info cannot be initialized
    {1874, StatusCode::kFailedPrecondition},       // InnoDB is read only
    {1927, StatusCode::kUnavailable},              // MariaDB: connection was killed
    {2000, StatusCode::kInternal},                 // client: unknown error
    {2002, StatusCode::kUnavailable},              // cannot connect
    {2003, StatusCode::kUnavailable},              // cannot connect
    {2005, StatusCode::kUnavailable},              // unknown host
    {2006, StatusCode::kUnavailable},              // server has gone away
    {2007, StatusCode::kUnauthenticated, true},    // protocol mismatch
    {2012, StatusCode::kUnavailable},              // error in the handshake
    {2013, StatusCode::kUnavailable},              // connection lost
    {2020, StatusCode::kInvalidArgument},          // packet too large
    {2026, StatusCode::kUnauthenticated, true},    // TLS
    {2027, StatusCode::kUnavailable},              // malformed packet
    {2048, StatusCode::kUnavailable},              // invalid connection handle
    {2054, StatusCode::kUnauthenticated, true},    // authentication method unknown
    {2055, StatusCode::kUnavailable},              // connection lost, with the system's error
    {2058, StatusCode::kUnauthenticated, true},    // authentication plugin
    {2059, StatusCode::kUnauthenticated, true},    // authentication plugin cannot be loaded
    {2061, StatusCode::kUnauthenticated, true},    // authentication plugin
    {3017, StatusCode::kFailedPrecondition},       // applier must be stopped first
    {3021, StatusCode::kFailedPrecondition},       // receiver must be stopped first
    {3024, StatusCode::kDeadlineExceeded},         // max_execution_time
    {3032, StatusCode::kUnavailable, true},        // offline mode
    {3058, StatusCode::kAborted},                  // user-level lock deadlock
    {3074, StatusCode::kNotFound},                 // no such replication channel
    {3081, StatusCode::kFailedPrecondition},       // applier of the channel must be stopped
    {3100, StatusCode::kFailedPrecondition},       // a plugin refused the commit
    {3101, StatusCode::kAborted},                  // a plugin rolled the commit back
    {3118, StatusCode::kUnauthenticated, true},    // account locked
    {3159, StatusCode::kUnauthenticated, true},    // TLS is required
    {3169, StatusCode::kUnavailable},              // session was killed
    {3572, StatusCode::kAborted},                  // NOWAIT found a lock
    {3707, StatusCode::kFailedPrecondition},       // RESTART without a supervisor
    {3862, StatusCode::kFailedPrecondition},       // clone: the donor's error
    {3863, StatusCode::kFailedPrecondition},       // clone: protocol
    {3864, StatusCode::kFailedPrecondition},       // clone: versions differ
    {3868, StatusCode::kFailedPrecondition},       // clone: configurations differ
    {3870, StatusCode::kFailedPrecondition},       // clone: plugins differ
    {3872, StatusCode::kFailedPrecondition},       // clone: character sets differ
    {3955, StatusCode::kPermissionDenied, true},   // account locked by failed logins
    {4031, StatusCode::kUnavailable},              // disconnected for inactivity
};

// Find halves the table.
static_assert(std::is_sorted(std::begin(kTranslations), std::end(kTranslations),
                             [](const Translation& a, const Translation& b) {
                               return a.code < b.code;
                             }));

const Translation* Find(int code) {
  const auto at = std::lower_bound(std::begin(kTranslations), std::end(kTranslations), code,
                                   [](const Translation& a, int b) { return a.code < b; });
  return at != std::end(kTranslations) && at->code == code ? &*at : nullptr;
}

struct Payload {
  int code = 0;
  std::string sqlstate;
  bool timeout = false;
};

std::optional<Payload> Read(const absl::Status& status) {
  const auto cord = status.GetPayload(kPayloadType);
  if (!cord.has_value()) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*cord), ':');
  Payload payload;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &payload.code)) return std::nullopt;
  payload.sqlstate = parts[1];
  payload.timeout = parts[2] == "T";
  return payload;
}

void Attach(absl::Status& status, const Payload& payload) {
  status.SetPayload(kPayloadType, absl::Cord(absl::StrCat(payload.code, ":", payload.sqlstate, ":",
                                                          payload.timeout ? "T" : "")));
}

// The client library ends its "cannot connect" texts with the system's error number: "... (111)".
std::optional<int> SystemError(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, ")")) return std::nullopt;
  const size_t open = text.rfind('(');
  int number = 0;
  if (open == absl::string_view::npos || !absl::SimpleAtoi(text.substr(open + 1), &number)) {
    return std::nullopt;
  }
  return number;
}

bool IsConnectError(int code) { return code == kErrConnectFailed || code == kErrConnectFailedOld; }

}  // namespace

absl::Status FromMysql(int code, absl::string_view sqlstate, absl::string_view what) {
  const Translation* translation = Find(code);
  const StatusCode canonical = translation != nullptr ? translation->status : StatusCode::kInternal;
  absl::Status status(canonical, absl::StrCat(what, " [MySQL error ", code, "]"));
  constexpr int kConnectTimedOut = 110;  // ETIMEDOUT of Linux
  Attach(status, {.code = code,
                  .sqlstate = std::string(sqlstate),
                  .timeout = IsConnectError(code) && SystemError(what) == kConnectTimedOut});
  return status;
}

int MysqlErrorCode(const absl::Status& status) {
  const std::optional<Payload> payload = Read(status);
  return payload.has_value() ? payload->code : 0;
}

std::string MysqlSqlState(const absl::Status& status) {
  const std::optional<Payload> payload = Read(status);
  return payload.has_value() ? payload->sqlstate : "";
}

Contact ClassifyContact(const absl::Status& status) {
  const std::optional<Payload> payload = Read(status);
  // An error of our own making (a required TLS that was not offered, say) came after an answer.
  if (!payload.has_value()) {
    return status.code() == StatusCode::kUnavailable ? Contact::kUnreachable : Contact::kAnswered;
  }
  const Translation* translation = Find(payload->code);
  if (translation == nullptr) {
    const bool of_client = payload->code >= 2000 && payload->code < 3000;
    return of_client ? Contact::kUnreachable : Contact::kAnswered;
  }
  if (translation->rejects) return Contact::kRejected;
  return translation->status == StatusCode::kUnavailable ? Contact::kUnreachable
                                                         : Contact::kAnswered;
}

bool IsRefused(const absl::Status& status) {
  if (!IsConnectError(MysqlErrorCode(status))) return false;
  absl::string_view text = status.message();
  const size_t suffix = text.rfind(" [MySQL error ");
  const std::optional<int> error = SystemError(text.substr(0, suffix));
  constexpr int kNoSuchFile = 2;           // ENOENT: the Unix socket is absent
  constexpr int kConnectionRefused = 111;  // ECONNREFUSED
  return error == kNoSuchFile || error == kConnectionRefused;
}

bool IsTimeout(const absl::Status& status) {
  const std::optional<Payload> payload = Read(status);
  return payload.has_value() && payload->timeout;
}

void MarkTimeout(absl::Status& status) {
  Payload payload = Read(status).value_or(Payload{});
  payload.timeout = true;
  Attach(status, payload);
}

}  // namespace weft::mysql
