#pragma once
// What may be asked of the guards that keep Weft from acting unasked: acknowledgement of a
// failover, windows of maintenance, the node's kill switch.
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

// Thread-safe. Calls block for store calls; all need the lease.
class GuardRequests {
 public:
  struct Ports {
    Reconciler* reconciler = nullptr;
    Store* store = nullptr;
    RequestLedger* ledger = nullptr;
    Clock* clock = nullptr;
  };
  struct Window {
    std::string group;
    std::string server;                              // as people name it; empty: the whole group
    absl::Duration duration = absl::ZeroDuration();  // zero: it ends now
    std::string reason;
  };
  static constexpr absl::Duration kLongestWindow = absl::Hours(7 * 24);

  explicit GuardRequests(Ports ports) : ports_(ports) {}

  absl::StatusOr<Group> Acknowledge(const std::string& group, const Caller& caller);
  // INVALID_ARGUMENT BAD_WINDOW for a duration that is negative or too long.
  absl::StatusOr<Group> SetMaintenance(const Window& window, const Caller& caller);
  // INVALID_ARGUMENT NO_REASON when it is turned off without one.
  absl::StatusOr<FailoverSwitch> SetFailover(bool enabled, const std::string& reason,
                                             const Caller& caller);

 private:
  // Changes the settings of the record, as often as others come between.
  absl::Status Change(const std::string& group,
                      absl::FunctionRef<absl::Status(const Group&, GroupSettings*)> change);
  absl::StatusOr<Group> Once(const std::string& kind, const std::string& group,
                             const Caller& caller,
                             absl::FunctionRef<absl::Status(const Group&, GroupSettings*)> change);

  const Ports ports_;
};

}  // namespace weft::controller
