#pragma once
// An executor that answers what a test tells it.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "services/gateway/executor.h"

namespace weft::gateway::testing {

// Thread-safe.
class ScriptedExecutor : public Executor {
 public:
  // `method` is known and answers this at once, to all callers the same reply.
  void Answers(const std::string& method, fabric::Answer answer);
  // `method` is known, and answers nothing until Release.
  void Holds(const std::string& method);
  // Answers what is held, on the caller's thread.
  void Release(const fabric::Answer& answer);
  // `user` may execute nothing.
  void Forbids(const std::string& user);

  // What was executed so far: who and what.
  std::vector<std::pair<Caller, fabric::Call>> calls() const;
  // Waits until so many were executed; false after ten seconds.
  bool WaitForCalls(size_t count);

  bool Knows(const std::string& method) const override;
  std::vector<std::string> Methods() const override;
  std::string Help(const std::string& method) const override;
  bool IsAllowed(const Caller& caller, const std::string& method) const override;
  void Execute(const Caller& caller, fabric::Call call, Done done) override;
  int ttl() const override { return 1; }

 private:
  mutable Mutex mutex_;
  CondVar executed_;
  // nullopt: held.
  std::map<std::string, std::optional<Reply>> replies_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done> held_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> forbidden_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<Caller, fabric::Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway::testing
