// What each step of a plan does on a server of the world, statement by statement: between two of
// them the server, the network or the controller may fail.
#include <memory>
#include <variant>

#include "common/base/status_macros.h"
#include "tests/simulation/sim_farm.h"

namespace weft::simulation {
namespace {

constexpr Millis kLockWait = 1000;

}  // namespace

absl::Status SimFarm::Apply(const Group&, const controller::Step& step, absl::Duration deadline) {
  const Millis until = After(deadline);
  if (!controller::IsRecordStep(step) && IndexOf(controller::ServerOf(step)) < 0) {
    return absl::NotFoundError("no such server");
  }
  return std::visit(
      [&](const auto& one) -> absl::Status {
        if constexpr (requires { Run(one, until); }) {
          return Run(one, until);
        } else {
          return absl::InvalidArgumentError("a step on the record was given to a server");
        }
      },
      step);
}

absl::Status SimFarm::Run(const controller::Fence& step, Millis until) {
  const int index = IndexOf(step.server);
  if (!step.kill_sessions) {
    return Execute(index, until, [](SimServer& server) {
      if (server.HoldsCommits()) return false;
      server.read_only = true;
      return true;
    });
  }
  while (world_->now() < until) {
    const auto facts = std::make_shared<controller::FenceFacts>();
    WEFT_RETURN_IF_ERROR(Execute(
        index, until, [facts, world = world_, may_cut_off = step.cut_off](SimServer& server) {
          facts->read_only = server.read_only;
          facts->offline = server.offline;
          facts->may_cut_off = may_cut_off && !server.old_version;
          facts->read_only_pending = server.read_only_pending();
          facts->waiting = static_cast<int>(server.waiting.size());
          facts->hearing = world->Hearing(server.index);
          return true;
        }));
    const controller::FenceMove move = controller::NextFenceMove(*facts);
    if (move == controller::FenceMove::kDone) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(Make(move, index, until));
  }
  return absl::DeadlineExceededError("held up");
}

absl::Status SimFarm::Make(controller::FenceMove move, int index, Millis until) {
  using controller::FenceMove;
  switch (move) {
    case FenceMove::kSetReadOnly:
      return AskForReadOnly(index, until);
    case FenceMove::kKillClients:
      return Execute(index, until, [world = world_](SimServer& server) {
        world->KillClients(server.index);
        return true;
      });
    case FenceMove::kCutOff:
      return Execute(index, until, [world = world_](SimServer& server) {
        world->CutOff(server.index);
        return true;
      });
    case FenceMove::kReleaseCommits:
      return Execute(index, until, [world = world_](SimServer& server) {
        // The server itself looks whether that still holds.
        if (server.read_only_pending()) world->ReleaseCommits(server.index);
        return true;
      });
    case FenceMove::kLetIn:
      return Execute(index, until, [](SimServer& server) {
        server.offline = false;
        return true;
      });
    case FenceMove::kDone:
      break;
  }
  return absl::OkStatus();
}

// Sent, not awaited: commits that wait for an acknowledgement hold it up.
absl::Status SimFarm::AskForReadOnly(int index, Millis until) {
  return Execute(
      index, until, [world = world_, controller = controller_, term = term_](SimServer& server) {
        if (!server.HoldsCommits()) {
          server.read_only = true;
          return true;
        }
        const auto granted = std::make_shared<bool>(false);
        server.read_only_asked = granted;
        const Millis end = world->now() + kLockWait;
        server.statements.push_back({.controller = controller,
                                     .term = term,
                                     .due = world->now(),
                                     .run =
                                         [world, end](SimServer& held_up) {
                                           if (!held_up.HoldsCommits()) held_up.read_only = true;
                                           return held_up.read_only || world->now() >= end;
                                         },
                                     .done = granted});
        return true;
      });
}

absl::Status SimFarm::Run(const controller::Unfence& step, Millis until) {
  const auto opened = std::make_shared<bool>(false);
  const auto open = [opened, wait_for = step.wait_for](SimServer& server) {
    *opened = wait_for == 0 || (server.armed() && server.wait_for == wait_for);
    if (*opened) server.read_only = server.offline = server.starts_writable = false;
    return true;
  };
  WEFT_RETURN_IF_ERROR(Execute(IndexOf(step.server), until, open));
  return *opened ? absl::OkStatus() : absl::FailedPreconditionError("its commits do not wait");
}

absl::Status SimFarm::Run(const controller::StopReceiver& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer& server) {
    server.StopReceiver();
    return true;
  });
}

// It takes its time, and changes nothing that is simulated.
absl::Status SimFarm::Run(const controller::RotateLog& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer&) { return true; });
}

absl::Status SimFarm::Run(const controller::CatchUp& step, Millis until) {
  const TransactionSet goal = world_->transactions().FromGtids(step.goal);
  return Execute(IndexOf(step.server), std::min(until, After(step.budget)),
                 [goal](SimServer& server) {
                   if ((goal & ~server.executed).none()) return true;
                   server.applier_on = server.configured;
                   return false;
                 });
}

absl::Status SimFarm::Run(const controller::Follow& step, Millis until) {
  const int server = IndexOf(step.server);
  const int source = IndexOf(step.source);
  const bool flag = step.acknowledge;
  WEFT_RETURN_IF_ERROR(Execute(server, until, [world = world_](SimServer& replica) {
    if (!replica.waiting.empty()) return false;
    replica.read_only = true;
    replica.offline = replica.starts_writable = false;
    if (replica.source_enabled) world->Disarm(replica.index);
    return true;
  }));
  // The flag takes effect when the receiver connects: not to another source, where this is cut
  // next.
  const SimServer& before = world_->servers()[server];
  if (flag && !before.replica_flag && before.receiver_on && before.source != source) {
    WEFT_RETURN_IF_ERROR(Execute(server, until, [](SimServer& replica) {
      replica.StopReceiver();
      return true;
    }));
  }
  const TransactionSet holds = world_->transactions().FromGtids(step.holds);
  const auto lost = std::make_shared<bool>(false);
  WEFT_RETURN_IF_ERROR(Execute(server, until, [flag, holds, lost](SimServer& replica) {
    *lost = flag && !replica.replica_flag && (holds & ~(replica.received | replica.executed)).any();
    if (!*lost && replica.replica_flag != flag) replica.SetFlag(flag);
    return true;
  }));
  if (*lost) return absl::FailedPreconditionError("it has lost what it had received");
  const SimServer& there = world_->servers()[server];
  if (there.configured && there.source == source && there.receiver_on && there.applier_on &&
      (there.own_account || !step.own_account) &&
      (!there.connected || there.receiver_semi_sync == flag)) {
    return absl::OkStatus();
  }
  WEFT_RETURN_IF_ERROR(Execute(server, until, [](SimServer& replica) {
    replica.StopReceiver();
    return true;
  }));
  WEFT_RETURN_IF_ERROR(Execute(server, until, [source, own = step.own_account](SimServer& replica) {
    if (replica.configured && replica.source == source) {
      replica.own_account = own;
      return true;
    }
    if (replica.configured && replica.old_version) {
      // Changing the source drops the relay log there: all of it is applied first (S16).
      replica.applier_on = true;
      if ((replica.received & ~replica.executed).any()) return false;
    }
    replica.configured = true;
    replica.source = source;
    replica.own_account = own;
    replica.last_heard = -1;
    return true;
  }));
  return Execute(server, until, [world = world_](SimServer& replica) {
    replica.applier_on = true;
    replica.StartReceiver(world->now());
    return true;
  });
}

absl::Status SimFarm::Run(const controller::StopReplica& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer& replica) {
    replica.StopReceiver();
    replica.applier_on = false;
    return true;
  });
}

absl::Status SimFarm::Run(const controller::Detach& step, Millis until) {
  WEFT_RETURN_IF_ERROR(Execute(IndexOf(step.server), until, [](SimServer& replica) {
    replica.StopReceiver();
    replica.applier_on = false;
    replica.SetFlag(false);
    return true;
  }));
  return Execute(IndexOf(step.server), until, [](SimServer& replica) {
    replica.ResetReplica();
    return true;
  });
}

absl::Status SimFarm::Run(const controller::OpenAccount& step, Millis until) {
  return Execute(IndexOf(step.server), until, [replica = IndexOf(step.replica)](SimServer& server) {
    server.accounts[replica] = false;
    return true;
  });
}

absl::Status SimFarm::Run(const controller::LockAccount& step, Millis until) {
  return Execute(IndexOf(step.server), until,
                 [world = world_, replica = IndexOf(step.replica)](SimServer& server) {
                   world->LockOut(server.index, replica);
                   return true;
                 });
}

absl::Status SimFarm::Run(const controller::CloseAtStart& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer& server) {
    server.starts_writable = false;
    return true;
  });
}

absl::Status SimFarm::Run(const controller::ArmSource& step, Millis until) {
  return Execute(IndexOf(step.server), until,
                 [world = world_, wait_for = step.wait_for](SimServer& server) {
                   if (wait_for == 0) {
                     world->Disarm(server.index);
                   } else {
                     server.wait_for = wait_for;
                     server.source_enabled = true;
                   }
                   return true;
                 });
}

}  // namespace weft::simulation
