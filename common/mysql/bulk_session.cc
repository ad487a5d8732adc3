#include "common/mysql/bulk_session.h"

#include <fcntl.h>
#include <mariadb/mysql.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "common/mysql/session_sql.h"

namespace weft::mysql {
namespace {

// From "Records: 7  Deleted: 0  Skipped: 1  Warnings: 0". False: it is not there.
bool ReadFigure(absl::string_view info, absl::string_view name, uint64_t* figure) {
  const size_t at = info.find(name);
  if (at == absl::string_view::npos) return false;
  info.remove_prefix(at + name.size());
  return absl::SimpleAtoi(info.substr(0, info.find(' ')), figure);
}

unsigned WholeSeconds(absl::Duration duration) {
  const absl::Duration bounded = std::clamp(duration, absl::Seconds(1), absl::Hours(24));
  return static_cast<unsigned>(absl::ToInt64Seconds(absl::Ceil(bounded, absl::Seconds(1))));
}

// One LOAD DATA LOCAL at work, as the library's callbacks see it.
struct Loading {
  const BulkSession::Produce* produce;
  absl::Status status;
};

int BeginLoading(void** state, const char* /*file*/, void* loading) {
  *state = loading;
  return 0;
}

int ReadMore(void* state, char* buffer, unsigned size) {
  auto* const loading = static_cast<Loading*>(state);
  absl::StatusOr<size_t> produced = (*loading->produce)(buffer, size);
  if (produced.ok()) return static_cast<int>(*produced);
  loading->status = std::move(produced).status();
  return -1;
}

void EndLoading(void* /*state*/) {}

int ExplainLoading(void* /*state*/, char* message, unsigned size) {
  std::snprintf(message, size, "the rows ended early");
  return 2000;  // CR_UNKNOWN_ERROR
}

bool IsPlain(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_YEAR:
      return true;
    default:
      return false;
  }
}

}  // namespace

class BulkSession::Impl {
 public:
  explicit Impl(const ConnectOptions& options) : options_(options), mysql_(mysql_init(nullptr)) {}
  ~Impl() {
    EndResult();
    mysql_close(mysql_);
    if (socket_ >= 0) close(socket_);
  }

  absl::Status Connect() {
    Set(MYSQL_OPT_CONNECT_TIMEOUT, WholeSeconds(options_.connect_timeout));
    Set(MYSQL_OPT_READ_TIMEOUT, WholeSeconds(options_.read_timeout));
    Set(MYSQL_OPT_WRITE_TIMEOUT, WholeSeconds(options_.write_timeout));
    Set(MYSQL_OPT_LOCAL_INFILE, 1U);
    mysql_options(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    const my_bool enforce = options_.tls == TlsMode::kDisabled ? 0 : 1;
    const my_bool verify = options_.tls == TlsMode::kVerifyIdentity ? 1 : 0;
    mysql_options(mysql_, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(mysql_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    const auto text = [](const std::string& value) {
      return value.empty() ? nullptr : value.c_str();
    };
    mysql_ssl_set(mysql_, text(options_.key_file), text(options_.certificate_file),
                  text(options_.ca_file), nullptr, nullptr);
    const bool by_socket = !options_.unix_socket.empty();
    if (mysql_real_connect(mysql_, by_socket ? "localhost" : options_.host.c_str(),
                           options_.user.c_str(), options_.password.c_str(),
                           text(options_.database), static_cast<unsigned>(options_.port),
                           text(options_.unix_socket), 0) == nullptr) {
      return Annotate(Fail(), options_.Address());
    }
    socket_ = fcntl(mysql_get_socket(mysql_), F_DUPFD_CLOEXEC, 0);
    return SetUp();
  }

  absl::Status Execute(absl::string_view sql) {
    EndResult();
    if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return Fail();
    return absl::OkStatus();
  }

  absl::Status Select(absl::string_view sql) {
    WEFT_RETURN_IF_ERROR(Execute(sql));
    result_ = mysql_use_result(mysql_);
    if (result_ == nullptr) return Fail();
    const MYSQL_FIELD* const fields = mysql_fetch_fields(result_);
    const unsigned count = mysql_num_fields(result_);
    plain_.assign(count, false);
    for (unsigned i = 0; i < count; ++i) plain_[i] = IsPlain(fields[i].type);
    return absl::OkStatus();
  }

  absl::StatusOr<RawRow> NextRow() {
    const MYSQL_ROW row = mysql_fetch_row(result_);
    if (row != nullptr) {
      return RawRow{row, mysql_fetch_lengths(result_), static_cast<unsigned>(plain_.size())};
    }
    if (mysql_errno(mysql_) != 0) return Fail();
    EndResult();
    return RawRow{};
  }

  const std::vector<bool>& plain() const { return plain_; }

  absl::StatusOr<LoadFigures> Load(absl::string_view sql, const Produce& produce) {
    Loading loading = {&produce, absl::OkStatus()};
    mysql_set_local_infile_handler(mysql_, BeginLoading, ReadMore, EndLoading, ExplainLoading,
                                   &loading);
    const absl::Status status = Execute(sql);
    mysql_set_local_infile_default(mysql_);
    if (!loading.status.ok()) return loading.status;
    WEFT_RETURN_IF_ERROR(status);
    LoadFigures figures;
    const char* const info = mysql_info(mysql_);
    if (info == nullptr || !ReadFigure(info, "Records: ", &figures.records) ||
        !ReadFigure(info, "Skipped: ", &figures.skipped)) {
      return absl::InternalError("the server does not say what it loaded");
    }
    figures.warnings = mysql_warning_count(mysql_);
    return figures;
  }

  // A server that waits for room to send rows learns nothing from the end of a stream whose reader
  // then takes in what had come: it would hold its tables until net_write_timeout. So the last
  // close is to be a reset.
  void Abort() {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  void Set(mysql_option option, unsigned value) { mysql_options(mysql_, option, &value); }

  // A peer whose machine is gone says nothing: it is noticed within two minutes, also while a long
  // statement runs.
  void NoticeSilence() {
    const my_socket socket = mysql_get_socket(mysql_);
    if (socket == MARIADB_INVALID_SOCKET || !options_.unix_socket.empty()) return;
    const int on = 1;
    const int idle_seconds = 30;
    const int between_seconds = 15;
    const int probes = 6;
    const unsigned unanswered_ms = 120000;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between_seconds, sizeof(between_seconds));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof(unanswered_ms));
  }

  absl::Status SetUp() {
    NoticeSilence();
    WEFT_ASSIGN_OR_RETURN(const std::string set_up,
                          BindParams(statements::kSetUpSession,
                                     {static_cast<int>(WholeSeconds(options_.lock_wait_timeout))}));
    WEFT_RETURN_IF_ERROR(Execute(set_up));
    const bool plain_text = mysql_get_ssl_cipher(mysql_) == nullptr;
    if (plain_text && options_.tls != TlsMode::kDisabled && options_.tls != TlsMode::kPreferred) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "TLS_NOT_OFFERED",
                     "the server offers no TLS", "an encrypted connection", "plain text",
                     "set ssl_ca, ssl_cert and ssl_key on the server, or allow plain text to it");
    }
    return Execute(statements::kResultsAsTheyAre);
  }

  void EndResult() {
    if (result_ == nullptr) return;
    mysql_free_result(result_);  // reads what is left of it
    result_ = nullptr;
  }

  absl::Status Fail() {
    const int code = static_cast<int>(mysql_errno(mysql_));
    return FromMysql(code == kErrTls ? kErrServerLost : code, mysql_sqlstate(mysql_),
                     mysql_error(mysql_));
  }

  const ConnectOptions options_;
  MYSQL* const mysql_;
  // The library's own may be closed, and its number given to another, by the thread that uses it.
  int socket_ = -1;
  MYSQL_RES* result_ = nullptr;
  std::vector<bool> plain_;
};

BulkSession::BulkSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkSession::~BulkSession() = default;

absl::StatusOr<std::unique_ptr<BulkSession>> BulkSession::Open(const ConnectOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  WEFT_RETURN_IF_ERROR(impl->Connect());
  return std::unique_ptr<BulkSession>(new BulkSession(std::move(impl)));
}

absl::Status BulkSession::Execute(absl::string_view sql) { return impl_->Execute(sql); }
absl::Status BulkSession::Select(absl::string_view sql) { return impl_->Select(sql); }
absl::StatusOr<RawRow> BulkSession::NextRow() { return impl_->NextRow(); }
const std::vector<bool>& BulkSession::plain_columns() const { return impl_->plain(); }
absl::StatusOr<LoadFigures> BulkSession::Load(absl::string_view sql, const Produce& produce) {
  return impl_->Load(sql, produce);
}
void BulkSession::Abort() { impl_->Abort(); }

}  // namespace weft::mysql
