#include "services/monitor/prober.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "common/mysql/replica_status.h"
#include "services/monitor/prober_sql.h"

namespace weft::monitor {
namespace {

Contact ContactOf(const absl::Status& status) {
  switch (mysql::ClassifyContact(status)) {
    case mysql::Contact::kAnswered:
      return Contact::kAnswered;
    case mysql::Contact::kRejected:
      return Contact::kRejected;
    case mysql::Contact::kUnreachable:
      return Contact::kUnreachable;
  }
  return Contact::kUnreachable;
}

bool HungUp(const absl::Status& status) {
  const int code = mysql::MysqlErrorCode(status);
  const bool lost = code == mysql::kErrServerGone || code == mysql::kErrServerLost;
  return lost && !mysql::IsTimeout(status);
}

absl::string_view Name(mysql::ReceiverState state) {
  switch (state) {
    case mysql::ReceiverState::kStopped:
      return "off";
    case mysql::ReceiverState::kConnecting:
      return "connecting";
    case mysql::ReceiverState::kRunning:
      return "on";
  }
  return "off";
}

Replication FromStatus(const mysql::ReplicaStatus& status) {
  Replication replication;
  replication.receiver = std::string(Name(status.receiver));
  replication.applier_running = status.applier_running;
  replication.error = status.applier_error.empty() ? status.receiver_error : status.applier_error;
  replication.lag = status.lag;
  return replication;
}

}  // namespace

Prober::Prober(Options options, HostPort address, Clock* clock)
    : options_(std::move(options)),
      address_(std::move(address)),
      clock_(clock),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Prober::~Prober() { close(wake_fd_); }

absl::Status Prober::Open() {
  if (options_.password) {
    const absl::StatusOr<std::string> password = options_.password();
    if (password.ok()) {
      password_ = *password;
    } else {
      WEFT_LOG(kWarning, "the password cannot be read", {{"error", password.status().message()}});
    }
  }
  mysql::ConnectOptions connect;
  connect.host = address_.host;
  connect.port = address_.port;
  connect.user = options_.user;
  connect.password = password_;
  connect.tls = options_.tls;
  connect.ca_file = options_.ca_file;
  connect.connect_timeout = absl::Seconds(1);
  connect.read_timeout = absl::Seconds(1);
  connect.write_timeout = absl::Seconds(1);
  connect.statement_timeout = options_.deadline;
  WEFT_ASSIGN_OR_RETURN(session_, mysql::Session::Open(connect));
  return absl::OkStatus();
}

absl::Status Prober::Ask(Sample& sample) {
  const mysql::Dialect dialect = mysql::DialectFor(session_->version());
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet standing,
      session_->Query(dialect.can.super_read_only ? sql::kStanding : sql::kStandingOld));
  sample.writable = !standing.front().BoolOr("fenced", true);
  sample.executed = standing.front().StringOr("executed", "");
  WEFT_ASSIGN_OR_RETURN(const auto channels, mysql::ReadReplicaStatus(*session_, dialect));
  if (channels.empty()) return absl::OkStatus();
  const mysql::ReplicaStatus& channel = channels.front();
  sample.replication = FromStatus(channel);
  if (options_.beats == nullptr) return absl::OkStatus();
  const HostPort source{channel.source_host, static_cast<uint16_t>(channel.source_port)};
  if (!options_.beats->Writes(source)) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const std::optional<absl::Duration> lag, LagBehind(source));
  if (!lag.has_value()) return absl::OkStatus();
  // Its own word counts from whole second to whole second, so it may say one too many; but it knows
  // of a transaction that takes long between two heartbeats.
  const absl::Duration said = channel.lag.value_or(absl::ZeroDuration()) - absl::Seconds(1);
  sample.replication.lag = std::max(*lag, said);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<absl::Duration>> Prober::LagBehind(const HostPort& source) {
  const auto shown = session_->Query(sql::kNewestBeat, {options_.observer});
  if (!shown.ok()) {
    const int code = mysql::MysqlErrorCode(shown.status());
    const bool none = code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable ||
                      absl::IsPermissionDenied(shown.status());
    if (none) return std::nullopt;
    return shown.status();
  }
  return options_.beats->LagBehind(source, shown->empty() ? 0 : shown->front().UintOr("beat", 0));
}

Sample Prober::Probe() {
  const absl::Duration begin = clock_->MonotonicNow();
  Sample sample;
  absl::Status status;
  const bool held = session_ != nullptr;
  if (held) status = Ask(sample);
  const bool died = held && !status.ok() && session_->broken() && !mysql::IsTimeout(status);
  if (died) session_.reset();
  if (session_ == nullptr) {
    sample = Sample();
    status = Open();
    if (status.ok()) status = Ask(sample);
  }

  sample.contact = ContactOf(status);
  sample.refused = mysql::IsRefused(status);
  sample.hung_up = HungUp(status);
  sample.latency = clock_->MonotonicNow() - begin;
  if (!status.ok()) {
    sample.error = std::string(status.message());
    session_.reset();
  }
  return sample;
}

void Prober::Rest(absl::Duration timeout) {
  pollfd watched[2] = {{wake_fd_, POLLIN, 0}, {-1, POLLRDHUP, 0}};
  if (session_ != nullptr) watched[1].fd = session_->socket();
  const int events = poll(watched, 2, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  if (events > 0 && (watched[0].revents & POLLIN) != 0) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = read(wake_fd_, &count, sizeof(count));
  }
}

void Prober::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

}  // namespace weft::monitor
