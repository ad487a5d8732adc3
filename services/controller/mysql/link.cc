#include "services/controller/mysql/link.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/sweep.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {
namespace {

// How long a look goes on at least, whatever its caller waits: what is lost on the way is sent
// again, while a session that is dropped needs many ways there and back to be replaced.
constexpr absl::Duration kLeastLook = absl::Seconds(2);
// What is left of a step's time to see a session gone that broke in it.
constexpr absl::Duration kGrace = absl::Milliseconds(500);
constexpr char kHalfCloned[] = "HALF_CLONED";

// The peer has closed or reset the connection.
bool HungUp(const mysql::Session& session) {
  if (session.socket() < 0) return false;
  pollfd descriptor = {.fd = session.socket(), .events = POLLRDHUP, .revents = 0};
  return poll(&descriptor, 1, 0) > 0;
}

// What a failed look says about the server. An error of a session that was let in is still no
// answer: the look is incomplete.
Contact ContactOf(const absl::Status& status) {
  if (ErrorReason(status) == "SESSIONS_REMAIN") return Contact::kUnreachable;
  return mysql::ClassifyContact(status) == mysql::Contact::kUnreachable ? Contact::kUnreachable
                                                                        : Contact::kRejected;
}

}  // namespace

Link::Link(const HostPort& address, const FarmOptions* options, const TermGate* gate,
           Opener* opener, Clock* clock)
    : address_(address), options_(options), gate_(gate), opener_(opener), clock_(clock) {
  looker_ = std::thread([this] { LookLoop(); });
}

Link::~Link() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  looker_.join();
}

// --- looking

uint64_t Link::Ask(absl::Duration limit, bool leads) {
  MutexLock lock(&mutex_);
  leads_ = leads;
  const Deadline deadline = Deadline::After(clock_, limit);
  if (answered_ == asked_ || deadline.Remaining() > look_deadline_.Remaining()) {
    look_deadline_ = deadline;
  }
  changed_.NotifyAll();
  return ++asked_;
}

bool Link::Answers() const {
  MutexLock lock(&mutex_);
  return answer_.reached() && !silent_since_.has_value();
}

Observation Link::Await(uint64_t ticket, const Deadline& deadline) {
  MutexLock lock(&mutex_);
  const absl::Duration began = clock_->MonotonicNow();
  absl::Duration patience = deadline.Remaining();
  if (hung_) patience = std::min(patience, options_->silent_patience);
  while (answered_ < ticket) {
    const absl::Duration left = patience - (clock_->MonotonicNow() - began);
    if (left <= absl::ZeroDuration()) break;
    changed_.WaitFor(&mutex_, left);
  }
  Observation seen;
  if (answered_ >= ticket) {
    seen = answer_;
  } else {
    hung_ = true;
    if (!silent_since_.has_value()) silent_since_ = began;
    const absl::Duration waited = clock_->MonotonicNow() - began;
    seen.error =
        absl::StrCat(address_.ToString(), waited < absl::Milliseconds(1)
                                              ? ": no answer before the look's time was over"
                                              : ": no answer within " + DurationText(waited));
  }
  if (silent_since_.has_value()) seen.silent_for = clock_->MonotonicNow() - *silent_since_;
  return seen;
}

void Link::LookLoop() {
  bool suspicious = false;
  while (true) {
    uint64_t ticket = 0;
    Deadline deadline;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && asked_ == answered_) {
        if (!leads_ || !suspicious) {
          changed_.Wait(&mutex_);
        } else if (!changed_.WaitFor(&mutex_, CommitMemory::kPatience)) {
          break;  // nobody asked, but commits may wait in vain
        }
      }
      if (stopping_) break;
      ticket = asked_;
      deadline = look_deadline_;
    }
    if (deadline.Remaining() < kLeastLook) deadline = Deadline::After(clock_, kLeastLook);
    const absl::StatusOr<Observation> look = Look(deadline);
    Publish(ticket, look);
    suspicious = look.ok() && look_memory_.commits.suspicious();
    if (!look.ok()) {
      look_memory_.commits.Interrupt(clock_->MonotonicNow());
      continue;
    }
    WarmUp();
    if (look_memory_.commits_in_vain) Nudge();
  }
  Drop(&look_session_, /*orphaned=*/false);
}

absl::StatusOr<Observation> Link::Look(const Deadline& deadline) {
  const uint64_t term = gate_->term();
  DropStale(&look_session_, term);
  const bool was_held = look_session_.session != nullptr;
  absl::StatusOr<Observation> look = LookOver(term, deadline);
  // A held session may have died for reasons of its own; whether the server did, a new one tells.
  // Looking changes nothing, so it may be repeated. Not after a timeout: the time is used up.
  if (!look.ok() && was_held && look_session_.session == nullptr &&
      !mysql::IsTimeout(look.status())) {
    look = LookOver(term, deadline);
  }
  return look;
}

absl::StatusOr<Observation> Link::LookOver(uint64_t term, const Deadline& deadline) {
  if (look_session_.session == nullptr) {
    WEFT_ASSIGN_OR_RETURN(look_session_, Open(term, std::min(deadline.Remaining(), kLeastLook)));
    look_session_.session->set_statement_timeout(deadline.Remaining());
    const absl::Status primed = Prime(*look_session_.session, &look_memory_);
    if (!primed.ok()) {
      Drop(&look_session_, /*orphaned=*/false);
      return Annotate(primed, address_.ToString());
    }
    opener_->Remember(address_, look_memory_.admin);
    if (!look_memory_.half_cloned.empty()) {
      // It answers, but nothing it says of itself may be believed.
      const std::string found = look_memory_.half_cloned;
      Drop(&look_session_, /*orphaned=*/false);
      return ::weft::Refusal(
          absl::StatusCode::kFailedPrecondition, kHalfCloned,
          absl::StrCat(address_.ToString(), ": its data are not whole (", found, ")"), "whole data",
          found,
          absl::StrCat("rebuild it: weft server rejoin ", address_.ToString(), " --rebuild"));
    }
  }
  mysql::Session& session = *look_session_.session;
  session.set_statement_timeout(deadline.Remaining());
  absl::Status status = Secure(look_session_, deadline);
  absl::StatusOr<Observation> look = Observation();
  if (status.ok()) {
    look = LookAt(session, &look_memory_, clock_->MonotonicNow());
    status = look.status();
  }
  if (session.broken()) Drop(&look_session_, /*orphaned=*/false);
  if (!status.ok()) return Annotate(status, address_.ToString());
  return look;
}

void Link::Publish(uint64_t ticket, const absl::StatusOr<Observation>& look) {
  MutexLock lock(&mutex_);
  answered_ = ticket;
  hung_ = mysql::IsTimeout(look.status());
  if (look.ok()) {
    // Who asked last may have given up on it since and promoted another: the next Ask tells.
    if (silent_since_.has_value()) leads_ = false;
    answer_ = *look;
    answer_.contact = Contact::kAnswered;
    silent_since_.reset();
  } else {
    answer_ = Observation();
    answer_.contact = ContactOf(look.status());
    answer_.refused = mysql::IsRefused(look.status());
    answer_.unwhole = ErrorReason(look.status()) == kHalfCloned;
    answer_.error = std::string(look.status().message());
    if (!silent_since_.has_value()) silent_since_ = clock_->MonotonicNow();
  }
  changed_.NotifyAll();
}

// Has the acting session open before a step needs it.
void Link::WarmUp() {
  const uint64_t term = gate_->term();
  if (term == 0) return;
  Held held;
  {
    MutexLock lock(&mutex_);
    if (acting_ || stopping_) return;
    acting_ = true;
    held = std::move(act_session_);
  }
  const Deadline deadline = Deadline::After(clock_, options_->connect_timeout);
  // What fails here will be told by the step that needs the session.
  Refresh(&held, term, deadline).IgnoreError();
  MutexLock lock(&mutex_);
  act_session_ = std::move(held);
  acting_ = false;
  changed_.NotifyAll();
}

// Writes a transaction that changes nothing: its acknowledgement is one for all before it.
void Link::Nudge() {
  {
    MutexLock lock(&mutex_);
    // The next look will tell whether it is still needed.
    if (acting_ || stopping_ || !leads_) return;
  }
  const auto turn = Take(ServerUuid(), Deadline::After(clock_, options_->connect_timeout));
  if (!turn.ok()) return;
  const absl::Status status = (*turn)->Change("nudging commits that wait in vain", sql::kNudge);
  WEFT_LOG(kInfo, "commits waited for an acknowledgement that cannot come again",
           {{"server", address_.ToString()}, {"nudged", status.ok()}, {"error", status}});
}

// --- acting

absl::StatusOr<std::unique_ptr<Turn>> Link::Take(const ServerUuid& expected,
                                                 const Deadline& deadline, bool gives_way) {
  const uint64_t term = gate_->term();
  if (term == 0) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_LEADING",
                           "only the leading controller acts on servers");
  }
  Held held;
  {
    MutexLock lock(&mutex_);
    const uint64_t before = interruptions_;
    while (acting_) {
      if (deadline.Passed() || (gives_way && interruptions_ != before)) {
        return ::weft::Refusal(
            absl::StatusCode::kUnavailable, "STEP_UNDER_WAY",
            absl::StrCat(address_.ToString(), ": what was begun there has not ended"));
      }
      changed_.WaitFor(&mutex_, deadline.Remaining());
    }
    acting_ = true;
    held = std::move(act_session_);
  }
  absl::Status status = Refresh(&held, term, deadline);
  if (status.ok() && !expected.empty() && held.uuid != expected) {
    status =
        Refusal(absl::StatusCode::kFailedPrecondition, "WRONG_SERVER",
                absl::StrCat("another server answers at ", address_.ToString()), expected.text(),
                held.uuid.text(), "correct the server's address, or remove it and add it anew");
  }
  if (!status.ok()) {
    EndTurn(std::move(held));
    return status;
  }
  const absl::Duration left = deadline.Remaining();
  const Deadline end = Deadline::After(clock_, left - std::min(kGrace, left / 5));
  return std::unique_ptr<Turn>(new Turn(this, std::move(held), end));
}

absl::Status Link::Refresh(Held* held, uint64_t term, const Deadline& deadline) {
  DropStale(held, term);
  if (held->session == nullptr) {
    WEFT_ASSIGN_OR_RETURN(*held,
                          Open(term, std::min(deadline.Remaining(), options_->connect_timeout)));
  }
  held->session->set_statement_timeout(deadline.Remaining());
  return Secure(*held, deadline);
}

void Link::Interrupt() {
  MutexLock lock(&mutex_);
  if (interruptible_ != nullptr) interruptible_->Abort();
  ++interruptions_;
  changed_.NotifyAll();
}

void Link::EndTurn(Held held) {
  {
    MutexLock lock(&mutex_);
    interruptible_ = nullptr;
  }
  if (held.session != nullptr && held.session->broken()) {
    const uint64_t term = held.term;
    Drop(&held, /*orphaned=*/true);
    Refresh(&held, term, Deadline::After(clock_, kGrace)).IgnoreError();  // HasOrphans() tells
  }
  MutexLock lock(&mutex_);
  act_session_ = std::move(held);
  acting_ = false;
  changed_.NotifyAll();
}

// --- sessions

absl::StatusOr<Link::Held> Link::Open(uint64_t term, absl::Duration limit) {
  Opener::OpenOptions how;
  how.connect = limit;
  WEFT_ASSIGN_OR_RETURN(auto session, opener_->Open(address_, Duty::kManage, how));
  session->set_statement_timeout(how.connect);
  WEFT_RETURN_IF_ERROR(Annotate(session->Execute(sql::kLongRest), address_.ToString()));
  auto rows = session->Query(sql::kUuid);
  if (!rows.ok()) return Annotate(rows.status(), address_.ToString());
  Held held;
  held.term = term;
  if (!rows->empty()) {
    WEFT_ASSIGN_OR_RETURN(held.uuid, ServerUuid::Parse(rows->front().StringOr("uuid", "")));
  }
  held.session = std::move(session);
  const uint64_t id = held.session->connection_id();
  MutexLock lock(&ids_mutex_);
  // Ids only grow while a server lives: it has restarted, and what was there is gone.
  if (!own_.empty() && id < own_.rbegin()->first) {
    own_.clear();
    orphans_.clear();
  }
  own_[id] = term;
  return held;
}

void Link::Drop(Held* held, bool orphaned) {
  if (held->session == nullptr) return;
  const uint64_t id = held->session->connection_id();
  {
    MutexLock lock(&ids_mutex_);
    own_.erase(id);
    if (orphaned) orphans_.insert(id);
  }
  *held = Held();
}

void Link::DropStale(Held* held, uint64_t term) {
  if (held->session == nullptr) return;
  if (held->session->broken() || held->term != term || HungUp(*held->session)) {
    Drop(held, /*orphaned=*/false);
  }
}

bool Link::HasOrphans() const {
  MutexLock lock(&ids_mutex_);
  return !orphans_.empty();
}

absl::Status Link::Secure(const Held& by, const Deadline& deadline) {
  if (by.term == 0) return absl::OkStatus();
  MutexLock sweeping(&sweep_mutex_);
  std::map<uint64_t, uint64_t> own;
  std::set<uint64_t> orphans;
  {
    MutexLock lock(&ids_mutex_);
    own = own_;
    orphans = orphans_;
  }
  if (swept_term_ == by.term && orphans.empty()) return absl::OkStatus();
  const uint64_t newest = by.session->connection_id();
  KillOrder order;
  // A session that is opened after this one belongs to a controller that asks its own lease first.
  order.chosen = [&](const ProcessRow& process) {
    const auto found = own.find(process.id);
    if (process.user != options_->manage.user) return false;
    if (found != own.end() && found->second == by.term) return false;
    // All that its statement does has been done.
    if (process.command == "Killed" && WaitsForAcknowledgement(process)) return false;
    return process.id < newest || orphans.contains(process.id);
  };
  order.may_act = [&] { return gate_->Check(by.term); };
  WEFT_RETURN_IF_ERROR(KillUntilGone(*by.session, order, deadline, clock_));
  swept_term_ = by.term;
  MutexLock lock(&ids_mutex_);
  for (const uint64_t orphan : orphans) orphans_.erase(orphan);
  return absl::OkStatus();
}

}  // namespace weft::controller
