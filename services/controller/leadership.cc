#include "services/controller/leadership.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/log/log.h"

namespace weft::controller {
namespace {

constexpr char kSuffixMark = '#';
// At another's lease, in the time between two renewals: the later its last renewal is seen, the
// later it is known to have run out.
constexpr int kLooks = 4;

std::string WithoutSuffix(const std::string& holder) {
  return holder.substr(0, holder.rfind(kSuffixMark));
}

absl::Status StoreDown(const absl::Status& status) {
  constexpr absl::string_view kWhat = "the state store does not answer: ";
  // What the store's adapter says begins so already.
  const absl::string_view cause = absl::StripPrefix(status.message(), kWhat);
  return ::weft::Refusal(absl::StatusCode::kUnavailable, "STORE_DOWN", absl::StrCat(kWhat, cause),
                         "an answer of the state store", cause,
                         "start the state store; Weft goes on by itself when it is back");
}

// The row still names this process, which could not renew it in time: the store is slow to answer,
// or the machine stood still.
absl::Status LeaseLapsed(absl::string_view name) {
  return ::weft::Refusal(
      absl::StatusCode::kUnavailable, "LEASE_LAPSED",
      absl::StrCat("controller ", name,
                   " could not renew its lease at the state store in time, and may not act until "
                   "it has; it keeps trying"),
      "a lease that is renewed in time", "no answer of the state store to the last renewal",
      "try again in a second; if it lasts, look at the state store and the load of both machines");
}

absl::Status NotLeading(absl::string_view name, absl::string_view leader) {
  absl::Status status;
  if (leader.empty()) {
    status =
        ::weft::Refusal(absl::StatusCode::kUnavailable, "NOT_LEADING", "no controller leads yet",
                        "the leading controller", name, "try again in a second");
  } else if (leader == name) {
    status = ::weft::Refusal(
        absl::StatusCode::kUnavailable, "NOT_LEADING",
        absl::StrCat("another process by the name ", name, " holds the lease, or held it last"),
        "the leading controller", name,
        "try again in some seconds: the lease of one that has ended runs out; if two run by the "
        "same name, start one of them with another --name");
  } else {
    status =
        ::weft::Refusal(absl::StatusCode::kUnavailable, "NOT_LEADING",
                        absl::StrCat("controller ", leader, " leads"), "the leading controller",
                        name, absl::StrCat("ask controller ", leader));
  }
  if (!leader.empty()) AddErrorMetadata(status, "leader", leader);
  return status;
}

}  // namespace

Leadership::Leadership(Options options, Store* store, Clock* clock, Listener listener)
    : options_(std::move(options)),
      holder_(absl::StrCat(options_.name, std::string(1, kSuffixMark), RandomHex(4))),
      store_(store),
      clock_(clock),
      listener_(std::move(listener)),
      store_status_(absl::UnavailableError("the state store has not answered yet")) {}

Leadership::~Leadership() { Stop(); }

void Leadership::Start() {
  if (options_.period > absl::ZeroDuration()) thread_ = std::thread([this] { Loop(); });
}

void Leadership::Stop() {
  {
    MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    stopping_changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  if (held_.has_value()) {
    const Lease held = *held_;
    StopHolding();
    // An empty holder is taken at once by whoever sees it. Failing only costs the next one a ttl.
    if (!store_->TakeLease(held, "").ok()) WEFT_LOG(kInfo, "lease not given back");
  }
}

void Leadership::Loop() {
  while (true) {
    Step();
    const absl::Duration rest = Rest();
    MutexLock lock(&mutex_);
    if (stopping_) return;
    clock_->WaitFor(&stopping_changed_, &mutex_, rest);
    if (stopping_) return;
  }
}

absl::Duration Leadership::Rest() const {
  if (!watched_.has_value()) return options_.period;
  const absl::Duration left = watched_since_ + options_.ttl - clock_->MonotonicNow();
  // Past it, the store does not answer: then it is asked no more often than by a holder.
  return left > absl::ZeroDuration() ? std::min(left, options_.period / kLooks) : options_.period;
}

bool Leadership::MayAct() const {
  return absl::ToInt64Nanoseconds(clock_->MonotonicNow()) <
         act_until_.load(std::memory_order_acquire);
}

bool Leadership::MayAct(uint64_t term) const {
  return term_.load(std::memory_order_acquire) == term && MayAct();
}

Lease Leadership::lease() const {
  MutexLock lock(&mutex_);
  Lease lease = row_;
  lease.holder = WithoutSuffix(lease.holder);
  return lease;
}

bool Leadership::StoreUp() const {
  MutexLock lock(&mutex_);
  return store_status_.ok();
}

absl::Status Leadership::Check() const {
  if (MayAct()) return absl::OkStatus();
  MutexLock lock(&mutex_);
  if (absl::IsFailedPrecondition(store_status_)) return store_status_;
  if (!store_status_.ok()) return StoreDown(store_status_);
  if (row_.holder == holder_) return LeaseLapsed(options_.name);
  return NotLeading(options_.name, WithoutSuffix(row_.holder));
}

void Leadership::Step() {
  if (held_.has_value()) {
    Renew(*held_);
  } else {
    Watch();
  }
}

void Leadership::Saw(const absl::StatusOr<Lease>& row) {
  MutexLock lock(&mutex_);
  store_status_ = row.status();
  if (row.ok()) row_ = *row;
}

void Leadership::Renew(const Lease& held) {
  const absl::Duration sent = clock_->MonotonicNow();
  const absl::StatusOr<Lease> renewed = store_->RenewLease(held);
  if (renewed.ok()) {
    Saw(renewed);
    held_ = *renewed;
    ActUntil(sent);
    return;
  }
  // The row moved: another took it, or an earlier renewal of ours took effect unseen.
  const absl::StatusOr<Lease> row = store_->ReadLease();
  Saw(row);
  if (!row.ok()) return;  // the store is down: what is left of the lease runs out by itself
  if (row->holder == holder_ && row->term == held.term) {
    held_ = *row;
    // One that is read but takes no writes (it is read-only, or full) is of no more use than none.
    if (absl::IsUnavailable(renewed.status()) && row->renewal == held.renewal) {
      MutexLock lock(&mutex_);
      store_status_ = renewed.status();
    }
    return;
  }
  WEFT_LOG(kWarning, "lease lost", {{"holder", row->holder}, {"term", row->term}});
  StopHolding();
  watched_.reset();
  listener_.lost();
}

void Leadership::Watch() {
  const absl::StatusOr<Lease> row = store_->ReadLease();
  const absl::Duration now = clock_->MonotonicNow();
  Saw(row);
  if (!row.ok()) return;
  // A take-over of ours whose answer was lost.
  if (row->holder == holder_) {
    watched_ = *row;
    Take(*row);
    return;
  }
  if (!watched_.has_value() || !(*watched_ == *row)) {
    // A first look, or one at a new holder, may be at the last word of one that has ended.
    if (watched_.has_value() && watched_->term == row->term && !row->holder.empty()) {
      follows_.store(true, std::memory_order_release);
    }
    watched_ = *row;
    watched_since_ = now;
  }
  if (row->holder.empty() || now - watched_since_ >= options_.ttl) Take(*row);
}

void Leadership::Take(const Lease& seen) {
  const absl::Duration sent = clock_->MonotonicNow();
  const absl::StatusOr<Lease> taken = store_->TakeLease(seen, holder_);
  if (taken.ok()) {
    Saw(taken);
    BecomeHolder(*taken, sent);
  } else if (absl::IsUnavailable(taken.status())) {
    Saw(taken);
  }
}

void Leadership::BecomeHolder(const Lease& lease, absl::Duration sent) {
  WEFT_LOG(kInfo, "lease won", {{"holder", lease.holder}, {"term", lease.term}});
  held_ = lease;
  watched_.reset();
  follows_.store(false, std::memory_order_release);
  listener_.won(lease);
  term_.store(lease.term, std::memory_order_release);
  ActUntil(sent);
}

void Leadership::ActUntil(absl::Duration sent) {
  const bool could = MayAct();
  act_until_.store(absl::ToInt64Nanoseconds(sent + options_.ttl - options_.margin),
                   std::memory_order_release);
  if (!could && MayAct()) listener_.may_act();
}

void Leadership::StopHolding() {
  held_.reset();
  act_until_.store(0, std::memory_order_release);
}

}  // namespace weft::controller
