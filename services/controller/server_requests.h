#pragma once
// What may be asked of servers: validation and the road of each request.
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/membership.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

// Thread-safe. Calls block for store calls and looks; those that change something need the lease.
class ServerRequests {
 public:
  struct Ports {
    Reconciler* reconciler = nullptr;
    Farm* farm = nullptr;
    Store* store = nullptr;
    RequestLedger* ledger = nullptr;
    Membership* membership = nullptr;
    Clock* clock = nullptr;
  };
  struct Options {
    absl::Duration admit_deadline = absl::Seconds(10);
    int default_page_size = 50;
    int max_page_size = 1000;
  };
  struct Filter {
    std::string group;  // empty: all
    std::optional<ServerStatus> status;
    std::optional<ServerMode> mode;
  };
  struct Page {
    std::vector<Server> servers;
    std::string next_token;
  };
  struct View {
    Server server;
    std::optional<Snapshot> look;  // of its group
    absl::Time looked;
  };
  struct AddOrder {
    std::string group;
    std::string address;
    ServerStatus status = ServerStatus::kSecondary;  // or kSpare
    double weight = 1.0;
    PromotionRule promotion_rule = PromotionRule::kNeutral;
    std::string zone;
    bool update_only = false;  // only record it
    bool rebuild = false;      // clone a member into it where only its data stand in the way
  };
  struct Change {
    std::string server;  // as people name it
    std::vector<std::string> mask;
    ServerStatus status = ServerStatus::kSecondary;
    ServerMode mode = ServerMode::kReadOnly;
    double weight = 1.0;
    PromotionRule promotion_rule = PromotionRule::kNeutral;
    std::string zone;
  };
  struct Started {
    Server server;
    std::optional<Operation> operation;  // absent with validate_only
    // What a rewind would undo: with validate_only, when one was asked for and is possible.
    std::optional<Farm::Rewound> rewound;
  };

  ServerRequests(Options options, Ports ports) : options_(options), ports_(ports) {}

  absl::StatusOr<View> Get(const std::string& name);
  // Ordered by group, then address. Answers from memory.
  absl::StatusOr<Page> List(const Filter& filter, int page_size, const std::string& token);
  absl::StatusOr<Admission> Check(const std::string& group, const std::string& address);
  absl::StatusOr<ServerUuid> Identify(const std::string& address);

  absl::StatusOr<Started> Add(const AddOrder& order, const Caller& caller);
  struct RemoveOrder {
    std::string group;
    std::string server;      // as people name it
    bool surrender = false;  // of the writes that only it has acknowledged
  };
  absl::StatusOr<Started> Remove(const RemoveOrder& order, const Caller& caller);
  absl::StatusOr<Server> Update(const Change& change, const Caller& caller);
  // How a server that was set aside comes back: as it is; by a clone; by undoing what only it has,
  // and by a clone if that cannot be done and both are true.
  struct RejoinOrder {
    std::string server;  // as people name it
    bool rebuild = false;
    bool rewind = false;
  };
  absl::StatusOr<Started> Rejoin(const RejoinOrder& order, const Caller& caller);

  // The server, in whatever group, that `name` means. NOT_FOUND, INVALID_ARGUMENT.
  absl::StatusOr<Server> Find(const std::string& name) const;

 private:
  absl::StatusOr<Started> Begin(Started started, const Caller& caller, absl::string_view kind);
  absl::StatusOr<std::optional<Started>> Earlier(const Caller& caller, absl::string_view kind,
                                                 const std::string& group);
  absl::Status CheckChange(const Change& change, const Server& server) const;
  absl::Status CheckReturn(const Server& server);
  absl::Status CheckPrimaryTells(const std::string& group, const Server& server);
  absl::Status ForeseeRewind(const Group& group, Started* started);

  const Options options_;
  const Ports ports_;
};

// FAILED_PRECONDITION that lists every fatal problem with what mends it; OK when none is fatal.
absl::Status StatusOf(const HostPort& address, const Admission& admission);

}  // namespace weft::controller
