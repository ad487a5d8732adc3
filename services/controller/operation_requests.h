#pragma once
// What may be asked of operations and of the record of events.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"

namespace weft::controller {

// Thread-safe.
class OperationRequests {
 public:
  struct Options {
    int default_page_size = 50;
    int max_page_size = 1000;
    absl::Duration longest_wait = absl::Minutes(10);
  };
  template <typename T>
  struct Page {
    std::vector<T> items;  // newest first
    std::string next_token;
  };

  // Both outlive this.
  OperationRequests(Options options, Reconciler* reconciler, Store* store)
      : options_(options), reconciler_(reconciler), store_(store) {}

  absl::StatusOr<Operation> Get(const std::string& name) const;
  absl::StatusOr<Page<Operation>> List(const std::string& group, int page_size,
                                       const std::string& token) const;
  // Until it ended or `timeout` is over; zero: the longest wait. `gone` is asked now and then, and
  // ends the wait where nobody listens any more.
  absl::StatusOr<Operation> Wait(const std::string& name, absl::Duration timeout,
                                 const std::function<bool()>& gone) const;
  // Asks for its end. Returns it as it is then.
  absl::StatusOr<Operation> Cancel(const std::string& name);
  // Those at or after `since`.
  absl::StatusOr<Page<Event>> Events(const std::string& group, int page_size,
                                     const std::string& token,
                                     absl::Time since = absl::InfinitePast()) const;

  OperationsBoard& board() const { return reconciler_->board(); }

 private:
  const Options options_;
  Reconciler* const reconciler_;
  Store* const store_;
};

}  // namespace weft::controller
