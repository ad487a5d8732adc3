#include "common/mysql/session.h"

#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/duration_text.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/connect_check.h"
#include "common/mysql/session_sql.h"
#include "common/mysql/socket_guard.h"

namespace weft::mysql {
namespace {

// How long closing may wait for a server that does not listen.
constexpr absl::Duration kCloseTimeout = absl::Milliseconds(200);
// How long to look for the reason of a failed connection.
constexpr absl::Duration kCheckTimeout = absl::Milliseconds(200);

sql::Driver* GetDriver() {
  static sql::Driver* const driver = [] {
    // The library writes to TLS connections without MSG_NOSIGNAL: a dead peer must be an error
    // here, not the end of the process. A handler of the program's own is left alone.
    struct sigaction current;
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      std::signal(SIGPIPE, SIG_IGN);
    }
    return sql::mysql::get_driver_instance();
  }();
  // The library keeps state per thread.
  struct ThreadState {
    ThreadState() { driver->threadInit(); }
    ~ThreadState() { driver->threadEnd(); }
  };
  thread_local ThreadState state;
  return driver;
}

int WholeSeconds(absl::Duration duration) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 24);  // in milliseconds, an int
  const absl::Duration bounded = std::clamp(duration, absl::Seconds(1), kLongest);
  return static_cast<int>(absl::ToInt64Seconds(absl::Ceil(bounded, absl::Seconds(1))));
}

// The server repeats the text of a statement with a syntax error, secrets included.
std::string SafeMessage(const sql::SQLException& error, absl::string_view statement) {
  constexpr int kSyntaxError = 1064;
  const std::string lower = absl::AsciiStrToLower(statement);
  if (error.getErrorCode() == kSyntaxError &&
      (absl::StrContains(lower, "password") || absl::StrContains(lower, "identified"))) {
    return "syntax error in a statement that holds a password";
  }
  return error.what();
}

// A server that is full or blocks our host says so before any TLS. The library, when it wants TLS,
// then reports "cannot connect" and hides the number in a text that ends "...: 1040 - Too many
// connections": a living server would look dead.
std::optional<int> CodeBeforeTls(absl::string_view what) {
  constexpr absl::string_view kMark = "before completion of TLS handshake";
  constexpr absl::string_view kBeforeNumber = "verified: ";
  const size_t mark = what.find(kMark);
  const size_t start = what.find(kBeforeNumber, mark);
  if (mark == absl::string_view::npos || start == absl::string_view::npos) return std::nullopt;
  const absl::string_view rest = what.substr(start + kBeforeNumber.size());
  int code = 0;
  if (!absl::SimpleAtoi(rest.substr(0, rest.find(" - ")), &code)) return std::nullopt;
  return code;
}

// A peer that dies in the TLS handshake is no TLS failure, though the library says so.
bool DiedInHandshake(const sql::SQLException& error) {
  if (error.getErrorCode() != kErrTls) return false;
  const std::string what = error.what();
  constexpr absl::string_view kEnds[] = {"Connection reset by peer", "unexpected eof",
                                         "Broken pipe"};
  return std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](absl::string_view end) { return absl::StrContains(what, end); });
}

// Errors after which the connection is of no use: those of the client library itself, and the
// server's last words.
bool EndsSession(int code) {
  constexpr int kServerShutdown = 1053;
  constexpr int kConnectionKilled = 1927;
  constexpr int kSessionKilled = 3169;
  constexpr int kInactive = 4031;
  return (code >= 2000 && code < 3000) || code == kServerShutdown || code == kConnectionKilled ||
         code == kSessionKilled || code == kInactive;
}

ResultSet Materialize(sql::ResultSet& result) {
  sql::ResultSetMetaData* const meta = result.getMetaData();  // owned by the result
  const unsigned count = meta->getColumnCount();
  std::vector<std::string> columns;
  for (unsigned i = 1; i <= count; ++i) columns.push_back(meta->getColumnLabel(i).asStdString());
  std::vector<ResultSet::RowData> rows;
  while (result.next()) {
    ResultSet::RowData& row = rows.emplace_back(count);
    for (unsigned i = 1; i <= count; ++i) {
      if (!result.isNull(i)) row[i - 1] = result.getString(i).asStdString();
    }
  }
  return ResultSet(std::move(columns), std::move(rows));
}

absl::StatusOr<std::string> ConnectUri(const ConnectOptions& options) {
  if (!options.unix_socket.empty()) return absl::StrCat("unix://", options.unix_socket);
  const bool odd =
      options.host.empty() || options.host.find_first_of("[]/\\@?# \t\n'\"`") != std::string::npos;
  if (odd || options.port < 1 || options.port > 65535) {
    return Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_ADDRESS",
                   "malformed server address", "a host name or IP address and a port 1 to 65535",
                   absl::StrCat("\"", options.host, "\" port ", options.port), "correct it");
  }
  return absl::StrCat("tcp://[", options.host, "]:", options.port);
}

sql::ConnectOptionsMap Properties(const ConnectOptions& options, const std::string& uri) {
  sql::ConnectOptionsMap properties;
  properties["hostName"] = sql::SQLString(uri);
  properties["userName"] = sql::SQLString(options.user);
  properties["password"] = sql::SQLString(options.password);
  if (!options.database.empty()) properties["schema"] = sql::SQLString(options.database);
  // All three are needed: reading alone bounds neither the handshake nor a large write.
  properties["OPT_CONNECT_TIMEOUT"] = WholeSeconds(options.connect_timeout);
  properties["OPT_READ_TIMEOUT"] = WholeSeconds(options.read_timeout);
  properties["OPT_WRITE_TIMEOUT"] = WholeSeconds(options.write_timeout);
  properties["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  properties["OPT_RECONNECT"] = false;
  if (options.several_statements) properties["CLIENT_MULTI_STATEMENTS"] = true;
  // A server may ask its client for any file when this is on.
  properties["OPT_LOCAL_INFILE"] = 0;
  if (options.tls != TlsMode::kDisabled) properties["sslEnforce"] = true;
  if (options.tls == TlsMode::kVerifyIdentity) properties["sslVerify"] = true;
  if (!options.ca_file.empty()) properties["sslCA"] = sql::SQLString(options.ca_file);
  if (!options.certificate_file.empty()) {
    properties["sslCert"] = sql::SQLString(options.certificate_file);
  }
  if (!options.key_file.empty()) properties["sslKey"] = sql::SQLString(options.key_file);
  return properties;
}

}  // namespace

void SkipSystemAuthorities() {
  // Once, before there are threads. NOLINTBEGIN(concurrency-mt-unsafe)
  setenv("SSL_CERT_FILE", "/dev/null", /*overwrite=*/1);
  setenv("SSL_CERT_DIR", "/dev/null", /*overwrite=*/1);
  // NOLINTEND(concurrency-mt-unsafe)
}

std::string ConnectOptions::Address() const {
  if (!unix_socket.empty()) return unix_socket;
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

class Session::Impl {
 public:
  explicit Impl(const ConnectOptions& options)
      : options_(options),
        statement_timeout_(options.statement_timeout),
        guard_(std::make_shared<SocketGuard>()) {}
  ~Impl();

  absl::Status Connect();

  // Runs `sql` and gives its first result and the number of rows it changed.
  struct Outcome {
    ResultSet rows;
    uint64_t changed = 0;
  };
  absl::StatusOr<Outcome> Run(absl::string_view sql);

  void Abort() {
    broken_ = true;
    guard_->Cut();
  }

  bool broken() const { return broken_; }
  int socket() const { return guard_->descriptor(); }

  // Constant after Connect.
  ConnectOptions options_;
  uint64_t connection_id_ = 0;
  ServerVersion version_;
  std::string tls_cipher_;

  absl::Duration statement_timeout_;

 private:
  absl::Status Dial();
  absl::Status SetUp();
  absl::Status CheckTls();
  // The status of a failed statement, and of a failed attempt to connect.
  absl::Status Fail(const sql::SQLException& error, absl::string_view statement);
  absl::Status FailToDial(const sql::SQLException& error);

  const std::shared_ptr<SocketGuard> guard_;
  std::unique_ptr<sql::Connection> connection_;
  std::atomic<bool> broken_ = false;
};

Session::Impl::~Impl() {
  if (connection_ == nullptr) return;
  // The farewell of a broken session would only wait for a peer that is not there.
  if (broken_) guard_->Cut();
  GetDriver();
  Alarm alarm(guard_, kCloseTimeout);
  try {
    connection_.reset();
  } catch (const std::exception&) {
    // Closing reports nothing that anybody could act on.
    static_cast<void>(connection_.release());
  }
}

absl::Status Session::Impl::Fail(const sql::SQLException& error, absl::string_view statement) {
  if (EndsSession(error.getErrorCode())) broken_ = true;
  // When the peer dies under an encrypted session, the library speaks of a TLS error.
  const int code = error.getErrorCode() == kErrTls ? kErrServerLost : error.getErrorCode();
  return FromMysql(code, error.getSQLState(), SafeMessage(error, statement));
}

absl::Status Session::Impl::FailToDial(const sql::SQLException& error) {
  broken_ = true;
  const std::string what = error.what();
  const bool by_tcp = options_.unix_socket.empty();
  if (by_tcp && error.getErrorCode() == kErrConnectFailed && absl::EndsWith(what, "(115)")) {
    const int reason = ConnectError(options_.host, options_.port, kCheckTimeout);
    const std::string text =
        absl::StrCat("Can't connect to server: ",
                     reason == 0 ? "it refused once" : std::generic_category().message(reason));
    return FromMysql(kErrConnectFailed, error.getSQLState(), absl::StrCat(text, " (", reason, ")"));
  }
  const int code = DiedInHandshake(error) ? kErrServerLost : error.getErrorCode();
  return FromMysql(CodeBeforeTls(what).value_or(code), error.getSQLState(), what);
}

absl::Status Session::Impl::Connect() {
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  SocketCapture capture(guard_, options_.connect_timeout);
  absl::Status status = Dial();
  if (status.ok()) status = SetUp();
  const bool expired = capture.Finish();
  if (expired) broken_ = true;
  // A hung server is no TLS failure, though the library says so when it is cut in that handshake.
  if (expired && (status.ok() || MysqlErrorCode(status) == kErrTls)) {
    status = FromMysql(kErrServerLost, "HY000", "Lost connection to server while logging in");
  }
  if (status.ok()) return status;
  const absl::Duration waited = RealClock::Get()->MonotonicNow() - start;
  const bool slow = waited >= options_.connect_timeout - absl::Milliseconds(50);
  if (expired || (slow && ClassifyContact(status) == Contact::kUnreachable)) MarkTimeout(status);
  return Annotate(status, options_.Address());
}

absl::Status Session::Impl::Dial() {
  WEFT_ASSIGN_OR_RETURN(const std::string uri, ConnectUri(options_));
  sql::ConnectOptionsMap properties = Properties(options_, uri);
  try {
    connection_.reset(GetDriver()->connect(properties));
    return absl::OkStatus();
  } catch (const sql::SQLException& error) {
    return FailToDial(error);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("connecting: ", error.what()));
  }
}

absl::Status Session::Impl::SetUp() {
  WEFT_RETURN_IF_ERROR(CheckTls());
  WEFT_ASSIGN_OR_RETURN(
      const std::string set_up,
      BindParams(statements::kSetUpSession, {WholeSeconds(options_.lock_wait_timeout)}));
  WEFT_RETURN_IF_ERROR(Run(set_up).status());
  WEFT_ASSIGN_OR_RETURN(const Outcome outcome, Run(statements::kDescribeSession));
  if (outcome.rows.empty()) return absl::InternalError("the server does not describe its session");
  WEFT_ASSIGN_OR_RETURN(connection_id_, outcome.rows.front().Uint("id"));
  WEFT_ASSIGN_OR_RETURN(const std::string version, outcome.rows.front().String("version"));
  WEFT_ASSIGN_OR_RETURN(version_, ParseServerVersion(version));
  return absl::OkStatus();
}

// The library goes on in plain text, silently, when the server offers no TLS.
absl::Status Session::Impl::CheckTls() {
  if (options_.tls == TlsMode::kDisabled) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const Outcome outcome, Run(statements::kShowTlsCipher));
  if (!outcome.rows.empty()) tls_cipher_ = outcome.rows.front().StringOr("Value", "");
  if (!tls_cipher_.empty() || options_.tls == TlsMode::kPreferred) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "TLS_NOT_OFFERED",
                 "the server offers no TLS", "an encrypted connection", "plain text",
                 "set ssl_ca, ssl_cert and ssl_key on the server, or allow plain text to it");
}

absl::StatusOr<Session::Impl::Outcome> Session::Impl::Run(absl::string_view sql) {
  if (broken_ || connection_ == nullptr) {
    return FromMysql(kErrServerGone, "HY000", "this session is broken");
  }
  GetDriver();
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  Alarm alarm(guard_, statement_timeout_);
  absl::Status status;
  try {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    Outcome outcome;
    bool has_rows = statement->execute(sql::SQLString(sql.data(), sql.size()));
    if (has_rows) {
      const std::unique_ptr<sql::ResultSet> result(statement->getResultSet());
      outcome.rows = Materialize(*result);
    } else {
      outcome.changed = statement->getUpdateCount();
    }
    while (statement->getMoreResults()) {
      const std::unique_ptr<sql::ResultSet> rest(statement->getResultSet());
    }
    // Too late to fail what succeeded, but the connection is gone.
    if (alarm.Disarm()) broken_ = true;
    return outcome;
  } catch (const sql::SQLException& error) {
    status = Fail(error, sql);
  } catch (const std::exception& error) {
    status = absl::InternalError(absl::StrCat("running a statement: ", error.what()));
    broken_ = true;
  }
  const bool expired = alarm.Disarm();
  const absl::Duration waited = RealClock::Get()->MonotonicNow() - start;
  const absl::Duration patience = std::min(options_.read_timeout, options_.write_timeout);
  if (expired || (broken_ && waited >= patience - absl::Milliseconds(50))) {
    broken_ = true;
    MarkTimeout(status);
    return Annotate(status, absl::StrCat("no answer within ", DurationText(waited)));
  }
  return status;
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const ConnectOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  WEFT_RETURN_IF_ERROR(impl->Connect());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

absl::Status Session::Execute(absl::string_view sql) { return impl_->Run(sql).status(); }

absl::StatusOr<uint64_t> Session::Execute(absl::string_view sql, const Params& params) {
  WEFT_ASSIGN_OR_RETURN(const std::string bound, BindParams(sql, params));
  WEFT_ASSIGN_OR_RETURN(const Impl::Outcome outcome, impl_->Run(bound));
  return outcome.changed;
}

absl::StatusOr<ResultSet> Session::Query(absl::string_view sql) {
  WEFT_ASSIGN_OR_RETURN(Impl::Outcome outcome, impl_->Run(sql));
  return std::move(outcome.rows);
}

absl::StatusOr<ResultSet> Session::Query(absl::string_view sql, const Params& params) {
  WEFT_ASSIGN_OR_RETURN(const std::string bound, BindParams(sql, params));
  return Query(bound);
}

absl::Status Session::Begin() { return Execute(statements::kBegin); }
absl::Status Session::Commit() { return Execute(statements::kCommit); }
absl::Status Session::Rollback() { return Execute(statements::kRollback); }
absl::Status Session::Ping() { return Execute(statements::kPing); }

void Session::set_statement_timeout(absl::Duration timeout) { impl_->statement_timeout_ = timeout; }
void Session::Abort() { impl_->Abort(); }
bool Session::broken() const { return impl_->broken(); }
uint64_t Session::connection_id() const { return impl_->connection_id_; }
const ServerVersion& Session::version() const { return impl_->version_; }
const std::string& Session::tls_cipher() const { return impl_->tls_cipher_; }
const ConnectOptions& Session::options() const { return impl_->options_; }
int Session::socket() const { return impl_->socket(); }

}  // namespace weft::mysql
