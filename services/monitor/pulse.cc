#include "services/monitor/pulse.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "services/monitor/pulse_sql.h"

namespace weft::monitor {
namespace {

// The longest that a write is waited for in one go.
constexpr absl::Duration kPatience = absl::Minutes(1);
// What may lie between asking the server for its clock and its write.
constexpr absl::Duration kFresh = absl::Seconds(1);

// It is not let in, or may not write: that says nothing of whether the server can commit (S30).
bool IsKeptOut(const absl::Status& status) {
  return absl::IsPermissionDenied(status) ||
         mysql::ClassifyContact(status) == mysql::Contact::kRejected;
}

bool LacksTable(const absl::Status& status) {
  const int code = mysql::MysqlErrorCode(status);
  return code == mysql::kErrUnknownTable || code == mysql::kErrUnknownDatabase;
}

}  // namespace

PulseWriter::PulseWriter(Prober::Options prober, HostPort address, Clock* clock)
    : options_(std::move(prober)), address_(std::move(address)), clock_(clock) {}

absl::Status PulseWriter::Open() {
  mysql::ConnectOptions connect;
  connect.host = address_.host;
  connect.port = address_.port;
  connect.user = options_.user;
  if (options_.password) {
    WEFT_ASSIGN_OR_RETURN(connect.password, options_.password());
  }
  connect.tls = options_.tls;
  connect.ca_file = options_.ca_file;
  connect.connect_timeout = absl::Seconds(1);
  connect.read_timeout = kPatience;
  connect.write_timeout = absl::Seconds(1);
  connect.statement_timeout = absl::Seconds(1);
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<mysql::Session> session, mysql::Session::Open(connect));
  if (given_up_ != 0) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet left,
                          session->Query(sql::kIsSessionLeft, {given_up_}));
    if (!left.empty() && left.front().IntOr("count", 0) > 0) {
      return absl::UnavailableError("an earlier write still waits");
    }
    given_up_ = 0;
  }
  MutexLock lock(&mutex_);
  session_ = std::move(session);
  return absl::OkStatus();
}

absl::StatusOr<bool> PulseWriter::Beat(uint64_t epoch) {
  std::shared_ptr<mysql::Session> session;
  {
    MutexLock lock(&mutex_);
    session = session_;
  }
  session->set_statement_timeout(absl::Seconds(1));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet clock,
                        session->Query(sql::kClock, {absl::ToInt64Microseconds(kFresh)}));
  if (clock.front().BoolOr("closed", true)) return false;
  Thaw();
  const std::string deadline = clock.front().StringOr("deadline", "");
  const uint64_t beat = options_.beats->Next();
  session->set_statement_timeout(kPatience);
  absl::Duration sent;
  const auto write = [&] {
    sent = clock_->MonotonicNow();
    const mysql::Params params = {options_.observer, epoch, beat, deadline, epoch, beat};
    return session->Execute(sql::kBeat, params).status();
  };
  absl::Status written = write();
  if (LacksTable(written)) {
    for (const absl::string_view statement : sql::kMakeHeartbeat) {
      WEFT_RETURN_IF_ERROR(session->Execute(statement));
    }
    written = write();
  }
  WEFT_RETURN_IF_ERROR(written);
  options_.beats->Committed(address_, beat, sent);
  return true;
}

absl::StatusOr<bool> PulseWriter::Attempt(uint64_t epoch) {
  bool open = false;
  {
    MutexLock lock(&mutex_);
    open = session_ != nullptr && !session_->broken();
  }
  if (!open) WEFT_RETURN_IF_ERROR(Open());
  const absl::StatusOr<bool> written = Beat(epoch);
  MutexLock lock(&mutex_);
  if (session_->broken()) {
    if (mysql::IsTimeout(written.status())) given_up_ = session_->connection_id();
    session_.reset();
  }
  return written;
}

void PulseWriter::Freeze() {
  MutexLock lock(&mutex_);
  if (failing_since_.has_value() && !frozen_.has_value()) {
    frozen_ = clock_->MonotonicNow() - *failing_since_;
  }
}

void PulseWriter::Thaw() {
  MutexLock lock(&mutex_);
  if (frozen_.has_value()) failing_since_ = clock_->MonotonicNow() - *frozen_;
  frozen_.reset();
}

void PulseWriter::Note(const absl::Status& status) {
  MutexLock lock(&mutex_);
  may_write_ = !IsKeptOut(status);
  if (!status.ok() && may_write_) {
    error_ = std::string(status.message());
    return;
  }
  failing_since_.reset();
  frozen_.reset();
  error_.clear();
}

void PulseWriter::Write(uint64_t epoch) {
  bool first = false;
  {
    MutexLock lock(&mutex_);
    first = !failing_since_.has_value();
    if (first) failing_since_ = clock_->MonotonicNow();
  }
  const absl::StatusOr<bool> written = Attempt(epoch);
  if (written.ok() && !*written && !first) {
    Freeze();
  } else {
    Note(written.status());
  }
  if (!written.ok() && first) {
    WEFT_LOG(kWarning, "a heartbeat was not written",
             {{"server", address_.ToString()}, {"error", written.status().message()}});
  }
}

void PulseWriter::Abort() {
  MutexLock lock(&mutex_);
  if (session_ != nullptr) session_->Abort();
}

Pulse PulseWriter::Now() const {
  MutexLock lock(&mutex_);
  Pulse pulse;
  pulse.probed = may_write_;
  if (failing_since_.has_value()) pulse.failing = clock_->MonotonicNow() - *failing_since_;
  if (frozen_.has_value()) pulse.failing = frozen_;
  pulse.error = error_;
  return pulse;
}

}  // namespace weft::monitor
