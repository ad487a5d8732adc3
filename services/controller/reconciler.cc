#include "services/controller/reconciler.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/convert.h"
#include "services/controller/core/decide.h"
#include "services/controller/foresee.h"
#include "services/controller/group_keeper.h"
#include "services/controller/group_table.h"
#include "services/controller/hook_runner.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/rejoin_policy.h"
#include "services/controller/rescue.h"
#include "services/controller/resumption.h"
#include "services/controller/timed_farm.h"
#include "services/controller/work_pool.h"

namespace weft::controller {
namespace {

// How often a Request whose record moved under it is tried.
constexpr int kTries = 5;
// How often it is seen whether what keeps a group in order has to give way (S25).
constexpr absl::Duration kWatchPeriod = absl::Milliseconds(100);

}  // namespace

class Reconciler::Impl {
 public:
  Impl(Options options, Ports ports, Listeners listeners);
  ~Impl() { Stop(); }

  void Start();
  void Stop();

  absl::StatusOr<GroupTable::Keeper> Known(const std::string& group) const;
  // Blocks until it leads and has read the groups; with `may_follow`, also until it knows them and
  // another leads. False after `timeout`.
  bool AwaitRole(absl::Duration timeout, bool may_follow);
  void DropAll();

  const Options options_;
  const Ports ports_;
  const Listeners listeners_;
  TimedFarm farm_;
  EventJournal journal_;
  OperationsBoard board_;
  OperationRunner runner_;
  WorkPool pool_;
  GroupKeeper::Shared shared_;
  GroupTable table_;
  Resumers resumers_;
  HookRunner hooks_;
  Rescue rescue_;
  Leadership leadership_;

 private:
  Leadership::Listener LeaseListener();
  std::unique_ptr<Converger> NewConverger(const std::string& group, uint64_t term);

  // A thread of its own reads all groups under a new term, and follows them without one.
  void Loop();
  uint64_t TakenTerm() const {
    MutexLock lock(&mutex_);
    return taken_term_;
  }
  void SetTakenTerm(uint64_t term) {
    MutexLock lock(&mutex_);
    taken_term_ = term;
    changed_.NotifyAll();
  }

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  // Under this term groups and operations were taken over.
  uint64_t taken_term_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

Reconciler::Impl::Impl(Options options, Ports ports, Listeners listeners)
    : options_(std::move(options)),
      ports_(ports),
      listeners_(std::move(listeners)),
      farm_(ports.farm, ports.clock, [this](absl::Duration took) { ports_.metrics->Probed(took); }),
      journal_(options_.journal, ports.store, ports.clock),
      board_(options_.board, ports.store, ports.clock),
      runner_(options_.runner, ports.store, &board_, ports.clock),
      pool_(options_.max_step_threads),
      table_(&shared_),
      hooks_(options_.hooks, &journal_),
      rescue_(ports.farm, ports.store, &runner_, &journal_, ports.clock, options_.rescue_deadline),
      leadership_(options_.leadership, ports.store, ports.clock, LeaseListener()) {
  shared_.store = ports_.store;
  shared_.clock = ports_.clock;
  shared_.journal = &journal_;
  shared_.board = &board_;
  shared_.metrics = ports_.metrics;
  shared_.worker = options_.worker;
  shared_.term = [this]() -> std::optional<uint64_t> {
    if (!leadership_.MayAct()) return std::nullopt;
    return leadership_.term();
  };
  shared_.converger = [this](const std::string& group, uint64_t term) {
    return NewConverger(group, term);
  };
  shared_.changed = listeners_.group;
  shared_.rescue = [this](const Group& group, const Server& server) {
    rescue_.Begin(group, server);
  };
  shared_.rejoin = [this](const Group& group, const Server& server, RejoinPolicy how) {
    BeginRejoin(group, server, how, {&resumers_, &runner_, &journal_, ports_.clock});
  };
  resumers_[Rescue::kKind] = [this](const Operation& operation) {
    return rescue_.WorkOf(operation);
  };
}

Leadership::Listener Reconciler::Impl::LeaseListener() {
  Leadership::Listener listener;
  listener.won = [this](const Lease& lease) {
    ports_.store->SetTerm(lease.term);
    ports_.farm->SetTerm(lease.term,
                         [this, term = lease.term] { return leadership_.MayAct(term); });
    journal_.ForgetAll();
    listeners_.leads(lease.term);
  };
  listener.may_act = [this] {
    {
      MutexLock lock(&mutex_);
      woken_ = true;
      changed_.NotifyAll();
    }
    table_.WakeAll();
  };
  listener.lost = [this] {
    ports_.farm->SetTerm(0, {});
    runner_.Interrupt();
    board_.ForgetRunning();
    listeners_.follows();
  };
  return listener;
}

std::unique_ptr<Converger> Reconciler::Impl::NewConverger(const std::string& group, uint64_t term) {
  Converger::Ports ports;
  ports.farm = &farm_;
  ports.store = ports_.store;
  ports.clock = ports_.clock;
  ports.reports = [this](const std::vector<ServerUuid>& of) { return ports_.health->Reports(of); };
  ports.may_act = [this, term]() -> absl::Status {
    if (leadership_.MayAct(term)) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(leadership_.Check());
    return TermMoved(term, leadership_.term());
  };
  ports.run_all = [this](std::vector<std::function<void()>> work,
                         const std::function<void()>& watch) {
    if (watch) {
      pool_.RunAllWatched(std::move(work), kWatchPeriod, watch);
    } else {
      pool_.RunAll(std::move(work));
    }
  };
  ports.new_operation_id = [] { return RandomUuid(); };
  ports.run_hook = [this, term](const Snapshot& snapshot, const RunHook& step,
                                const std::function<bool()>& is_moot) {
    const auto leads = [this, term] { return leadership_.MayAct(term); };
    return hooks_.Run(snapshot, step, leads, is_moot);
  };
  ports.cancelled = [this](const std::string& id) { return board_.CancelRequested(id); };
  ports.hook_runs = [this](const std::string& of, const HookRecord& record) {
    return hooks_.Runs(of, record.operation);
  };
  return std::make_unique<Converger>(group, options_.converge, std::move(ports));
}

void Reconciler::Impl::Start() {
  thread_ = std::thread([this] { Loop(); });
  leadership_.Start();
}

void Reconciler::Impl::Stop() {
  {
    MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  table_.Stop();
  journal_.Flush(absl::Seconds(1));
  // What takes long is for the next leader, who must not wait for its end here.
  runner_.Interrupt();
  leadership_.Stop();
  hooks_.Stop();
  runner_.Stop();
}

absl::StatusOr<GroupTable::Keeper> Reconciler::Impl::Known(const std::string& group) const {
  if (GroupTable::Keeper keeper = table_.Find(group); keeper != nullptr) return keeper;
  if (table_.loaded()) return UnknownGroup(group);
  WEFT_RETURN_IF_ERROR(leadership_.Check());
  return StoreUnavailable("the groups have not been read yet");
}

void Reconciler::Impl::DropAll() {
  table_.DropAll();
  SetTakenTerm(0);
}

bool Reconciler::Impl::AwaitRole(absl::Duration timeout, bool may_follow) {
  const Deadline deadline = Deadline::After(ports_.clock, timeout);
  MutexLock lock(&mutex_);
  while (!leadership_.MayAct() || taken_term_ != leadership_.term()) {
    if (may_follow && leadership_.Follows() && table_.loaded()) return true;
    if (stopping_ || deadline.Passed()) return false;
    // Also looks by itself: a lease that is won tells before the groups are read.
    ports_.clock->WaitFor(&changed_, &mutex_,
                          std::min(deadline.Remaining(), absl::Milliseconds(50)));
  }
  return true;
}

void Reconciler::Impl::Loop() {
  while (true) {
    const bool leads = leadership_.MayAct();
    const uint64_t term = leadership_.term();
    const bool take_over = leads && TakenTerm() != term;
    const bool store_up = leadership_.StoreUp();
    const uint64_t store_term = leadership_.lease().term;  // the groups are then at least as new
    if ((take_over || !leads) && store_up && table_.LoadAll().ok()) {
      if (take_over) {
        ResumeOperations(table_.All(), resumers_, ports_.store, &board_, &runner_, ports_.clock);
        SetTakenTerm(term);
      }
      listeners_.loaded(store_term, store_term == term);
    }
    ports_.metrics->Leading(leads);
    ports_.metrics->StoreUp(leadership_.StoreUp());
    ports_.metrics->LiveMonitors(ports_.health->LiveObservers());
    MutexLock lock(&mutex_);
    if (!stopping_ && !woken_) {
      ports_.clock->WaitFor(&changed_, &mutex_, options_.follow_period);
    }
    woken_ = false;
    if (stopping_) return;
  }
}

Reconciler::Reconciler(Options options, Ports ports, Listeners listeners)
    : impl_(std::make_unique<Impl>(std::move(options), ports, std::move(listeners))) {}
Reconciler::~Reconciler() = default;
void Reconciler::Start() { impl_->Start(); }
void Reconciler::Stop() { impl_->Stop(); }
bool Reconciler::leading() const { return impl_->leadership_.MayAct(); }
Lease Reconciler::lease() const { return impl_->leadership_.lease(); }
absl::Status Reconciler::CheckLeading() const { return impl_->leadership_.Check(); }
OperationsBoard& Reconciler::board() { return impl_->board_; }
OperationRunner& Reconciler::runner() { return impl_->runner_; }
EventJournal& Reconciler::journal() { return impl_->journal_; }
absl::StatusOr<Group> Reconciler::Refresh(const std::string& group) {
  return impl_->table_.Refresh(group);
}

void Reconciler::OnResume(const std::string& kind, Resume resume) {
  impl_->resumers_[kind] = std::move(resume);
}

bool Reconciler::AwaitLeader(absl::Duration timeout) { return impl_->AwaitRole(timeout, false); }
bool Reconciler::AwaitReady(absl::Duration timeout) { return impl_->AwaitRole(timeout, true); }
void Reconciler::DropAll() { impl_->DropAll(); }

void Reconciler::Wake(const std::string& group) {
  if (const auto keeper = impl_->table_.Find(group); keeper != nullptr) keeper->worker().Wake();
}

void Reconciler::Reported(const std::vector<HealthTable::Entry>& entries) {
  for (const auto& keeper : impl_->table_.All()) {
    const Group group = keeper->record();
    bool concerned = false;
    for (const HealthTable::Entry& entry : entries) {
      if (group.Find(entry.server) == nullptr) continue;
      concerned = true;
      if (entry.contact == Contact::kUnreachable) keeper->Suspect(entry.server);
    }
    if (concerned) keeper->worker().Wake();
  }
}

absl::StatusOr<Group> Reconciler::Cached(const std::string& group) const {
  WEFT_ASSIGN_OR_RETURN(const auto keeper, impl_->Known(group));
  return keeper->record();
}

std::vector<Group> Reconciler::CachedAll() const {
  std::vector<Group> groups;
  for (const auto& keeper : impl_->table_.All()) groups.push_back(keeper->record());
  return groups;
}

absl::StatusOr<GroupWorker::LastLook> Reconciler::Look(const std::string& group) {
  WEFT_ASSIGN_OR_RETURN(const auto keeper, impl_->Known(group));
  WEFT_ASSIGN_OR_RETURN(GroupWorker::LastLook look, keeper->worker().Look());
  keeper->Take(look.snapshot.group);
  return look;
}

std::optional<GroupWorker::LastLook> Reconciler::LastLook(const std::string& group) const {
  const auto keeper = impl_->table_.Find(group);
  return keeper == nullptr ? std::nullopt : keeper->worker().last_look();
}

std::optional<GroupWorker::Standing> Reconciler::StandingOf(const std::string& group) const {
  const auto keeper = impl_->table_.Find(group);
  if (keeper == nullptr) return std::nullopt;
  return keeper->worker().standing();
}

absl::StatusOr<Operation> Reconciler::Request(const std::string& group, const Intent& intent,
                                              Operation operation,
                                              absl::FunctionRef<absl::Status(const Group&)> check) {
  WEFT_RETURN_IF_ERROR(CheckLeading());
  WEFT_ASSIGN_OR_RETURN(const auto keeper, impl_->Known(group));
  for (int attempt = 1;; ++attempt) {
    WEFT_ASSIGN_OR_RETURN(GroupWorker::LastLook look, keeper->worker().Look());
    Group& record = look.snapshot.group;
    WEFT_ASSIGN_OR_RETURN(record, impl_->table_.Refresh(group));
    if (record.intent.goal != Goal::kKeep) return IntentPending(group, record.intent.operation);
    WEFT_RETURN_IF_ERROR(check(record));
    record.intent = intent;
    record.intent.operation = operation.id;
    const Plan plan = Decide(look.snapshot);
    if (plan.refusal.has_value()) return StatusOf(*plan.refusal);
    const absl::Status written =
        impl_->ports_.store->SetIntent(group, record.revision, record.intent, operation);
    if (ErrorReason(written) == "REVISION_MOVED" && attempt < kTries) continue;
    // Also where the answer was lost: then it may be written all the same.
    keeper->worker().Wake();
    WEFT_RETURN_IF_ERROR(written);
    impl_->board_.Show(operation);
    return operation;
  }
}

absl::StatusOr<std::vector<Plan>> Reconciler::Foresee(const std::string& group,
                                                      const Intent& intent) {
  WEFT_ASSIGN_OR_RETURN(GroupWorker::LastLook look, Look(group));
  Intent& pending = look.snapshot.group.intent;
  if (pending.goal != Goal::kKeep) return IntentPending(group, pending.operation);
  pending = intent;
  pending.operation = "foreseen";
  return ::weft::controller::Foresee(std::move(look.snapshot), impl_->ports_.clock->Now());
}

absl::Status Reconciler::Exclusively(const std::string& group,
                                     absl::FunctionRef<absl::Status()> change) {
  WEFT_ASSIGN_OR_RETURN(const auto keeper, impl_->Known(group));
  return keeper->worker().Exclusively(change);
}

bool Reconciler::WaitFor(const std::string& group,
                         absl::FunctionRef<bool(const GroupWorker::Standing&)> done,
                         absl::Duration timeout) {
  const auto keeper = impl_->table_.Find(group);
  return keeper != nullptr && keeper->worker().WaitFor(done, timeout);
}

absl::Status Reconciler::WaitSettled(const std::string& group, absl::Duration timeout) {
  WEFT_ASSIGN_OR_RETURN(const auto keeper, impl_->Known(group));
  // The round under way may have looked before the call.
  const uint64_t before = keeper->worker().standing().begun;
  keeper->worker().Wake();
  GroupWorker::Standing last;
  const bool ended = keeper->worker().WaitFor(
      [&](const GroupWorker::Standing& standing) {
        last = standing;
        return standing.rounds > before &&
               (standing.end == RoundEnd::kSettled || standing.end == RoundEnd::kRefused);
      },
      timeout);
  if (!ended) {
    return absl::DeadlineExceededError(absl::StrCat(
        "group ", group, " has not come to rest within ", absl::FormatDuration(timeout)));
  }
  return last.plan.refusal.has_value() ? StatusOf(*last.plan.refusal) : absl::OkStatus();
}

}  // namespace weft::controller
