// Rule 6: an errant server is never promoted, never re-attached unasked, and acknowledges nothing.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {
namespace {

// Weft cannot stop what it does not reach: it is given this long after the last fault.
constexpr Millis kGrace = 4000;

bool IsAside(const Group& record, const SimServer& server) {
  const Server* found = record.Find(server.uuid);
  return found != nullptr && !found->set_aside.empty();
}

}  // namespace

void Checkers::CheckErrantQuiet(const Group& record, const SimServer& replica, Millis calm_for) {
  if (calm_for < kGrace || !IsAside(record, replica)) return;
  Fail("rule 6, errant server acknowledges",
       absl::StrCat(replica.address.host, " is set aside and acknowledges"));
}

void Checkers::CheckAsideApart(const Group& record, const std::vector<SimServer>& servers) {
  for (const SimServer& server : servers) {
    const bool errant = std::any_of(errants_.begin(), errants_.end(), [&](const Errant& one) {
      return server.executed[one.transaction];
    });
    if (errant && server.uuid != record.primary && !record.primary.empty() &&
        !IsAside(record, server)) {
      Fail("rule 6, errant server in service",
           absl::StrCat(server.address.host, " is errant and not set aside"));
    }
    if (IsAside(record, server) && server.receiver_on) {
      Fail("rule 6, errant server follows",
           absl::StrCat(server.address.host, " is set aside and receives"));
    }
  }
}

void Checkers::ForgetAdopted(const SimServer& primary) {
  std::erase_if(errants_, [&](const Errant& one) { return primary.executed[one.transaction]; });
}

void Checkers::CheckWinnerClean(const SimServer& winner, Millis now) {
  for (const Errant& one : errants_) {
    if (!winner.executed[one.transaction] || MayHaveComeAfterTheLook(one.at, now)) continue;
    Fail("rule 6, errant server promoted",
         absl::StrCat(winner.address.host, " has errant transactions and was promoted"));
  }
}

}  // namespace weft::simulation
