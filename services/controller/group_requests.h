#pragma once
// What may be asked of groups: validation and the road of each request. The rules of the API live
// here, neither in the gRPC handlers nor in the clients.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/convert.h"
#include "services/controller/core/finding.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {

// A record with what was seen of its servers last.
struct GroupView {
  Group group;
  std::optional<Snapshot> look;
  absl::Time looked;
  // Why the store does not answer; empty while it does. Then the record is as it was known before.
  std::string store_error = {};
};

// Thread-safe. Calls block for store calls and looks; those that change something need the lease.
class GroupRequests {
 public:
  struct Ports {
    Reconciler* reconciler = nullptr;
    Farm* farm = nullptr;
    Store* store = nullptr;
    RequestLedger* ledger = nullptr;
    Clock* clock = nullptr;
  };
  struct Options {
    absl::Duration default_write_stop_budget = absl::Seconds(10);
    int default_page_size = 50;
    int max_page_size = 1000;
    // The programs that settings may name.
    std::set<std::string> hooks;
  };
  struct Listed {
    Group group;
    std::string effective_durability;  // by the last look; without one, by the record
  };
  struct Page {
    std::vector<Listed> groups;
    std::string next_token;
  };
  // Which fields of `group` an update changes; the etag is compared where it is not empty. For each
  // "settings.NAME" of the mask `settings` has the text (common/model/group_settings.h).
  struct Change {
    Group group;
    std::vector<std::string> mask;
    std::map<std::string, std::string> settings;
    std::string etag;
  };
  struct Order {
    std::string group;
    std::string server;  // as people name it; empty: the best
    std::string expected_primary;
    uint64_t expected_epoch = 0;
    absl::Duration write_stop_budget = absl::ZeroDuration();  // zero: the default
  };
  // What an order led to; with validate_only what it would lead to.
  struct Outcome {
    std::optional<Operation> operation;
    std::vector<Plan> foreseen;
    Group group;  // of what is foreseen
  };
  struct Explanation {
    GroupView view;
    std::vector<Finding> findings;
    Plan next;
  };

  GroupRequests(Options options, Ports ports) : options_(options), ports_(ports) {}

  absl::StatusOr<Group> Create(const Group& wanted, const Caller& caller);
  // `cached`: without a look. Answers from memory while the store is down.
  absl::StatusOr<GroupView> Get(const std::string& group, bool cached);
  absl::StatusOr<Page> List(int page_size, const std::string& token);
  absl::StatusOr<Group> Update(const Change& change, const Caller& caller);
  absl::Status Destroy(const std::string& group, bool force, const std::string& etag,
                       const Caller& caller);
  absl::StatusOr<Group> SetActive(const std::string& group, bool active, const Caller& caller);
  absl::StatusOr<Outcome> Promote(const Order& order, const Caller& caller);
  absl::StatusOr<Outcome> Demote(const Order& order, const Caller& caller);
  absl::StatusOr<Explanation> Explain(const std::string& group);

 private:
  absl::StatusOr<Group> Expect(const Order& order);
  // ABORTED PRIMARY_MOVED, EPOCH_MOVED: the group is not as whoever gave the order expected.
  static absl::Status Compare(const Order& order, const Group& record);
  absl::StatusOr<Outcome> Begin(const Order& order, absl::string_view kind, const Intent& intent,
                                const Caller& caller);
  // ABORTED ETAG_MOVED where it would raise the acknowledgements beyond `raised_to`.
  absl::Status Write(const Change& change, uint32_t raised_to = 0);
  absl::Status Raise(const Change& change);
  // Raising the number of acknowledgements must not weaken what was promised before.
  absl::Status WriteOrRaise(const Change& change);

  const Options options_;
  const Ports ports_;
};

// One page of something ordered: the index of the first element after `token`, and how many.
// INVALID_ARGUMENT for a negative size.
absl::StatusOr<int> PageSize(int asked, int fallback, int most);

// The server of `group` that `name` means. NOT_FOUND, INVALID_ARGUMENT.
absl::StatusOr<Server> ServerOfGroup(const Group& group, const std::string& name);

}  // namespace weft::controller
