// Rule 3: nobody gives up acknowledgements while there are some.
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {
namespace {

// A group gives them up when there were none for 5 s, by a look that may be as old as a lease.
constexpr Millis kWithout = 5000;
constexpr Millis kLease = 3500;

}  // namespace

void Checkers::CheckNobodyAcknowledged(const Group& record, const std::vector<SimServer>& servers,
                                       Millis now) {
  if (async_at_.has_value() && now - *async_at_ <= kLease) return;  // it may yet be carried out
  for (auto acked = ledger_.rbegin(); acked != ledger_.rend(); ++acked) {
    if (acked->at <= now - kWithout) return;
    if (acked->at > now - kLease || !acked->waited) continue;
    if (servers[acked->server].uuid != record.primary) continue;
    Fail("rule 3, acknowledgements given up while there are some",
         absl::StrCat("of ", servers[acked->server].address.host, " at ", now,
                      " ms, an acknowledged commit ended at ", acked->at, " ms"));
    return;
  }
}

}  // namespace weft::simulation
