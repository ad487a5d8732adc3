#pragma once
// One connection to a MySQL or MariaDB server. The only user of the vendor's connector, and the
// only place where its exceptions are caught: everything else sees absl::Status (see errors.h).
//
// A session never reconnects by itself (safety rule 10): after a transport error or a
// deadline it is broken for good, since nobody can tell whether the statement still takes effect.
// Open another one.
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "common/mysql/result_set.h"
#include "common/mysql/server_version.h"

namespace weft::mysql {

enum class TlsMode {
  kDisabled,        // plain text
  kPreferred,       // TLS where the server offers it, else plain text
  kRequired,        // TLS or FailedPrecondition; the server's certificate is not checked
  kVerifyCa,        // TLS with a certificate that ca_file vouches for
  kVerifyIdentity,  // and that names the host; refuses before the login, the others after it
};

struct ConnectOptions {
  // A name, an IPv4 address, or an IPv6 address without brackets.
  std::string host = "127.0.0.1";
  int port = 3306;
  // When set, a Unix socket is used and host and port are only for messages.
  std::string unix_socket;

  std::string user;
  std::string password;  // secret: never in a message of this class
  std::string database;  // "" selects none

  // Each is bounded below by one second, the client library's resolution, for the network's part; a
  // statement's own deadline (statement_timeout) is exact to some milliseconds.
  absl::Duration connect_timeout = absl::Seconds(2);
  absl::Duration read_timeout = absl::Seconds(30);
  absl::Duration write_timeout = absl::Seconds(30);
  // See Session::set_statement_timeout. Infinite: only read_timeout and write_timeout hold.
  absl::Duration statement_timeout = absl::InfiniteDuration();

  TlsMode tls = TlsMode::kPreferred;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;

  // Session variable lock_wait_timeout: how long a statement may wait for metadata locks. Short, so
  // that nothing sent to a server takes effect long after its sender gave up. Rounded up to whole
  // seconds.
  absl::Duration lock_wait_timeout = absl::Seconds(5);

  // Execute takes several statements with semicolons between them: the server goes on to the end of
  // them whatever becomes of the client, unless one fails. Of the results in between each must have
  // rows.
  bool several_statements = false;

  // The caller's own name for the session, to be found again in options(). Not sent.
  std::string label;

  // host:port, with brackets around an IPv6 address; or the socket's path.
  std::string Address() const;
};

// Call first in main, before any thread starts. Without it the client library parses the machine's
// whole bundle of certificate authorities for every TLS session that names no ca_file, and then
// trusts whatever certificate it gets all the same: 25 ms of CPU a session instead of 2. No effect
// on sessions with a ca_file. Sets SSL_CERT_FILE and SSL_CERT_DIR, for whoever else reads them
// here.
void SkipSystemAuthorities();

// Not thread safe, but for Abort() and broken(). Every call blocks, at most for the timeouts of the
// options.
class Session {
 public:
  // Connects, logs in, checks TLS as `options.tls` demands, and sets the session up: utf8mb4, UTC,
  // autocommit, REPEATABLE READ, a strict sql_mode in which quote.h is right, LOAD DATA LOCAL
  // refused. The errors are those of FromMysql, with the address in front; FailedPrecondition
  // TLS_NOT_OFFERED when TLS was required.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const ConnectOptions& options);

  // Closes the connection. Does not wait for the server. An open transaction is rolled back by the
  // server.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs a statement and drops its rows, if any. Returns after the last result of a multi-result
  // statement.
  absl::Status Execute(absl::string_view sql);
  // With `?` replaced (see BindParams). Returns the number of rows changed. (MySQL counts rows that
  // an UPDATE really changed, so a compare-and-set must write a new value for 1 to mean "matched".)
  absl::StatusOr<uint64_t> Execute(absl::string_view sql, const Params& params);

  // Runs a statement and returns its first result; empty, without columns, when it has none.
  absl::StatusOr<ResultSet> Query(absl::string_view sql);
  absl::StatusOr<ResultSet> Query(absl::string_view sql, const Params& params);

  // A transaction. After Begin, every path must end in Commit or Rollback, or the session be
  // dropped. A failed Commit whose session is broken has an unknown outcome: read back over another
  // session.
  absl::Status Begin();
  absl::Status Commit();
  absl::Status Rollback();

  absl::Status Ping();

  // Bounds each following statement from its sending to its last row; on expiry the connection is
  // cut, the call returns UNAVAILABLE with IsTimeout(), and the session is broken. Infinite
  // switches it off.
  void set_statement_timeout(absl::Duration timeout);

  // Cuts the connection under a running statement, which then returns UNAVAILABLE at once. Any
  // thread, while the session exists; may be repeated. The server notices when it next reads or
  // writes.
  void Abort();

  // True for ever after a transport error, a deadline or Abort. Any thread.
  bool broken() const;

  // As of the connection: constant.
  uint64_t connection_id() const;
  const ServerVersion& version() const;
  // "" in plain text.
  const std::string& tls_cipher() const;
  const ConnectOptions& options() const;

  // The connection's socket for poll(2), so that one thread can watch many idle sessions for
  // POLLRDHUP: the death of the peer. Never read, write or close it. -1 when the client library
  // does not tell.
  int socket() const;

 private:
  class Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::mysql
