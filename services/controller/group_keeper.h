#pragma once
// One group in a controller's memory: its record, its worker, and what its rounds mean.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "common/model/group_settings.h"
#include "services/controller/chronicle.h"
#include "services/controller/event_journal.h"
#include "services/controller/group_news.h"
#include "services/controller/group_worker.h"
#include "services/controller/metrics.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/store.h"
#include "services/controller/promotion_story.h"

namespace weft::controller {

// Thread-safe.
class GroupKeeper {
 public:
  // What all groups share; everything outlives the keepers.
  struct Shared {
    Store* store = nullptr;
    Clock* clock = nullptr;
    EventJournal* journal = nullptr;
    OperationsBoard* board = nullptr;
    ControllerMetrics* metrics = nullptr;
    std::function<std::optional<uint64_t>()> term;  // see GroupWorker::Hooks
    std::function<std::unique_ptr<Converger>(const std::string& group, uint64_t term)> converger;
    // The record, or who takes no reads for now, changed: in order for each group, from any thread.
    // Must not block.
    std::function<void(const GroupNews& news)> changed;
    // A server was set aside with transactions of its own: save them. From the worker's thread.
    std::function<void(const Group& group, const Server& server)> rescue;
    // A server comes back without anybody having asked: begin that. From the worker's thread.
    std::function<void(const Group& group, const Server& server, RejoinPolicy how)> rejoin;
    GroupWorker::Options worker;
  };

  GroupKeeper(const Group& record, const Shared* shared);
  ~GroupKeeper();

  GroupWorker& worker() { return worker_; }
  Group record() const;

  // Takes a record that was read or written; an older one than known is ignored.
  void Take(const Group& record);
  // The group exists no more: nothing of it is told afterwards but that.
  void Remove();

  // Something looks like the death of the primary of record.
  void Suspect(const ServerUuid& server);

 private:
  std::unique_ptr<Converger> BeginTerm(uint64_t term);
  void TakeRound(const Round& round);
  // `drained`: nullopt: as before, while this controller leads.
  void Take(const Group& record, std::optional<std::set<ServerUuid>> drained);
  void TakeOperation(const Round& round);
  // The intent of an operation that is shown to run is gone: the store ended it, and its answer was
  // lost.
  void TakeLostEnd();
  void EndOperation(const Round& round);
  // Asks a pending intent to be given up, where somebody asked for its end (before its Commit).
  void GiveUpIfCancelled(const Snapshot& look);
  // Completes the figures of a failover whose old primary could not be read at the time.
  void CompleteLoss(const Snapshot& look);
  void FindOpenLoss();
  // True once in a while for each `what`, as long as the server is aside.
  bool IsTimeFor(const Server& server, const std::string& what);
  void RescueErrant(const Snapshot& look);
  void RejoinUnasked(const Snapshot& look);

  const std::string id_;
  const Shared* const shared_;

  mutable Mutex mutex_;
  Group record_ ABSL_GUARDED_BY(mutex_);
  std::set<ServerUuid> drained_ ABSL_GUARDED_BY(mutex_);
  bool removed_ ABSL_GUARDED_BY(mutex_) = false;
  Mutex telling_mutex_;  // held while `changed` is called; before mutex_

  Mutex story_mutex_;
  PromotionStory story_ ABSL_GUARDED_BY(story_mutex_);

  // Only the worker's thread.
  std::unique_ptr<Chronicle> chronicle_;
  std::optional<Operation> pending_;  // of the intent
  int rounds_of_pending_ = 0;
  std::optional<Operation> open_loss_;  // an ended failover whose loss is not known exactly
  struct Begun {
    std::string what;
    absl::Duration when;
  };
  std::map<std::string, Begun> begun_;  // by server: what was begun last for it unasked
  std::string last_refusal_;

  GroupWorker worker_;  // last: its thread uses all of the above
};

}  // namespace weft::controller
