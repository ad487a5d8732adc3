#include "services/controller/group_keeper.h"

#include <cmath>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/log/log.h"
#include "services/controller/core/rejoin.h"

namespace weft::controller {
namespace {

// How many of a group's operations are searched for a failover whose loss is still unknown.
constexpr int kSearchedOperations = 50;
// What is begun once for all is begun again after this long where it has not come about. Who begins
// it knows whether it was done.
constexpr absl::Duration kBeginAgain = absl::Minutes(1);

bool IsCancelPossible(const Group& group) {
  const Intent& intent = group.intent;
  if (!intent.given_up.empty()) return false;
  if (intent.goal == Goal::kPromote) {
    return intent.target.empty() || intent.target != group.primary;
  }
  return intent.goal == Goal::kDemote && !group.primary.empty();
}

}  // namespace

GroupKeeper::GroupKeeper(const Group& record, const Shared* shared)
    : id_(record.id),
      shared_(shared),
      worker_(record.id, shared->worker,
              {.term = shared->term,
               .begin_term = [this](uint64_t term) { return BeginTerm(term); },
               .round = [this](const Round& round) { TakeRound(round); }},
              shared->clock) {
  record_.id = record.id;
  Take(record);
}

GroupKeeper::~GroupKeeper() { worker_.Stop(); }

Group GroupKeeper::record() const {
  MutexLock lock(&mutex_);
  return record_;
}

void GroupKeeper::Take(const Group& record) { Take(record, std::nullopt); }

void GroupKeeper::Take(const Group& record, std::optional<std::set<ServerUuid>> drained) {
  MutexLock telling(&telling_mutex_);
  {
    MutexLock lock(&mutex_);
    if (removed_ || record.revision < record_.revision) return;
    if (!drained.has_value()) {
      drained = shared_->term().has_value() ? drained_ : std::set<ServerUuid>();
    }
    if (record == record_ && *drained == drained_) return;
    record_ = record;
    drained_ = *drained;
  }
  shared_->metrics->Show(record);
  shared_->changed({record, *drained});
}

void GroupKeeper::Remove() {
  MutexLock telling(&telling_mutex_);
  Group gone;
  {
    MutexLock lock(&mutex_);
    if (std::exchange(removed_, true)) return;
    gone = record_;
  }
  gone.servers.clear();
  shared_->metrics->Remove(id_);
  shared_->changed({gone, {}, true});
}

void GroupKeeper::Suspect(const ServerUuid& server) {
  {
    MutexLock lock(&mutex_);
    if (server.empty() || record_.primary != server) return;
  }
  MutexLock lock(&story_mutex_);
  story_.Suspect(shared_->clock->MonotonicNow());
}

std::unique_ptr<Converger> GroupKeeper::BeginTerm(uint64_t term) {
  // A look of a controller that does not lead begins nothing.
  if (term != 0) {
    chronicle_ = std::make_unique<Chronicle>(id_, shared_->journal);
    pending_.reset();
    FindOpenLoss();
  }
  return shared_->converger(id_, term);
}

void GroupKeeper::TakeRound(const Round& round) {
  if (round.snapshot.has_value()) {
    std::set<ServerUuid> drained;
    for (const auto& [server, behind] : round.snapshot->drained) drained.insert(server);
    Take(round.snapshot->group, std::move(drained));
    shared_->metrics->Show(*round.snapshot);
  }
  {
    MutexLock lock(&story_mutex_);
    story_.Take(round, shared_->clock->MonotonicNow());
  }
  chronicle_->Take(round);
  TakeOperation(round);
  // A window of maintenance alarms nobody.
  if (round.end == RoundEnd::kRefused && round.plan.refusal.has_value() &&
      round.plan.refusal->reason != "MAINTENANCE" &&
      (round.ended.has_value() || last_refusal_ != round.plan.refusal->reason)) {
    shared_->metrics->Refused(id_, round.plan.refusal->reason);
  }
  last_refusal_ = round.plan.refusal.has_value() ? round.plan.refusal->reason : "";
  if (!round.snapshot.has_value()) return;
  GiveUpIfCancelled(*round.snapshot);
  CompleteLoss(*round.snapshot);
  RescueErrant(*round.snapshot);
  RejoinUnasked(*round.snapshot);
}

void GroupKeeper::TakeOperation(const Round& round) {
  if (round.ended.has_value()) {
    EndOperation(round);
    return;
  }
  if (round.began.has_value()) pending_ = round.began;
  const std::string id =
      pending_.has_value() && round.began.has_value()
          ? pending_->id
          : (round.snapshot.has_value() ? round.snapshot->group.intent.operation : std::string());
  if (id.empty()) {
    if (round.snapshot.has_value() && !round.began.has_value()) TakeLostEnd();
    return;
  }
  if (!pending_.has_value() || pending_->id != id) {
    const absl::StatusOr<Operation> known = shared_->board->Get(id);
    if (!known.ok()) return;
    pending_ = *known;
    rounds_of_pending_ = 0;
  }
  // Nobody knows how many phases there will be: each one halves what is left of the bar.
  pending_->progress = 1 - std::pow(0.7, ++rounds_of_pending_);
  pending_->phase = round.plan.waiting_for.empty()
                        ? round.plan.phase
                        : absl::StrCat("waits: ", round.plan.waiting_for);
  pending_->updated = shared_->clock->Now();
  shared_->board->Report(*pending_);
}

void GroupKeeper::TakeLostEnd() {
  if (!pending_.has_value()) return;
  const absl::StatusOr<Operation> stored = shared_->store->GetOperation(pending_->id);
  if (!stored.ok() || !stored->done()) return;
  shared_->board->Show(*stored);
  pending_.reset();
  rounds_of_pending_ = 0;
}

void GroupKeeper::EndOperation(const Round& round) {
  Operation ended = *round.ended;
  PromotionFigures figures;
  {
    MutexLock lock(&story_mutex_);
    figures = story_.figures();
  }
  pending_.reset();
  rounds_of_pending_ = 0;
  const bool promoted = ended.state == OperationState::kSucceeded &&
                        round.snapshot->group.intent.goal == Goal::kPromote;
  if (promoted) {
    ended.result = figures.ToJson();
    if (figures.promotion.has_value()) shared_->metrics->Promoted(*figures.promotion);
    if (figures.write_stop.has_value()) shared_->metrics->WriteStopped(*figures.write_stop);
    if (figures.detection.has_value()) {
      shared_->metrics->Detected(*figures.detection);
      shared_->metrics->FailedOver(id_);
    }
    if (!figures.lost_is_exact) open_loss_ = ended;
  }
  shared_->board->Report(ended);
}

void GroupKeeper::GiveUpIfCancelled(const Snapshot& look) {
  const std::string& operation = look.group.intent.operation;
  if (operation.empty() || !shared_->board->CancelRequested(operation)) return;
  const absl::StatusOr<Group> group = shared_->store->Load(id_);
  if (!group.ok() || group->intent.operation != operation || !IsCancelPossible(*group)) return;
  const absl::Status status = shared_->store->Apply(
      *group, GiveUp{kCancelled, "somebody asked for an end of this operation"},
      shared_->clock->Now());
  if (!status.ok()) WEFT_LOG(kWarning, "not given up", {{"group", id_}, {"error", status}});
}

void GroupKeeper::FindOpenLoss() {
  open_loss_.reset();
  const absl::StatusOr<std::vector<Operation>> operations =
      shared_->store->ListOperations(id_, kSearchedOperations, "");
  if (!operations.ok()) return;
  for (const Operation& operation : *operations) {
    const std::optional<PromotionFigures> figures = PromotionFigures::FromJson(operation.result);
    if (!figures.has_value()) continue;
    // Of the newest change of primary alone: an older one's primary has been rebuilt since.
    if (!figures->lost_is_exact) open_loss_ = operation;
    return;
  }
}

void GroupKeeper::CompleteLoss(const Snapshot& look) {
  if (!open_loss_.has_value()) return;
  std::optional<PromotionFigures> figures = PromotionFigures::FromJson(open_loss_->result);
  const Observation& old = look.Of(figures->old_primary);
  const Observation& primary = look.Of(look.group.primary);
  if (!old.reached() || !primary.reached() || look.group.primary != figures->new_primary) return;
  figures->lost = old.executed.Minus(primary.executed).Count();
  figures->lost_is_exact = true;
  open_loss_->result = figures->ToJson();
  shared_->board->Correct(*open_loss_);
  Event event;
  event.group = id_;
  event.server = figures->old_primary.text();
  event.operation = open_loss_->id;
  event.kind = "finding";
  event.text = absl::StrCat("the old primary was read: ", figures->lost,
                            " transactions of it are not on the new one");
  shared_->journal->Append(std::move(event));
  open_loss_.reset();
}

bool GroupKeeper::IsTimeFor(const Server& server, const std::string& what) {
  const absl::Duration now = shared_->clock->MonotonicNow();
  const auto [last, is_new] = begun_.insert({server.uuid.text(), {what, now}});
  if (!is_new && last->second.what == what && now - last->second.when < kBeginAgain) return false;
  last->second = {what, now};
  return true;
}

void GroupKeeper::RescueErrant(const Snapshot& look) {
  for (const Server& server : look.group.servers) {
    // Whatever it has of its own later is another thing, also under the same GTIDs.
    if (server.set_aside.empty()) begun_.erase(server.uuid.text());
    if (server.set_aside.empty() || server.errant.empty() || !look.Of(server.uuid).reached()) {
      continue;
    }
    if (absl::StrContains(server.set_aside, kSavedAsSql)) continue;
    if (IsTimeFor(server, "rescue " + server.errant)) shared_->rescue(look.group, server);
  }
}

void GroupKeeper::RejoinUnasked(const Snapshot& look) {
  for (const RejoinDue& due : RejoinsDue(look)) {
    const Server& server = *look.group.Find(due.server);
    const std::string what = absl::StrCat("rejoin ", static_cast<int>(due.how), server.set_aside);
    if (IsTimeFor(server, what)) shared_->rejoin(look.group, server, due.how);
  }
}

}  // namespace weft::controller
