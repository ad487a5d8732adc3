#pragma once
// Turns what the rounds of a group saw, decided and did into events (design section 4, rule 11).
#include <map>
#include <string>

#include "services/controller/converge.h"
#include "services/controller/event_journal.h"

namespace weft::controller {

// Of one group, for one term. What stays as it is is recorded once. Not thread-safe.
class Chronicle {
 public:
  // `journal` outlives this.
  Chronicle(std::string group, EventJournal* journal)
      : group_(std::move(group)), journal_(journal) {}

  // Takes each round in order.
  void Take(const Round& round);

 private:
  void TakeFindings(const Snapshot& look);
  void TakeVerdict(const Snapshot& look);
  void TakePlan(const Round& round);
  void TakeFailures(const Round& round);
  Event NewEvent(const Round& round, std::string kind, std::string text) const;

  const std::string group_;
  EventJournal* const journal_;
  // Key (code and server) and message of what was found at the last look.
  std::map<std::string, std::string> findings_;
  bool began_ = false;   // a verdict was seen
  bool failed_ = false;  // the last round failed
};

}  // namespace weft::controller
