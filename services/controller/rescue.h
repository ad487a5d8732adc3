#pragma once
// Saves what a server that was set aside has of its own, and says of it what is known. Weft never
// deletes a transaction unsaved.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/core/told.h"
#include "services/controller/event_journal.h"
#include "services/controller/operation_runner.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Thread-safe.
class Rescue {
 public:
  // Of the operations that it makes.
  static constexpr char kKind[] = "rescue";

  // All outlive this.
  Rescue(Farm* farm, Store* store, OperationRunner* runner, EventJournal* journal, Clock* clock,
         absl::Duration deadline)
      : farm_(farm),
        store_(store),
        runner_(runner),
        journal_(journal),
        clock_(clock),
        deadline_(deadline) {}

  // Saves `server.errant` as SQL, as an operation in the background, unless one runs already (also
  // one of an earlier leader). Its end writes to
  // the record of the server what core/rejoin.h and people want to know. Blocks on the store.
  void Begin(const Group& group, const Server& server);

  // The work of a rescue that an earlier leader left.
  OperationRunner::Work WorkOf(const Operation& operation);

 private:
  absl::StatusOr<std::string> Save(const std::string& group, const std::string& server,
                                   const std::string& operation);

  // What the store knows of how its primaries were replaced.
  std::vector<EndOfReign> EndsOfReigns(const std::string& group);
  // They change rows of Weft's heartbeats and nothing else.
  bool AreHeartbeatsAlone(const Group& group, const ServerUuid& server, const GtidSet& errant);
  // Adds it to what the record says of why the server is set aside, in place of an earlier note. OK
  // where the server is not aside for the same any more.
  absl::Status Note(const Group& group, const Server& server, const std::string& note);

  Farm* const farm_;
  Store* const store_;
  OperationRunner* const runner_;
  EventJournal* const journal_;
  Clock* const clock_;
  const absl::Duration deadline_;
};

}  // namespace weft::controller
