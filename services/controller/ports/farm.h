#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// One thing that admission found wrong with a server, and the SQL or setting that mends it.
struct AdmissionProblem {
  std::string code;  // UPPER_SNAKE: "GTID_MODE_OFF"
  std::string expected;
  std::string found;
  std::string remedy;  // SQL or configuration lines
  bool fatal = true;   // false: a warning, the server may be added all the same
};

// What admission learnt of a server that is not (yet) in a group.
struct Admission {
  Observation observation;
  std::vector<AdmissionProblem> problems;
  bool clone_would_help = false;  // only its data stand in the way
};

// The MySQL servers of a farm. Whole implementations: mysql/ (real) and the simulator's SimFarm.
// Thread-safe. Every call is bounded by its deadline. Sessions belong to one term (rule 10): a
// server on which older sessions of the manage account could not be seen gone is unreached.
class Farm {
 public:
  virtual ~Farm() = default;

  // Everything from now on is done under `term` (rule 10). Before its first act or answer on each
  // server the sessions of earlier terms are killed and seen gone. `still_leading` (empty: always)
  // is asked before each statement that changes something; false ends the step with ABORTED. Term 0
  // (the state before the first call): this process does not lead; it may look, and Apply is
  // refused with FAILED_PRECONDITION. Thread-safe, does not block.
  virtual void SetTerm(uint64_t /*term*/, std::function<bool()> /*still_leading*/) {}

  // Looks at every server of the group at the same time, the primary of record after the others
  // have answered (or failed). Never fails as a whole: silence is an observation.
  virtual std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) = 0;

  // Does one step on a server (not a record step). Safe to repeat. On a timeout the statement's
  // session has been killed and seen gone, or the server counts as unreached (UNAVAILABLE).
  virtual absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) = 0;

  // Ends the steps under way on these servers of `group` as if their time were over now; those that
  // begin later are not concerned. Thread-safe, does not block. Where it is not overridden steps
  // take the time they were given.
  virtual void Interrupt(const Group& /*group*/, const std::set<ServerUuid>& /*servers*/) {}

  // Checks a server for admission to `group` (reachability, version, GTID mode, binary log,
  // privileges, server id and uuid clash with `group`, the state store itself, errant or purged
  // transactions against the primary). UNAVAILABLE, UNAUTHENTICATED when it cannot be asked.
  virtual absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                          absl::Duration deadline) = 0;

  // The uuid of the server at `address`, or why it cannot be asked.
  virtual absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) = 0;

  // Addresses that replicate from `address`, and the one it replicates from (empty: none).
  struct Neighbours {
    HostPort source;
    std::vector<HostPort> replicas;
  };
  virtual absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) = 0;

  // Replaces the data of `recipient` by a clone of `donor` (both of `group`, the recipient set
  // aside). Blocks until it has restarted and answers. `progress` (may be empty) gets 0..1.
  // Returns its uuid afterwards. A recipient that failed says so by its state, never looks whole.
  virtual absl::StatusOr<ServerUuid> Clone(const Group& group, const ServerUuid& recipient,
                                           const ServerUuid& donor,
                                           std::function<void(double)> progress,
                                           absl::Duration deadline) = 0;

  // Saves the transactions of `set` from the binary log of `server` as SQL (row images as
  // comments). Returns where they are kept.
  virtual absl::StatusOr<std::string> SaveTransactions(const Group& group, const ServerUuid& server,
                                                       const GtidSet& set,
                                                       absl::Duration deadline) = 0;

  // What a rewind did, or would do.
  struct Rewound {
    std::string path;      // where the transactions are saved; as of SaveTransactions
    GtidSet transactions;  // that the server no longer has
    // Changed rows by table ("`app`.`orders`").
    std::map<std::string, uint64_t> rows;
  };
  // Takes `errant` back on `server` (set aside, of `group`): saves them, undoes their changes of
  // rows from the last to the first in one transaction, makes sure that each row was found as they
  // left it, and has the server forget them, so that it can follow like any other. What it executed
  // besides `errant` stays. With `dry_run` they are only saved and judged. FAILED_PRECONDITION
  // NOT_REWINDABLE when they are not changes of rows alone that can be undone, REWIND_MISMATCH when
  // rows were not as they left them; RESOURCE_EXHAUSTED REWIND_TOO_LARGE; NOT_FOUND
  // TRANSACTIONS_PURGED. Unless it says REWIND_MISMATCH an error leaves the server as errant as it
  // was, or as one that says of itself that it is not whole. Repeating it goes on from there, with
  // `errant` as it is seen then (empty when the server does not let itself be looked at).
  virtual absl::StatusOr<Rewound> Rewind(const Group& group, const ServerUuid& server,
                                         const GtidSet& errant, bool dry_run,
                                         std::function<void(double)> progress,
                                         absl::Duration deadline) = 0;

  // Changes the password of `duty`'s account on every server of `group` that answers.
  virtual absl::Status RotatePassword(const Group& group, absl::string_view duty,
                                      absl::string_view new_password, absl::Duration deadline) = 0;

  // Drops held sessions to a server (it was removed).
  virtual void Forget(const HostPort& address) = 0;
};

}  // namespace weft::controller
