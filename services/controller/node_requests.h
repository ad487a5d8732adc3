#pragma once
// The node itself: its state store, its leader, its accounts.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/health_table.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

// Thread-safe.
class NodeRequests {
 public:
  struct Ports {
    Reconciler* reconciler = nullptr;
    Farm* farm = nullptr;
    Store* store = nullptr;
    HealthTable* health = nullptr;
    RequestLedger* ledger = nullptr;
    Clock* clock = nullptr;
  };
  struct Options {
    std::string version;
    std::string store_address;
    // The file that the farm reads each duty's password from, by the duty's name.
    std::map<std::string, std::string> password_files;
    absl::Duration rotate_deadline = absl::Seconds(30);
  };
  struct Status {
    std::string version;
    std::string store_address;
    absl::Status store;  // how it answered
    SchemaStatus schema;
    Lease lease;
    bool leading = false;
    absl::Duration uptime;
    int groups = 0;
    int monitors = 0;
    std::optional<FailoverSwitch> failover;  // absent while the store is down
    int restored_groups = 0;
    std::vector<StoreDeviation> deviations;  // of SetUp alone
  };

  static constexpr char kConfirmation[] = "destroy all state";

  NodeRequests(Options options, Ports ports)
      : options_(std::move(options)), ports_(ports), started_(ports.clock->MonotonicNow()) {}

  // Answers also while the store is down.
  Status Get();
  // Looks at the store before it makes anything: STORE_UNFIT. `members`, where there are any, must
  // be those that this controller was started with. `check_only`: nothing is made, and what would
  // keep it from being set up is among the deviations.
  absl::StatusOr<Status> SetUp(const std::vector<std::string>& members, bool check_only);
  // The text of a backup (backup_file.h), and of how many groups and machines.
  struct Backup {
    std::string text;
    absl::Time taken;
    int groups = 0;
    int machines = 0;
  };
  absl::StatusOr<Backup> BackUp();
  // Returns once a new term has begun, or after seconds.
  absl::StatusOr<Status> Restore(const std::string& backup, bool surrender, const Caller& caller);
  // `abandon_machines`: although machines are listed, which run on.
  absl::StatusOr<Status> TearDown(const std::string& confirmation, bool abandon_machines);
  // Changes the password of `duty` on every server and then in its file. All servers must answer;
  // one that fell silent in the middle ends it with UNAVAILABLE, and the same request completes it.
  // Returns the servers that have the new password.
  absl::StatusOr<std::vector<ServerUuid>> Rotate(const std::string& duty, const Caller& caller);

 private:
  absl::Status CheckMembers(const std::vector<std::string>& members) const;
  absl::Status CheckNoMachines();
  absl::StatusOr<std::vector<ServerUuid>> CheckAllAnswer();
  absl::Status RotateEverywhere(const std::string& duty, const std::string& file);

  const Options options_;
  const Ports ports_;
  const absl::Duration started_;
  Mutex rotating_;  // one rotation at a time
};

}  // namespace weft::controller
