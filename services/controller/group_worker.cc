#include "services/controller/group_worker.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {

namespace {

// Active or not: a deposed primary may come back at any time and is to be fenced, and what commits
// wait for is to stay as it is. A group that never had a primary has neither.
bool IsLookedAfter(const Round& round) {
  if (!round.snapshot.has_value()) return false;
  const Group& group = round.snapshot->group;
  return group.active || group.epoch > 0;  // rules 1 and 2
}

}  // namespace

GroupWorker::GroupWorker(std::string group, Options options, Hooks hooks, Clock* clock)
    : group_(std::move(group)), options_(options), hooks_(std::move(hooks)), clock_(clock) {}

GroupWorker::~GroupWorker() { Stop(); }

void GroupWorker::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void GroupWorker::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void GroupWorker::Wake() {
  MutexLock lock(&mutex_);
  woken_ = true;
  changed_.NotifyAll();
}

void GroupWorker::Claim() {
  MutexLock lock(&mutex_);
  round_wanted_ = true;
  while (claimed_) changed_.Wait(&mutex_);
  round_wanted_ = false;
  claimed_ = true;
}

bool GroupWorker::TryClaim(absl::Duration patience) {
  const Deadline deadline = Deadline::After(clock_, patience);
  MutexLock lock(&mutex_);
  while (claimed_ || round_wanted_) {
    if (stopping_ || deadline.Passed()) return false;
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
  if (stopping_) return false;
  claimed_ = true;
  return true;
}

void GroupWorker::Release() {
  MutexLock lock(&mutex_);
  claimed_ = false;
  changed_.NotifyAll();
}

void GroupWorker::Loop() {
  while (true) {
    const absl::Duration rest = Rounds();
    const Deadline end = Deadline::After(clock_, rest);
    MutexLock lock(&mutex_);
    while (!stopping_ && !woken_ && !end.Passed()) {
      clock_->WaitFor(&changed_, &mutex_, end.Remaining());
    }
    if (stopping_) return;
    woken_ = false;
  }
}

absl::Duration GroupWorker::Rounds() {
  for (int phase = 0; phase < options_.max_phases; ++phase) {
    const std::optional<uint64_t> term = hooks_.term();
    // Woken when the lease is won; until then there is nothing to do.
    if (!term.has_value()) return absl::InfiniteDuration();
    {
      MutexLock lock(&mutex_);
      if (stopping_) return absl::ZeroDuration();
      woken_ = false;
    }
    const Round round = OneRound(*term);
    const absl::Duration rest = RestAfter(round);
    MutexLock lock(&mutex_);
    if (stopping_) return absl::ZeroDuration();
    if (rest > absl::ZeroDuration() && !woken_) return rest;
  }
  return options_.period;
}

Round GroupWorker::OneRound(uint64_t term) {
  Claim();
  if (converger_ == nullptr || term_ != term) {
    converger_ = hooks_.begin_term(term);
    term_ = term;
  }
  const absl::Duration began = clock_->MonotonicNow();
  {
    MutexLock lock(&mutex_);
    ++standing_.begun;
  }
  Round round = converger_->Once();
  hooks_.round(round);
  Note(round, began);
  Release();
  return round;
}

void GroupWorker::Note(const Round& round, absl::Duration began) {
  MutexLock lock(&mutex_);
  ++standing_.rounds;
  standing_.end = round.end;
  standing_.plan = round.plan;
  standing_.status = round.status;
  if (round.snapshot.has_value()) {
    last_look_ = LastLook{*round.snapshot, clock_->Now(), began};
  }
  changed_.NotifyAll();
}

absl::Duration GroupWorker::RestAfter(const Round& round) {
  switch (round.end) {
    case RoundEnd::kActed:
      rest_ = absl::ZeroDuration();
      break;
    case RoundEnd::kFailed:
    case RoundEnd::kWaiting:
      rest_ = std::clamp(rest_ * 2, options_.first_rest, options_.period);
      break;
    case RoundEnd::kRefused:
      // A request that ended leaves another record, which may call for a failover at once.
      rest_ = round.ended.has_value() ? absl::ZeroDuration() : options_.period;
      break;
    case RoundEnd::kSettled: {
      rest_ = absl::ZeroDuration();
      return IsLookedAfter(round) ? options_.period : absl::InfiniteDuration();
    }
  }
  return rest_;
}

bool GroupWorker::ClaimUnlessLooked(absl::Duration since, absl::Duration patience) {
  const Deadline deadline = Deadline::After(clock_, patience);
  MutexLock lock(&mutex_);
  while (true) {
    if (stopping_ || (last_look_.has_value() && last_look_->began >= since)) return false;
    if (!claimed_ && !round_wanted_) break;
    if (deadline.Passed()) return false;
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
  claimed_ = true;
  return true;
}

absl::StatusOr<GroupWorker::LastLook> GroupWorker::Look() {
  const absl::Duration asked = clock_->MonotonicNow();
  // A round, or another's look, that begins meanwhile will do.
  if (!ClaimUnlessLooked(asked - options_.fresh, options_.look_patience)) {
    MutexLock lock(&mutex_);
    if (last_look_.has_value()) return *last_look_;
    return ::weft::Refusal(absl::StatusCode::kUnavailable, "GROUP_BUSY",
                           absl::StrCat("group ", group_, " could not be looked at in time"),
                           "a look", "a round that takes long", "try again");
  }
  const auto release = absl::MakeCleanup([this] { Release(); });
  if (converger_ == nullptr) converger_ = hooks_.begin_term(0);
  absl::StatusOr<Snapshot> snapshot = converger_->Look();
  if (!snapshot.ok()) return snapshot.status();
  LastLook look{*std::move(snapshot), clock_->Now(), asked};
  MutexLock lock(&mutex_);
  last_look_ = look;
  return look;
}

std::optional<GroupWorker::LastLook> GroupWorker::last_look() const {
  MutexLock lock(&mutex_);
  return last_look_;
}

GroupWorker::Standing GroupWorker::standing() const {
  MutexLock lock(&mutex_);
  return standing_;
}

bool GroupWorker::WaitFor(absl::FunctionRef<bool(const Standing&)> done,
                          absl::Duration timeout) const {
  const Deadline deadline = Deadline::After(clock_, timeout);
  MutexLock lock(&mutex_);
  while (!done(standing_)) {
    if (stopping_ || deadline.Passed()) return false;
    clock_->WaitFor(&changed_, &mutex_, deadline.Remaining());
  }
  return true;
}

absl::Status GroupWorker::Exclusively(absl::FunctionRef<absl::Status()> change) {
  if (!TryClaim(options_.patience)) {
    return ::weft::Refusal(absl::StatusCode::kAborted, "GROUP_BUSY",
                           absl::StrCat("group ", group_, " is being changed"), "a group at rest",
                           "a round that takes long", "try again");
  }
  const absl::Status status = change();
  Release();
  Wake();
  return status;
}

}  // namespace weft::controller
