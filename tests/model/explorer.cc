#include "tests/model/explorer.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/model/server.h"
#include "tests/model/removed.h"
#include "tests/model/well.h"

namespace weft::model {
namespace {

constexpr auto kNeutral = static_cast<uint8_t>(PromotionRule::kNeutral);
constexpr auto kSecondary = static_cast<uint8_t>(ServerStatus::kSecondary);

template <typename... Kinds>
constexpr uint64_t Only(Kinds... kinds) {
  return ((1ULL << static_cast<int>(kinds)) | ...);
}

// How a state was first reached.
struct Reached {
  uint64_t hash;
  uint32_t from;
};

class Search {
 public:
  explicit Search(const Scope& scope)
      : scope_(scope), begin_(Settled(scope.rule, scope.status, &decisions_)) {}

  Outcome Run();
  Decisions& decisions() { return decisions_; }

 private:
  struct Here {
    State state;
    uint32_t number;
  };

  // False when a rule breaks.
  bool From(const Here& here, std::vector<Here>* later);
  bool Arrive(Next* next, uint32_t from, std::vector<Here>* later);
  std::vector<std::string> TraceTo(uint32_t number, const std::string& broken);

  const Scope scope_;
  Decisions decisions_;
  const State begin_;
  Outcome outcome_;
  std::vector<Reached> reached_;
  std::unordered_set<uint64_t> known_;
  std::unordered_set<uint64_t> good_;
  std::vector<Next> next_;
};

bool Search::Arrive(Next* next, uint32_t from, std::vector<Here>* later) {
  ++outcome_.moves;
  if (!next->broken.empty()) {
    outcome_.broken = next->broken;
    outcome_.trace = TraceTo(from, next->broken);
    return false;
  }
  Names names;
  const State canonical = Canonical(next->state, &names);
  const uint64_t hash = Hash(canonical);
  if (!known_.insert(hash).second) return true;
  const auto number = static_cast<uint32_t>(reached_.size());
  reached_.push_back({hash, from});
  const std::string why = WhyNotWell(canonical, &decisions_, &good_);
  if (!why.empty()) {
    outcome_.broken = why;
    outcome_.trace = TraceTo(number, "");
    return false;
  }
  later->push_back({canonical, number});
  return true;
}

bool Search::From(const Here& here, std::vector<Here>* later) {
  Expand(here.state, scope_.bounds, &decisions_, &next_);
  return std::all_of(next_.begin(), next_.end(),
                     [&](Next& next) { return Arrive(&next, here.number, later); });
}

Outcome Search::Run() {
  Clock* const clock = RealClock::Get();
  const absl::Duration end = clock->MonotonicNow() + absl::Seconds(scope_.seconds);
  std::vector<Here> now;
  std::vector<Here> later;
  Next first{{Kind::kLead}, begin_, ""};
  bool whole = Arrive(&first, 0, &now);
  while (whole && !now.empty()) {
    ++outcome_.depth;
    for (const Here& here : now) {
      whole = From(here, &later) && clock->MonotonicNow() < end;
      if (!whole) break;
    }
    now.clear();
    now.swap(later);
  }
  outcome_.exhausted = whole;
  outcome_.states = reached_.size();
  outcome_.decisions = decisions_.asked();
  return std::move(outcome_);
}

// Made again from the beginning, so that each server keeps its name.
std::vector<std::string> Search::TraceTo(uint32_t number, const std::string& broken) {
  std::vector<uint64_t> hashes;
  for (; number != 0; number = reached_[number].from) hashes.push_back(reached_[number].hash);
  std::vector<std::string> trace;
  State state = begin_;
  std::vector<Next> next;
  for (; !hashes.empty(); hashes.pop_back()) {
    Expand(state, scope_.bounds, &decisions_, &next);
    const auto taken = std::find_if(next.begin(), next.end(), [&](const Next& one) {
      Names names;
      return Hash(Canonical(one.state, &names)) == hashes.back();
    });
    trace.push_back(TextOf(state, taken->move, &decisions_));
    state = taken->state;
  }
  if (broken.empty()) return trace;
  Expand(state, scope_.bounds, &decisions_, &next);
  const auto last =
      std::find_if(next.begin(), next.end(), [&](const Next& one) { return !one.broken.empty(); });
  trace.push_back(TextOf(state, last->move, &decisions_));
  outcome_.broken = last->broken;  // with the servers' own names
  return trace;
}

}  // namespace

std::vector<Scope> Scopes(int faults) {
  const auto of = [&](int usual) { return faults < 0 ? usual : faults; };
  constexpr uint64_t kAll = ~0ULL;
  const auto must_not = static_cast<uint8_t>(PromotionRule::kMustNot);
  const auto spare = static_cast<uint8_t>(ServerStatus::kSpare);
  return {
      {"failover", {of(1), 0, 2, false, kAll}, kNeutral, kSecondary},
      {"must-not", {of(1), 0, 1, true, kAll}, must_not, kSecondary},
      {"spare", {of(1), 0, 1, true, kAll}, kNeutral, spare},
      {"request", {of(1), 1, 1, true, kAll}, kNeutral, kSecondary},
      {"request-crash",
       {of(1), 1, 1, true, Only(Kind::kCrash, Kind::kCrashLeader)},
       kNeutral,
       kSecondary},
  };
}

Outcome Explore(const Scope& scope) { return Search(scope).Run(); }

std::vector<int> Touched(const Scope& scope, int most) {
  Search search(scope);
  search.decisions().Keep();
  search.Run();
  std::vector<int> touched;
  for (weft_removed = 1; weft_removed <= most; ++weft_removed) {
    if (search.decisions().AreChanged()) touched.push_back(weft_removed);
  }
  weft_removed = 0;
  return touched;
}

Replayed Replay(const Scope& scope, const std::vector<std::string>& trace) {
  Decisions decisions;
  State state = Settled(scope.rule, scope.status, &decisions);
  std::unordered_set<uint64_t> good;
  std::vector<Next> next;
  for (const std::string& move : trace) {
    Expand(state, scope.bounds, &decisions, &next);
    const auto taken = std::find_if(next.begin(), next.end(), [&](const Next& one) {
      return TextOf(state, one.move, &decisions) == move;
    });
    if (taken == next.end()) {
      std::string held = absl::StrCat("cannot be done: ", move);
      for (const Next& one : next) {
        const std::string text = TextOf(state, one.move, &decisions);
        if (absl::StartsWith(text, move.substr(0, 4))) absl::StrAppend(&held, "; but: ", text);
      }
      return {held, ""};
    }
    if (!taken->broken.empty()) return {"", taken->broken};
    state = taken->state;
  }
  return {"", WhyNotWell(state, &decisions, &good)};
}

}  // namespace weft::model
