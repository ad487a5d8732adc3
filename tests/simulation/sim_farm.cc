#include "tests/simulation/sim_farm.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace weft::simulation {

using controller::Contact;
using controller::Observation;

SimFarm::SimFarm(World* world, int controller, std::function<bool()> alive)
    : world_(world), controller_(controller), alive_(std::move(alive)) {}

void SimFarm::SetTerm(uint64_t term, std::function<bool()> still_leading) {
  term_ = term;
  still_leading_ = std::move(still_leading);
}

Millis SimFarm::After(absl::Duration duration) const {
  return world_->now() + absl::ToInt64Milliseconds(duration);
}

int SimFarm::IndexOf(const ServerUuid& server) const {
  for (const SimServer& one : world_->servers()) {
    if (one.uuid == server) return one.index;
  }
  return -1;
}

absl::StatusOr<int> SimFarm::IndexAt(const HostPort& address) const {
  for (const SimServer& one : world_->servers()) {
    if (one.address == address) return one.index;
  }
  return absl::UnavailableError(absl::StrCat("nobody listens on ", address.ToString()));
}

absl::Status SimFarm::Ask(int server) {
  SimServer& asked = world_->servers()[server];
  if (!world_->Connects(world_->ControllerNode(controller_), server) || asked.hung) {
    return absl::DeadlineExceededError("timed out");
  }
  if (asked.down) return absl::UnavailableError("connection refused");
  if (asked.rejects) return absl::ResourceExhaustedError("too many connections");
  uint64_t& swept = swept_[server];
  if (swept != term_) {
    // Everything that another session, or this one before it broke, has left there.
    std::erase_if(asked.statements, [&](const SimServer::Statement& statement) {
      return statement.term < term_ || statement.controller == controller_;
    });
    swept = term_;
  }
  return absl::OkStatus();
}

absl::Status SimFarm::Connect(int server, Millis until) {
  absl::Status status = Ask(server);
  while (absl::IsDeadlineExceeded(status) && world_->now() < until && alive_()) {
    world_->Tick();
    status = Ask(server);
  }
  if (!alive_()) return absl::CancelledError("the controller has crashed");
  return absl::IsDeadlineExceeded(status) ? absl::UnavailableError("timed out") : status;
}

absl::Status SimFarm::Execute(int server, Millis until, Statement statement) {
  WEFT_RETURN_IF_ERROR(Connect(server, until));
  if (term_ == 0) return absl::FailedPreconditionError("this controller does not lead");
  if (!still_leading_()) return absl::AbortedError("the lease may be lost");
  const auto done = std::make_shared<bool>(false);
  SimServer& there = world_->servers()[server];
  there.statements.push_back({.controller = controller_,
                              .term = term_,
                              .due = world_->now() + world_->chance().Between(0, 2) * kTick,
                              .run = std::move(statement),
                              .done = done});
  const int node = world_->ControllerNode(controller_);
  while (true) {
    world_->Tick();
    if (!alive_()) return absl::CancelledError("the controller has crashed");
    if (*done && world_->Connects(node, server)) return absl::OkStatus();
    if (there.down) return absl::UnavailableError("the connection died");
    if (world_->now() >= until) return Abandon(server, done);
  }
}

absl::Status SimFarm::Abandon(int server, const std::shared_ptr<bool>& done) {
  SimServer& there = world_->servers()[server];
  const bool heard = world_->Connects(world_->ControllerNode(controller_), server);
  if (!heard || !there.responsive() || there.rejects) {
    swept_[server] = 0;  // it cannot be killed now; until it is, the server counts as unreached
    return absl::UnavailableError("timed out, and the session could not be killed");
  }
  std::erase_if(there.statements,
                [&](const SimServer::Statement& statement) { return statement.done == done; });
  return absl::DeadlineExceededError("timed out");
}

void SimFarm::LookAt(std::vector<int> servers, Millis until,
                     std::map<ServerUuid, Observation>* seen) {
  while (alive_()) {
    world_->Tick();
    for (auto it = servers.begin(); it != servers.end();) {
      const absl::Status status = Ask(*it);
      if (absl::IsDeadlineExceeded(status) && world_->now() < until) {
        ++it;
        continue;
      }
      const SimServer& server = world_->servers()[*it];
      Observation& observation = (*seen)[server.uuid];
      if (status.ok()) {
        observation = server.Observe(world_->servers(), world_->transactions(), world_->now());
      } else {
        observation.contact =
            absl::IsResourceExhausted(status) ? Contact::kRejected : Contact::kUnreachable;
        observation.refused = absl::IsUnavailable(status);
        observation.error = std::string(status.message());
      }
      it = servers.erase(it);
    }
    if (servers.empty()) return;
  }
}

std::map<ServerUuid, Observation> SimFarm::Probe(const Group& group, absl::Duration deadline) {
  std::vector<int> primary;
  std::vector<int> others;
  for (const Server& server : group.servers) {
    (server.uuid == group.primary ? primary : others).push_back(IndexOf(server.uuid));
  }
  std::map<ServerUuid, Observation> seen;
  for (const Server& server : group.servers) seen[server.uuid];
  if (!others.empty()) LookAt(others, After(deadline / 2), &seen);
  if (!primary.empty()) LookAt(primary, After(deadline / 2), &seen);
  return seen;
}

absl::StatusOr<ServerUuid> SimFarm::Identify(const HostPort& address, absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const int server, IndexAt(address));
  WEFT_RETURN_IF_ERROR(Connect(server, After(deadline)));
  return world_->servers()[server].uuid;
}

absl::StatusOr<controller::Farm::Neighbours> SimFarm::Discover(const HostPort& address,
                                                               absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const int server, IndexAt(address));
  WEFT_RETURN_IF_ERROR(Connect(server, After(deadline)));
  Neighbours neighbours;
  const std::vector<SimServer>& all = world_->servers();
  if (all[server].configured) neighbours.source = all[all[server].source].address;
  for (const SimServer& other : all) {
    if (other.connected && other.source == server) neighbours.replicas.push_back(other.address);
  }
  return neighbours;
}

absl::StatusOr<controller::Admission> SimFarm::Admit(const Group& group, const HostPort& address,
                                                     absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const int server, IndexAt(address));
  WEFT_RETURN_IF_ERROR(Connect(server, After(deadline)));
  const SimServer& there = world_->servers()[server];
  controller::Admission admission;
  admission.observation = there.Observe(world_->servers(), world_->transactions(), world_->now());
  const int primary = IndexOf(group.primary);
  if (primary < 0) return admission;
  const SimServer& source = world_->servers()[primary];
  const auto problem = [&](const char* code, const TransactionSet& set) {
    if (set.none()) return;
    admission.problems.push_back({.code = code,
                                  .expected = "none",
                                  .found = world_->transactions().ToGtids(set).ToString(),
                                  .remedy = "clone it from the primary",
                                  .fatal = true});
    admission.clone_would_help = true;
  };
  problem("ERRANT_TRANSACTIONS", there.executed & ~source.executed);
  problem("PURGED_TRANSACTIONS", source.purged & ~there.executed);
  return admission;
}

absl::StatusOr<ServerUuid> SimFarm::Clone(const Group&, const ServerUuid& recipient,
                                          const ServerUuid& donor,
                                          std::function<void(double)> progress,
                                          absl::Duration deadline) {
  const int from = IndexOf(donor);
  const int to = IndexOf(recipient);
  if (from < 0 || to < 0) return absl::NotFoundError("no such server");
  WEFT_RETURN_IF_ERROR(Connect(from, After(deadline)));
  WEFT_RETURN_IF_ERROR(Execute(to, After(deadline), [world = world_, from](SimServer& server) {
    const SimServer& source = world->servers()[from];
    if (!source.responsive()) return false;
    server.ResetReplica();
    server.binlog.clear();
    server.executed = server.purged = source.executed;
    server.accounts = source.accounts;  // a clone brings the donor's accounts along
    server.starts_writable = false;
    server.Restart(world->now());
    return true;
  }));
  if (progress) progress(1);
  return recipient;
}

absl::StatusOr<std::string> SimFarm::SaveTransactions(const Group&, const ServerUuid& server,
                                                      const GtidSet& set, absl::Duration deadline) {
  const int index = IndexOf(server);
  if (index < 0) return absl::NotFoundError("no such server");
  WEFT_RETURN_IF_ERROR(Connect(index, After(deadline)));
  return absl::StrCat("saved:", set.ToString());
}

absl::StatusOr<controller::Farm::Rewound> SimFarm::Rewind(const Group&, const ServerUuid& server,
                                                          const GtidSet& errant, bool dry_run,
                                                          std::function<void(double)> progress,
                                                          absl::Duration deadline) {
  const int index = IndexOf(server);
  if (index < 0) return absl::NotFoundError("no such server");
  const Millis until = After(deadline);
  WEFT_RETURN_IF_ERROR(Connect(index, until));
  Rewound rewound;
  const TransactionSet extra = world_->transactions().FromGtids(errant);
  SimServer& there = world_->servers()[index];
  rewound.transactions = world_->transactions().ToGtids(there.executed & extra);
  rewound.path = absl::StrCat("saved:", rewound.transactions.ToString());
  // What only a purged log held cannot be undone.
  if ((there.executed & extra & there.purged).any()) {
    return absl::NotFoundError("the binary logs no longer hold all of the transactions");
  }
  if (dry_run) return rewound;
  WEFT_RETURN_IF_ERROR(Execute(index, until, [](SimServer& one) {
    one.ResetReplica();
    one.read_only = true;
    one.source_enabled = one.starts_writable = false;
    return one.waiting.empty();
  }));
  if (progress) progress(0.5);
  // The inverse, and the reset; what a crash leaves between them is told by the server itself.
  WEFT_RETURN_IF_ERROR(Execute(index, until, [extra](SimServer& one) {
    one.executed &= ~extra;
    one.received &= one.executed;
    one.purged = one.executed;
    one.binlog.clear();
    return true;
  }));
  if (progress) progress(1);
  return rewound;
}

absl::Status SimFarm::RotatePassword(const Group& group, absl::string_view, absl::string_view,
                                     absl::Duration deadline) {
  for (const Server& server : group.servers) {
    WEFT_RETURN_IF_ERROR(Connect(IndexOf(server.uuid), After(deadline)));
  }
  return absl::OkStatus();
}

void SimFarm::Forget(const HostPort& address) {
  const absl::StatusOr<int> server = IndexAt(address);
  if (server.ok()) swept_.erase(*server);
}

}  // namespace weft::simulation
