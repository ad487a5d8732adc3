#include "services/gateway/testing/scripted_executor.h"

namespace weft::gateway::testing {

void ScriptedExecutor::Answers(const std::string& method, fabric::Answer answer) {
  MutexLock lock(&mutex_);
  replies_.insert_or_assign(method, Reply(std::move(answer)));
}

void ScriptedExecutor::Holds(const std::string& method) {
  MutexLock lock(&mutex_);
  replies_.insert_or_assign(method, std::nullopt);
}

void ScriptedExecutor::Release(const fabric::Answer& answer) {
  std::vector<Done> held;
  {
    MutexLock lock(&mutex_);
    held.swap(held_);
  }
  for (const Done& done : held) done(answer);
}

void ScriptedExecutor::Forbids(const std::string& user) {
  MutexLock lock(&mutex_);
  forbidden_.insert(user);
}

std::vector<std::pair<Caller, fabric::Call>> ScriptedExecutor::calls() const {
  MutexLock lock(&mutex_);
  return calls_;
}

bool ScriptedExecutor::WaitForCalls(size_t count) {
  MutexLock lock(&mutex_);
  while (calls_.size() < count) {
    if (!executed_.WaitFor(&mutex_, absl::Seconds(10))) return false;
  }
  return true;
}

bool ScriptedExecutor::Knows(const std::string& method) const {
  MutexLock lock(&mutex_);
  return replies_.count(method) > 0;
}

std::vector<std::string> ScriptedExecutor::Methods() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> methods;
  for (const auto& [method, reply] : replies_) methods.push_back(method);
  return methods;
}

std::string ScriptedExecutor::Help(const std::string& method) const { return "Help of " + method; }

bool ScriptedExecutor::IsAllowed(const Caller& caller, const std::string&) const {
  MutexLock lock(&mutex_);
  return forbidden_.count(caller.user) == 0;
}

void ScriptedExecutor::Execute(const Caller& caller, fabric::Call call, Done done) {
  std::optional<Reply> reply;
  {
    MutexLock lock(&mutex_);
    reply = replies_.at(call.method);
    calls_.emplace_back(caller, std::move(call));
    if (!reply.has_value()) held_.push_back(done);
    executed_.NotifyAll();
  }
  if (reply.has_value()) done(*reply);
}

}  // namespace weft::gateway::testing
