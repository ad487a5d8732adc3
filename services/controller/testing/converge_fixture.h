#pragma once
// A converger of group "g" with servers a (its primary), b and c, that are as a scene says.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/manual_clock.h"
#include "gtest/gtest.h"
#include "services/controller/converge.h"
#include "services/controller/core/fixture.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/testing/scene_farm.h"

namespace weft::controller::testing {

// A store in which a step on the record may fail in any way.
class FailingStore : public MemoryStore {
 public:
  absl::Status next_step_fails_with;

  absl::Status Apply(const Group& seen, const Step& step, absl::Time now) override {
    const absl::Status failure = std::exchange(next_step_fails_with, absl::OkStatus());
    return failure.ok() ? MemoryStore::Apply(seen, step, now) : failure;
  }
};

class ConvergeTest : public ::testing::Test {
 protected:
  ConvergeTest() {
    Group group = farm_.scene.group();
    std::vector<Server> servers;
    std::swap(servers, group.servers);
    // The store begins with a group that never had a primary: it is brought there by a commit.
    Group fresh;
    fresh.id = "g";
    fresh.active = true;
    EXPECT_TRUE(store_.CreateGroup(fresh).ok());
    for (Server& server : servers) {
      server.status = ServerStatus::kSecondary;
      server.mode = DefaultMode(server.status);
      EXPECT_TRUE(store_.AddServer("g", Record().revision, server).ok());
    }
    Apply(Commit{.primary = Id('a'),
                 .acknowledgers = {Id('b'), Id('c')},
                 .watermark = Gtids("a:1-10"),
                 .old_primary_status = ServerStatus::kSecondary});
    Converger::Ports ports;
    ports.farm = &farm_;
    ports.store = &store_;
    ports.clock = &clock_;
    ports.reports = [this](const std::vector<ServerUuid>&) {
      return farm_.scene.snapshot().reports;
    };
    ports.may_act = [this] {
      return lease_questions_left_-- > 0 ? may_act_ : absl::AbortedError("lost");
    };
    ports.run_all = [this](std::vector<std::function<void()>> jobs,
                           const std::function<void()>& watch) {
      watch_ = watch;
      for (const auto& job : jobs) job();
    };
    ports.new_operation_id = [] { return "failover-1"; };
    ports.run_hook = [this](const Snapshot&, const RunHook& step,
                            const std::function<bool()>& is_moot) {
      farm_.done.push_back(Text(step));
      if (meanwhile_) meanwhile_(is_moot);
      return answer_;
    };
    ports.cancelled = [this](const std::string& operation) { return operation == cancelled_; };
    ports.hook_runs = [this](const std::string& group, const HookRecord& hooks) {
      return group == "g" && hooks.operation == "op" && program_runs_;
    };
    converger_ = std::make_unique<Converger>("g", Converger::Options(), ports);
  }

  // It is there for so many questions yet.
  void LoseTheLeaseAfter(int times) { lease_questions_left_ = times; }
  Group Record() { return *store_.Load("g"); }
  void Apply(const Step& step) {
    EXPECT_TRUE(store_.Apply(Record(), step, absl::UnixEpoch()).ok());
  }
  void Ask(Goal goal, char target) {
    Intent intent;
    intent.goal = goal;
    intent.target = Id(target);
    intent.operation = "op";
    Operation operation;
    operation.id = "op";
    operation.user = "somebody";
    operation.group = "g";
    EXPECT_TRUE(store_.SetIntent("g", Record().revision, intent, operation).ok());
  }

  ManualClock clock_;
  FailingStore store_;
  SceneFarm farm_;
  absl::Status may_act_;
  int lease_questions_left_ = 1000;
  std::string answer_ = kHookOk;                                         // of programs
  std::function<void(const std::function<bool()>& is_moot)> meanwhile_;  // while one runs
  std::string cancelled_;                                                // an operation
  bool program_runs_ = false;
  std::function<void()> watch_;  // of the steps under way
  std::unique_ptr<Converger> converger_;
};

}  // namespace weft::controller::testing
