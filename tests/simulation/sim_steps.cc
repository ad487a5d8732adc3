// What each step of a plan does on a server of the world, statement by statement: between two of
// them the server, the network or the controller may fail.
#include <variant>

#include "common/base/status_macros.h"
#include "tests/simulation/sim_farm.h"

namespace weft::simulation {

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
  // A commit that waits for an acknowledgement keeps super_read_only from being set: the clients
  // are cut off first, so that nobody gets an OK for what is then released (S19).
  return Execute(IndexOf(step.server), until,
                 [world = world_, kill = step.kill_sessions](SimServer& server) {
                   if (!kill && !server.waiting.empty()) return false;
                   if (kill) world->KillClients(server.index);
                   if (!server.waiting.empty()) world->Disarm(server.index);
                   server.read_only = true;
                   return true;
                 });
}

absl::Status SimFarm::Run(const controller::Unfence& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer& server) {
    server.read_only = false;
    return true;
  });
}

absl::Status SimFarm::Run(const controller::StopReceiver& step, Millis until) {
  return Execute(IndexOf(step.server), until, [](SimServer& server) {
    server.StopReceiver();
    return true;
  });
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
    if (replica.source_enabled) world->Disarm(replica.index);
    return true;
  }));
  // The flag takes effect when the receiver connects.
  WEFT_RETURN_IF_ERROR(Execute(server, until, [flag](SimServer& replica) {
    replica.replica_flag = flag;
    return true;
  }));
  const SimServer& there = world_->servers()[server];
  if (there.configured && there.source == source && there.receiver_on && there.applier_on &&
      (!there.connected || there.receiver_semi_sync == flag)) {
    return absl::OkStatus();
  }
  WEFT_RETURN_IF_ERROR(Execute(server, until, [](SimServer& replica) {
    replica.StopReceiver();
    return true;
  }));
  WEFT_RETURN_IF_ERROR(Execute(server, until, [source](SimServer& replica) {
    if (replica.configured && replica.source == source) return true;
    if (replica.configured && replica.old_version) {
      // Changing the source drops the relay log there: all of it is applied first (S16).
      replica.applier_on = true;
      if ((replica.received & ~replica.executed).any()) return false;
    }
    replica.configured = true;
    replica.source = source;
    replica.last_heard = -1;
    return true;
  }));
  return Execute(server, until, [](SimServer& replica) {
    replica.applier_on = true;
    replica.StartReceiver();
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
  WEFT_RETURN_IF_ERROR(Run(controller::StopReplica{.server = step.server}, until));
  return Execute(IndexOf(step.server), until, [](SimServer& replica) {
    replica.ResetReplica();
    replica.replica_flag = false;
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
