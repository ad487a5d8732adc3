#include "services/gateway/commands/procedure_book.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/gateway/commands/fabric_error.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;

// States and successes of the original's jobs.
constexpr int64_t kCreated = 3;
constexpr int64_t kProcessing = 4;
constexpr int64_t kComplete = 5;
constexpr int64_t kSuccess = 2;

// The original prints the address of an object there; nobody can know what it will be.
constexpr char kTriggered[] = "Triggered by <mysql.fabric.events.Event object at 0x7f5ca1ab1e00>.";

}  // namespace

std::vector<ResultSet> SetsOf(const Ended& ended) {
  ResultSet result;
  result.columns = {{"uuid", Type::kString},
                    {"finished", Type::kBoolean},
                    {"success", Type::kBoolean},
                    {"result", Type::kBoolean}};
  result.rows.push_back({{ended.uuid}, {true}, {true}, ended.outcome->result});
  ResultSet states;
  states.columns = {{"state", Type::kInteger},
                    {"success", Type::kInteger},
                    {"when", Type::kFloat},
                    {"description", Type::kString}};
  const double begun = absl::ToDoubleSeconds(ended.begun - absl::UnixEpoch());
  const double end = absl::ToDoubleSeconds(ended.end - absl::UnixEpoch());
  const std::vector<std::string>& actions = ended.outcome->actions;
  for (const std::string& action : actions) {
    // How long each job took is not known, only when all were done.
    const double done = &action == &actions.back() ? end : begun;
    states.rows.push_back({{kCreated}, {kSuccess}, {begun}, {std::string(kTriggered)}});
    states.rows.push_back(
        {{kProcessing}, {kSuccess}, {begun}, {absl::StrCat("Executing action (", action, ").")}});
    states.rows.push_back(
        {{kComplete}, {kSuccess}, {done}, {absl::StrCat("Executed action (", action, ").")}});
  }
  return {std::move(result), std::move(states)};
}

ResultSet UuidSet(const std::vector<std::string>& uuids) {
  ResultSet set;
  set.columns = {{"uuid", Type::kString}};
  for (const std::string& uuid : uuids) set.rows.push_back({{uuid}});
  return set;
}

ResultSet FailureSet(const std::string& uuid, const std::string& error) {
  ResultSet set;
  set.columns = {{"uuid", Type::kString}, {"error", Type::kString}};
  set.rows.push_back({{uuid}, {error}});
  return set;
}

void ProcedureBook::Begin(const std::string& uuid) {
  MutexLock lock(&mutex_);
  all_[uuid] = std::nullopt;
}

void ProcedureBook::Forget(const std::string& uuid) {
  MutexLock lock(&mutex_);
  all_.erase(uuid);
  changed_.NotifyAll();
}

void ProcedureBook::End(Ended ended) {
  MutexLock lock(&mutex_);
  const auto found = all_.find(ended.uuid);
  if (found == all_.end()) return;
  ended_.push_back(ended.uuid);
  found->second = std::move(ended);
  if (ended_.size() > kept_) {
    all_.erase(ended_.front());
    ended_.pop_front();
  }
  changed_.NotifyAll();
}

bool ProcedureBook::Knows(const std::string& uuid) const {
  MutexLock lock(&mutex_);
  return all_.count(uuid) > 0;
}

std::optional<Ended> ProcedureBook::Wait(const std::string& uuid, absl::Duration timeout) {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  MutexLock lock(&mutex_);
  while (true) {
    const auto found = all_.find(uuid);
    if (found == all_.end()) return std::nullopt;
    if (found->second.has_value()) return found->second;
    if (closed_ || deadline.Passed()) return std::nullopt;
    changed_.WaitFor(&mutex_, deadline.Remaining());
  }
}

void ProcedureBook::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  changed_.NotifyAll();
}

}  // namespace weft::gateway
