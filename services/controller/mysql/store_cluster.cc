#include "services/controller/mysql/store_cluster.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/mysql/store_sql.h"

namespace weft::controller {

StoreCluster::StoreCluster(const Options& options)
    : options_(options), connect_(options.connect), asked_(options.members.size()) {
  connect_.database.clear();
  connect_.connect_timeout = options_.timeout;
  connect_.statement_timeout = options_.timeout;
  connect_.read_timeout = options_.timeout;
  connect_.write_timeout = options_.timeout;
  for (size_t i = 0; i < options_.members.size(); ++i) {
    threads_.emplace_back([this, i] { Loop(i); });
  }
}

StoreCluster::~StoreCluster() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void StoreCluster::SetLogin(const std::string& user, const std::string& password) {
  MutexLock lock(&mutex_);
  connect_.user = user;
  connect_.password = password;
  ++logins_;
  doubted_ = options_.clock->MonotonicNow();
  changed_.NotifyAll();
}

void StoreCluster::Loop(size_t index) {
  std::unique_ptr<mysql::Session> session;
  uint64_t logins = 0;
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (logins != logins_) session.reset();
      logins = logins_;
    }
    const absl::Duration sent = options_.clock->MonotonicNow();
    MemberAnswer answer = Ask(index, &session);
    MutexLock lock(&mutex_);
    asked_[index] = {std::move(answer), sent};
    Tell();
    changed_.NotifyAll();
    const absl::Duration next = sent + options_.period;
    while (!stopping_ && doubted_ <= sent) {
      const absl::Duration rest = next - options_.clock->MonotonicNow();
      if (rest <= absl::ZeroDuration()) break;
      options_.clock->WaitFor(&changed_, &mutex_, rest);
    }
    if (stopping_) return;
  }
}

MemberAnswer StoreCluster::Ask(size_t index, std::unique_ptr<mysql::Session>* session) {
  MemberAnswer answer;
  if (*session == nullptr || (*session)->broken()) {
    mysql::ConnectOptions connect;
    {
      MutexLock lock(&mutex_);
      connect = connect_;
    }
    connect.host = options_.members[index].host;
    connect.port = options_.members[index].port;
    absl::StatusOr<std::unique_ptr<mysql::Session>> opened = mysql::Session::Open(connect);
    if (!opened.ok()) {
      answer.error = std::string(opened.status().message());
      session->reset();
      return answer;
    }
    *session = *std::move(opened);
  }
  const absl::StatusOr<mysql::ResultSet> rows = (*session)->Query(store_sql::kAskMember);
  if (rows.ok()) return ReadMemberAnswer(*rows);
  answer.error = std::string(rows.status().message());
  return answer;
}

std::vector<MemberAnswer> StoreCluster::Fresh() const {
  const absl::Duration oldest = options_.clock->MonotonicNow() - options_.fresh;
  std::vector<MemberAnswer> answers;
  answers.reserve(asked_.size());
  for (const Asked& asked : asked_) {
    answers.push_back(asked.answer);
    if (asked.sent >= oldest || !asked.answer.answered) continue;
    answers.back() = MemberAnswer();
    answers.back().error = "it is silent";
  }
  return answers;
}

absl::StatusOr<size_t> StoreCluster::Choose() const {
  WEFT_ASSIGN_OR_RETURN(const size_t chosen, ChoosePrimary(options_.members, Fresh()));
  return chosen;
}

bool StoreCluster::AllAsked() const {
  return std::all_of(asked_.begin(), asked_.end(),
                     [this](const Asked& asked) { return asked.sent > doubted_; });
}

void StoreCluster::Tell() {
  const absl::StatusOr<size_t> chosen = Choose();
  // At the start, before all have been asked, there is nothing to tell yet.
  if (!chosen.ok() && told_.empty() && !AllAsked()) return;
  const std::string now = chosen.ok() ? options_.members[*chosen].ToString() : "none";
  if (now == told_) return;
  if (chosen.ok()) {
    WEFT_LOG(kInfo, "state store has a primary", {{"primary", now}});
  } else {
    WEFT_LOG(kWarning, "state store has no primary", {{"why", chosen.status().message()}});
  }
  told_ = now;
}

absl::StatusOr<HostPort> StoreCluster::Find() {
  const Deadline deadline = Deadline::After(options_.clock, options_.patience);
  MutexLock lock(&mutex_);
  while (true) {
    const absl::StatusOr<size_t> chosen = Choose();
    if (chosen.ok() && asked_[*chosen].sent > doubted_) return options_.members[*chosen];
    if (!stopping_ && !AllAsked() && !deadline.Passed()) {
      options_.clock->WaitFor(&changed_, &mutex_, deadline.Remaining());
      continue;
    }
    if (!chosen.ok()) return chosen.status();
    return absl::UnavailableError("the state store's primary has not answered again yet");
  }
}

void StoreCluster::Doubt() {
  MutexLock lock(&mutex_);
  doubted_ = options_.clock->MonotonicNow();
  changed_.NotifyAll();
}

std::vector<MemberAnswer> StoreCluster::Answers() {
  MutexLock lock(&mutex_);
  return Fresh();
}

}  // namespace weft::controller
