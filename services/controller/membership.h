#pragma once
// The long works on one server of a group: it joins, leaves, comes back, is rebuilt. Each is the
// work of an operation, and begins again from what it finds when a controller died in it.
#include <functional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/gtid_set.h"
#include "services/controller/operation_runner.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"

namespace weft::controller {

// Thread-safe; outlives the operations that run its works.
class Membership {
 public:
  struct Options {
    absl::Duration step_deadline = absl::Seconds(5);
    // How long a server may take to replicate from the primary once Weft told it to.
    absl::Duration follow_deadline = absl::Minutes(2);
    // How long a server may stay among those whose acknowledgement counts after its receiver was
    // stopped. A dead one leaves them only after a while (rule 3).
    absl::Duration revoke_deadline = absl::Seconds(15);
    // What one of the servers is given to let go of one that is removed.
    absl::Duration part_deadline = absl::Seconds(1);
    // How long a server that is to be rebuilt may take to be looked at.
    absl::Duration look_deadline = absl::Seconds(10);
    absl::Duration rescue_deadline = absl::Minutes(10);
    absl::Duration rewind_deadline = absl::Minutes(30);
    absl::Duration clone_deadline = absl::Hours(6);
    // How long a rewind or rebuild waits for another one of the same server to end.
    absl::Duration claim_deadline = absl::Seconds(10);
    // How often a condition is looked at while no round ends.
    absl::Duration poll = absl::Milliseconds(200);
  };
  struct Ports {
    Reconciler* reconciler = nullptr;
    Farm* farm = nullptr;
    Store* store = nullptr;
    Clock* clock = nullptr;
  };

  // Kinds of operations, beside those of core/rejoin.h; each works on its operation's group and
  // server.
  static constexpr char kAdd[] = "add";
  static constexpr char kRemove[] = "remove";
  // The same, and whoever asked gave up the writes that only this server has acknowledged.
  static constexpr char kRemoveSurrendering[] = "remove-with-surrender";
  static constexpr char kRejoin[] = "rejoin";

  // Tells the reconciler how each kind goes on after a change of leader.
  Membership(Options options, Ports ports);

  OperationRunner::Work WorkOf(const Operation& operation);

  // Why `server` may not leave its group or lose its data now; OK when it may. Pure.
  static absl::Status CheckMayLeave(const Group& group, const Server& server);
  // For a removal without surrender: FAILED_PRECONDITION PRIMARY_NOT_REACHED where the server may
  // acknowledge commits of a primary that this look did not reach. Who counts as an acknowledger is
  // then not known by anybody, and without it in the set another server could be promoted while
  // both go on (rules 2 and 3). Pure.
  static absl::Status CheckPrimaryTells(const Snapshot& look, const Server& server);

 private:
  using Running = OperationRunner::Running;
  struct Seat {  // one server of one group
    std::string group;
    ServerUuid server;
  };

  // Waits until it follows; a server that was added to be cloned is rebuilt first.
  absl::Status Add(const Seat& seat, const Running& running);
  absl::Status Remove(const Seat& seat, const Operation& operation, const Running& running);
  absl::Status Rejoin(const Seat& seat, const Running& running);
  absl::Status Rebuild(Seat seat, const Running& running);
  // Undoes what only it has. With `or_rebuild` a server that cannot be rewound is rebuilt. Returns
  // the operation's result.
  absl::StatusOr<std::string> Rewind(const Seat& seat, bool or_rebuild, const Running& running);
  // Whether nothing is left to be undone: a leader that died has let it in already.
  bool IsUndone(const Seat& seat, const Server& record);
  absl::StatusOr<Farm::Rewound> RewindData(const Seat& seat, const Running& running);

  // Sets it aside and waits until it neither follows nor counts as an acknowledger, or until that
  // cannot be brought about; with `until_proven` a silent primary is waited for, too.
  absl::Status Withdraw(const Seat& seat, const std::string& why, bool until_proven,
                        const Running& running);
  // FAILED_PRECONDITION while it still counts as an acknowledger: PRIMARY_NOT_REACHED,
  // STILL_ACKNOWLEDGER.
  absl::Status CheckLetGo(const Seat& seat);
  // What the servers were told and asked before the record lets go of one of them.
  struct Parting {
    uint64_t epoch = 0;
    uint64_t version = 0;  // of the acknowledger set
    GtidSet executed;      // of the primary, after it was told; empty where it did not answer
  };
  // Tells the server, or else the primary, that it is to replicate no more. Best effort, and
  // nothing is held meanwhile: a failover does not wait for a server that hangs (S25).
  absl::StatusOr<Parting> Part(const Seat& seat, bool surrender);
  // Takes it out of the record; where it still counts only if `operation` surrenders.
  absl::Status Strike(const Group& record, const Server& server, const Parting& parting,
                      const Operation& operation);
  absl::Status RemoveFromRecord(const Seat& seat, const Operation& operation);
  // A look from now on that tells what only it has, or that its data are not whole any more.
  // FAILED_PRECONDITION SERVER_NOT_REACHED where none does in time.
  absl::StatusOr<Snapshot> LookAt(const Seat& seat, const Running& running);
  // Saves what only it has, before its data are replaced.
  absl::Status SaveOwn(const Seat& seat, const Running& running);
  absl::Status CloneInto(Seat* seat, const Running& running);
  absl::StatusOr<ServerUuid> ChooseDonor(const Seat& seat);
  // It is kept out no longer, and has `uuid` now. What was set aside in an active group stays
  // FAULTY until it has been seen to follow, else it is SECONDARY from now on.
  absl::Status LetIn(const Seat& seat, const ServerUuid& uuid);
  absl::Status AwaitFollowing(const Seat& seat, const Running& running);
  // Looks until `done`; DEADLINE_EXCEEDED, CANCELLED, or what `done` refuses with.
  using Condition = absl::FunctionRef<absl::StatusOr<bool>(const Snapshot&)>;
  absl::Status Await(const std::string& group, absl::Duration timeout, const Running& running,
                     Condition done);
  absl::Status Edit(const Seat& seat, absl::FunctionRef<void(Server*)> edit);
  // For a work on its data: a person may ask for one while the group's policy has begun another.
  // FAILED_PRECONDITION BEING_REBUILT.
  absl::Status Claim(const Seat& seat);
  // For what Weft began by itself: ABORTED SUPERSEDED where the server has other transactions of
  // its own by now.
  absl::Status CheckMeant(const Operation& operation, const Seat& seat);
  absl::StatusOr<std::string> Work(const Operation& operation, const Seat& seat,
                                   const Running& running);

  const Options options_;
  const Ports ports_;
  Mutex mutex_;
  std::set<std::string> being_changed_ ABSL_GUARDED_BY(mutex_);  // servers whose data are
};

}  // namespace weft::controller
