#pragma once
// Takes a topology that runs over as it is: the source becomes the primary of a new group, its
// replicas secondaries, in one write of the store and without one on the servers.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

// Thread-safe.
class Adoption {
 public:
  struct Ports {
    Reconciler* reconciler = nullptr;
    Farm* farm = nullptr;
    Store* store = nullptr;
    RequestLedger* ledger = nullptr;
    Clock* clock = nullptr;
  };
  struct Options {
    absl::Duration admit_deadline = absl::Seconds(10);
    size_t max_servers = 256;
    // How long the group may take to settle, and how often an end may be asked for meanwhile.
    absl::Duration settle_deadline = absl::Minutes(5);
    absl::Duration slice = absl::Milliseconds(500);
  };
  struct Result {
    Group group;
    std::optional<Operation> operation;  // absent with validate_only
  };

  static constexpr char kKind[] = "adopt";

  // Tells the reconciler how an adoption goes on after a change of leader.
  Adoption(Options options, Ports ports);

  // `wanted` has id, description, durability, acknowledgements. `address`: any server of the
  // topology. FAILED_PRECONDITION names what cannot be adopted, and of which server.
  absl::StatusOr<Result> Adopt(const Group& wanted, const std::string& address,
                               const Caller& caller);

 private:
  struct Found {
    HostPort source;                               // the server that replicates from nobody
    std::map<HostPort, HostPort> replicates_from;  // all others
  };

  OperationRunner::Work WorkOf(const Operation& operation);
  absl::StatusOr<Found> Discover(const HostPort& start);
  absl::StatusOr<HostPort> FindSource(const HostPort& start);
  absl::Status FindReplicas(Found* found);
  // The record that says what runs.
  absl::StatusOr<Group> Describe(const Group& wanted, const Found& found);

  const Options options_;
  const Ports ports_;
};

}  // namespace weft::controller
