#pragma once
// A whole controller over a real farm, whose death after so many steps a test decides on.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/rpc/metrics.h"
#include "services/controller/controller.h"
#include "services/controller/mysql/farm.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {

// How many steps a controller may take until it is dead. Thread-safe.
class Life {
 public:
  static constexpr int kNever = 1'000'000;

  void Give(int steps) { left_ = steps; }
  // Before each step: whether it is alive to take it.
  bool Step() {
    if (!dead_ && left_.fetch_sub(1) <= 0) dead_ = true;
    return !dead_;
  }
  bool dead() const { return dead_; }

 private:
  std::atomic<int> left_{kNever};
  std::atomic<bool> dead_{false};
};

// A rewind has dozens of statements, and is to die in the middle, too: this many are a step.
constexpr int kStatementsAStep = 3;

// The real farm, as a mortal controller uses it.
class MortalFarm : public Farm {
 public:
  MortalFarm(const FarmOptions& options, Life* life)
      : farm_(options, RealClock::Get()), life_(life) {}

  void SetTerm(uint64_t term, std::function<bool()> still) override {
    farm_.SetTerm(term, [this, still] {
      const bool counts = rewinding_ && statements_.fetch_add(1) % kStatementsAStep == 0;
      const bool alive = counts ? life_->Step() : !life_->dead();
      return alive && (!still || still());
    });
  }
  std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) override {
    return farm_.Probe(group, deadline);
  }
  absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) override {
    if (!life_->Step()) return absl::AbortedError("it is dead");
    return farm_.Apply(group, step, deadline);
  }
  void Interrupt(const Group& group, const std::set<ServerUuid>& servers) override {
    farm_.Interrupt(group, servers);
  }
  absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                  absl::Duration deadline) override {
    return farm_.Admit(group, address, deadline);
  }
  absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) override {
    return farm_.Identify(address, deadline);
  }
  absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) override {
    return farm_.Discover(address, deadline);
  }
  absl::StatusOr<ServerUuid> Clone(const Group& group, const ServerUuid& recipient,
                                   const ServerUuid& donor, std::function<void(double)> progress,
                                   absl::Duration deadline) override {
    if (!life_->Step()) return absl::AbortedError("it is dead");
    bool under_way = false;
    return farm_.Clone(
        group, recipient, donor,
        [&](double done) {
          if (!std::exchange(under_way, true)) life_->Step();
          if (progress) progress(done);
        },
        deadline);
  }
  absl::StatusOr<std::string> SaveTransactions(const Group& group, const ServerUuid& server,
                                               const GtidSet& set,
                                               absl::Duration deadline) override {
    if (!life_->Step()) return absl::AbortedError("it is dead");
    return farm_.SaveTransactions(group, server, set, deadline);
  }
  absl::StatusOr<Rewound> Rewind(const Group& group, const ServerUuid& server,
                                 const GtidSet& errant, bool dry_run,
                                 std::function<void(double)> progress,
                                 absl::Duration deadline) override {
    if (dry_run) return farm_.Rewind(group, server, errant, true, std::move(progress), deadline);
    rewinding_ = true;
    auto rewound = farm_.Rewind(group, server, errant, false, std::move(progress), deadline);
    rewinding_ = false;
    return rewound;
  }
  absl::Status RotatePassword(const Group& group, absl::string_view duty,
                              absl::string_view password, absl::Duration deadline) override {
    return farm_.RotatePassword(group, duty, password, deadline);
  }
  void Forget(const HostPort& address) override { farm_.Forget(address); }

 private:
  MysqlFarm farm_;
  Life* const life_;
  std::atomic<bool> rewinding_{false};
  std::atomic<int> statements_{0};
};

// One whole controller, and the client that asks it. Dead, it writes and does nothing more; its
// lease is free at once, and what it had to say of the past may still come.
class Leader {
 public:
  Leader(std::shared_ptr<MemoryDatabase> database, const FarmOptions& options);
  ~Leader();

  Life& life() { return life_; }
  Reconciler& reconciler() { return controller_.reconciler(); }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

 private:
  Life life_;
  MemoryStore store_;
  rpc::Metrics metrics_;
  MortalFarm farm_;
  Controller controller_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace weft::controller
