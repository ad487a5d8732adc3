#include "tests/simulation/checkers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weft::simulation {
namespace {

constexpr Millis kBetweenLookAndCommit = 400;

const SimServer* ServerOf(const std::vector<SimServer>& servers, const ServerUuid& uuid) {
  for (const SimServer& server : servers) {
    if (server.uuid == uuid) return &server;
  }
  return nullptr;
}

}  // namespace

void Checkers::Fail(const std::string& rule, const std::string& what) {
  if (failure_.empty()) failure_ = absl::StrCat(rule, ": ", what);
}

bool Checkers::MayHaveComeAfterTheLook(Millis at, Millis now) const {
  Millis awake = now - at;
  for (const Pause& pause : pauses_) {
    awake -= std::max<Millis>(0, std::min(now, pause.until) - std::max(at, pause.from));
  }
  return awake < kBetweenLookAndCommit;
}

void Checkers::OnAcked(const Group& record, const std::vector<SimServer>& servers,
                       const Acked& acked) {
  ledger_.push_back(acked);
  CheckOnePrimary(record, acked, servers);
  CheckWaited(record, acked, servers);
  // One that was deposed while nothing was promised, and is out of reach, promises nothing later.
  const bool at_large = at_large_.count(servers[acked.server].uuid) > 0;
  if (record.durability == Durability::kLossless && acked.waited && !at_large) {
    promised_.set(acked.transaction);
    if (servers[acked.server].uuid == record.primary && !record.acknowledgers.servers.empty()) {
      commits_wait_ = true;
    }
  }
}

void Checkers::OnAcknowledgement(const Group& record, const SimServer& replica, Millis calm_for) {
  CheckErrantQuiet(record, replica, calm_for);
}

void Checkers::OnRecord(const Group& before, const Group& after, const TransactionSet& watermark,
                        const std::vector<SimServer>& servers, Millis now) {
  if (after.durability == Durability::kAsync && before.durability != Durability::kAsync) {
    promised_.reset();  // the loss of what was acknowledged is accepted from now on
    commits_wait_ = false;
  }
  if (after.durability == Durability::kAsync || before.durability == Durability::kAsync) {
    async_at_ = now;
  }
  // A group that is set to go on without acknowledgements promises nothing meanwhile.
  if (after.acknowledgers.servers.empty()) commits_wait_ = false;
  if (after.epoch == before.epoch) {
    const bool gives_up =
        !before.acknowledgers.servers.empty() && after.acknowledgers.servers.empty();
    if (gives_up && after.durability == Durability::kLossless) {
      CheckNobodyAcknowledged(after, servers, now);
    }
    return;
  }
  const bool waited =
      before.durability == Durability::kLossless && !before.acknowledgers.servers.empty();
  if (!waited && !before.primary.empty()) at_large_.insert(before.primary);
  at_large_.erase(after.primary);
  lossless_epoch_ = after.durability == Durability::kLossless;
  commits_wait_ = after.durability == Durability::kLossless && !after.acknowledgers.servers.empty();
  const SimServer* const loser = ServerOf(servers, before.primary);
  if (loser != nullptr) ForgetAdopted(*loser);
  const SimServer* winner = ServerOf(servers, after.primary);
  if (winner == nullptr) return;
  CheckNothingLost(*winner, absl::StrCat("when epoch ", after.epoch, " began"));
  CheckWinnerClean(*winner, now);
  CheckWatermark(watermark, *winner);
  CheckMayLead(*winner, now);
}

void Checkers::OnLook(const controller::Snapshot& look) {
  CheckNoStrangers(look);
  for (const auto& [server, seen] : look.seen) {
    if (seen.reached() && seen.super_read_only) at_large_.erase(server);
  }
}

void Checkers::OnEnd(const Group& record, const std::vector<SimServer>& servers) {
  const SimServer* primary = ServerOf(servers, record.primary);
  if (primary != nullptr) {
    CheckNothingLost(*primary, "at the end");
    ForgetAdopted(*primary);
  }
  CheckAsideApart(record, servers);
}

}  // namespace weft::simulation
