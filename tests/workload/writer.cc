#include "tests/workload/writer.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "tests/workload/writer_sql.h"

namespace weft::testing {

Writer::Writer(Options options, Clock* clock, MoveListener listener)
    : options_(std::move(options)),
      clock_(clock),
      listener_(std::move(listener)),
      next_id_(options_.first_id) {}

Writer::~Writer() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Writer::Start() {
  Resume();
  for (size_t i = 0; i < options_.servers.size(); ++i) {
    threads_.emplace_back([this, i] { Loop(static_cast<int>(i)); });
  }
}

void Writer::Pause() {
  MutexLock lock(&mutex_);
  paused_ = true;
  while (writing_) changed_.Wait(&mutex_);
}

void Writer::Resume() {
  MutexLock lock(&mutex_);
  paused_ = false;
  next_due_ = clock_->MonotonicNow();
  changed_.NotifyAll();
}

mysql::ConnectOptions Writer::ConnectTo(int index) const {
  mysql::ConnectOptions connect;
  connect.host = options_.servers[index].host;
  connect.port = options_.servers[index].port;
  connect.user = options_.user;
  connect.password = options_.password;
  connect.database = options_.database;
  connect.connect_timeout = absl::Seconds(1);
  connect.statement_timeout = options_.statement_timeout;
  return connect;
}

bool Writer::Connected(int index, std::unique_ptr<mysql::Session>& session) {
  if (session != nullptr && !session->broken()) return true;
  auto opened = mysql::Session::Open(ConnectTo(index));
  if (!opened.ok()) return false;
  session = std::move(*opened);
  return true;
}

bool Writer::IsWritable(mysql::Session& session) {
  const auto answer = session.Query(sql::kIsReadOnly);
  if (!answer.ok() || answer->empty() || answer->front().BoolOr("read_only", true)) return false;
  if (!ledger_exists_) ledger_exists_ = session.Execute(sql::kCreateLedger).ok();
  return ledger_exists_;
}

bool Writer::WriteOne(int index, mysql::Session& session) {
  const std::string server = options_.servers[index].ToString();
  uint64_t id = 0;
  {
    MutexLock lock(&mutex_);
    if (paused_ || current_ != index) return true;
    writing_ = true;
    id = next_id_++;
  }
  const absl::Status written = session.Execute(sql::kInsert, {id, server}).status();
  const absl::Duration now = clock_->MonotonicNow();

  MutexLock lock(&mutex_);
  writing_ = false;
  changed_.NotifyAll();
  // A failover under asynchronous replication may have lost the table itself.
  if (mysql::MysqlErrorCode(written) == mysql::kErrUnknownTable) ledger_exists_ = false;
  if (!written.ok()) return false;
  last_server_ = server;
  const Ledger::Move* move = ledger_.Acknowledged(id, server, now);
  if (move != nullptr && listener_) listener_(*move);
  return true;
}

Writer::Turn Writer::NextTurn(int index) {
  absl::Duration until_due;
  {
    MutexLock lock(&mutex_);
    if (!paused_ && current_ == -1) return Turn::kSearch;
    if (paused_ || current_ != index) {
      if (!stop_) changed_.WaitFor(&mutex_, absl::Milliseconds(20));
      return Turn::kStandBy;
    }
    if (options_.rate <= 0) return Turn::kWrite;
    const absl::Duration now = clock_->MonotonicNow();
    // A writer that stood still does not catch up in a burst.
    next_due_ = std::max(next_due_, now - absl::Milliseconds(10));
    until_due = next_due_ - now;
    next_due_ += absl::Seconds(1.0 / options_.rate);
  }
  clock_->Sleep(until_due);
  return Turn::kWrite;
}

void Writer::Search(int index, std::unique_ptr<mysql::Session>& session) {
  const bool found = Connected(index, session) && IsWritable(*session);
  MutexLock lock(&mutex_);
  if (current_ != -1) return;
  if (found) {
    current_ = index;
    changed_.NotifyAll();
  } else if (!stop_) {
    changed_.WaitFor(&mutex_, options_.search_period);
  }
}

void Writer::Loop(int index) {
  std::unique_ptr<mysql::Session> session;
  while (!stop_) {
    switch (NextTurn(index)) {
      case Turn::kWrite:
        if (!Connected(index, session) || !WriteOne(index, *session)) {
          session.reset();
          GiveUp(index);
        }
        break;
      case Turn::kSearch:
        Search(index, session);
        break;
      case Turn::kStandBy:
        Connected(index, session);
        break;
    }
  }
}

void Writer::GiveUp(int index) {
  MutexLock lock(&mutex_);
  if (current_ == index) current_ = -1;
  changed_.NotifyAll();
}

absl::StatusOr<Ledger::Audit> Writer::Check(absl::Duration timeout) {
  const Deadline deadline = Deadline::After(clock_, timeout);
  while (!deadline.Passed()) {
    for (size_t i = 0; i < options_.servers.size(); ++i) {
      std::unique_ptr<mysql::Session> session;
      if (!Connected(static_cast<int>(i), session) || !IsWritable(*session)) continue;
      session->set_statement_timeout(absl::Seconds(30));
      WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                            session->Query(sql::kReadIds, {options_.first_id}));
      std::vector<uint64_t> ids;
      ids.reserve(rows.size());
      for (const mysql::ResultSet::Row row : rows) ids.push_back(row.UintOr("id", 0));
      MutexLock lock(&mutex_);
      return ledger_.Compare(ids);
    }
    clock_->Sleep(options_.search_period);
  }
  return absl::UnavailableError("no server accepts writes");
}

uint64_t Writer::acked() const {
  MutexLock lock(&mutex_);
  return ledger_.acked();
}

absl::Duration Writer::longest_gap() const {
  MutexLock lock(&mutex_);
  return ledger_.longest_gap();
}

std::string Writer::current() const {
  MutexLock lock(&mutex_);
  return last_server_;
}

}  // namespace weft::testing
