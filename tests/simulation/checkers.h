#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/group.h"
#include "services/controller/core/snapshot.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/transactions.h"

namespace weft::simulation {

// What must hold in every run, looked at while the world moves. Each rule has a file of its own
// under checkers/; this is what they share: the ledger, and the first violation.
class Checkers {
 public:
  // A client was told that its write is done.
  struct Acked {
    int transaction;
    int server;
    Millis at;
    bool waited;  // for acknowledgements
  };

  // --- what happens
  void OnAcked(const Group& record, const std::vector<SimServer>& servers, const Acked& acked);
  // A replica acknowledges. `calm_for`: no fault has been active for so long.
  void OnAcknowledgement(const Group& record, const SimServer& replica, Millis calm_for);
  void OnErrant(int transaction, Millis at) { errants_.push_back({transaction, at}); }
  // A controller neither runs nor notices, so long.
  void OnPause(Millis at, Millis lasts) { pauses_.push_back({at, at + lasts}); }
  // Somebody gave a server another promotion rule.
  void OnRule(const ServerUuid& server, PromotionRule rule, Millis now);
  // `watermark`: of the record before.
  void OnRecord(const Group& before, const Group& after, const TransactionSet& watermark,
                const std::vector<SimServer>& servers, Millis now);
  // Before and after a write of the record.
  void OnIntent(const Group& before, const Group& after, absl::Time now);
  // A look of a leader. Every semi-sync replica there is belongs to the group.
  void OnLook(const controller::Snapshot& look);
  // All faults are healed and the group is settled.
  void OnEnd(const Group& record, const std::vector<SimServer>& servers);

  void Fail(const std::string& rule, const std::string& what);
  bool ok() const { return failure_.empty(); }
  // "rule: what", of the first violation.
  const std::string& failure() const { return failure_; }
  const std::vector<Acked>& ledger() const { return ledger_; }

 private:
  // acked_lost.cc (rule 1)
  void CheckNothingLost(const SimServer& primary, const std::string& when);
  // two_writable.cc (rule 2)
  void CheckOnePrimary(const Group& record, const Acked& acked,
                       const std::vector<SimServer>& servers);
  void CheckWaited(const Group& record, const Acked& acked, const std::vector<SimServer>& servers);
  // errant_follows.cc (rule 6)
  void CheckErrantQuiet(const Group& record, const SimServer& replica, Millis calm_for);
  void CheckAsideApart(const Group& record, const std::vector<SimServer>& servers);
  // What a primary has executed in office is the group's own, wherever it began: it may have come
  // over a channel that was just being cut. (One promoted with it would have failed the next.)
  void ForgetAdopted(const SimServer& primary);
  void CheckWinnerClean(const SimServer& winner, Millis now);
  // false_stranger.cc (rule 3)
  void CheckNoStrangers(const controller::Snapshot& look);
  // below_watermark.cc (rule 3)
  void CheckWatermark(const TransactionSet& watermark, const SimServer& winner);
  // gave_up.cc (rule 3)
  void CheckNobodyAcknowledged(const Group& record, const std::vector<SimServer>& servers,
                               Millis now);
  // What happened at `at` may have come between a look and the commit that follows it at `now`, so
  // that nobody could know of it. A controller may be held up in between.
  bool MayHaveComeAfterTheLook(Millis at, Millis now) const;
  // must_not.cc (rule 5)
  void CheckMayLead(const SimServer& winner, Millis now);

  std::vector<Acked> ledger_;
  TransactionSet promised_;  // acknowledged under lossless: never to be lost
  struct Errant {
    int transaction;
    Millis at;
  };
  struct Pause {
    Millis from;
    Millis until;
  };
  std::vector<Pause> pauses_;               // of controllers
  std::map<ServerUuid, Millis> forbidden_;  // MUST_NOT, and since when
  std::vector<Errant> errants_;             // written on a server that was not the primary
  std::optional<Millis> async_at_;          // the policy was, at last
  bool lossless_epoch_ = false;             // the policy when it began
  bool commits_wait_ = false;               // in this epoch, by what was seen of it
  // Deposed while commits waited for nobody, and not seen read-only since: nobody could stop them.
  std::set<ServerUuid> at_large_;
  std::string failure_;
};

}  // namespace weft::simulation
