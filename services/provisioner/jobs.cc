#include "services/provisioner/jobs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/provisioner/job_end.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

// What every store keeps.
constexpr size_t kMaxRequestId = 64;
// Beyond this part of the ttl without a renewal the claim may be another's any moment.
constexpr double kSafe = 0.8;
constexpr absl::Duration kPoll = absl::Milliseconds(100);

}  // namespace

class JobRunner::Running : public RunningJob {
 public:
  Running(Job job, const Kind* kind, bool resumed, JobRunner* runner)
      : kind_(kind), resumed_(resumed), runner_(runner), job_(std::move(job)) {
    Renewed();
  }

  const std::string& id() const override { return job_.id; }
  const std::string& user() const override { return job_.user; }
  const std::string& group() const override { return job_.group; }
  const std::string& server() const override { return job_.server; }
  const std::string& request() const override { return job_.request; }
  const std::string& notes() const override { return job_.notes; }
  bool resumed() const override { return resumed_; }

  void Report(double progress, absl::string_view phase) override {
    MutexLock lock(&mutex_);
    progress_ = std::max(progress_, std::min(progress, 1.0));
    phase_ = std::string(phase);
    unwritten_ = true;
  }

  void ShowFigures(const std::string& figures) override {
    MutexLock lock(&mutex_);
    figures_ = figures;
    unwritten_ = true;
  }

  absl::Status Keep(const std::string& notes) override {
    while (!lost()) {
      const absl::Status kept = runner_->inventory_->KeepNotes(id(), runner_->holder_, notes);
      if (!IsStoreAway(kept)) return kept;
      runner_->clock_->Sleep(kPoll);
    }
    return ClaimMoved(id());
  }

  bool cancelled() const override { return cancel_ || lost(); }

  bool lost() const override {
    if (moved_ || stopped_) return true;
    MutexLock lock(&mutex_);
    return runner_->clock_->MonotonicNow() - renewed_ > runner_->options_.ttl * kSafe;
  }

  // --- for the runner

  // What is to be written of it now; nullopt: nothing new.
  std::optional<Job> TakeUnwritten(absl::Time now) {
    MutexLock lock(&mutex_);
    if (!std::exchange(unwritten_, false)) return std::nullopt;
    return As(now);
  }
  Job Last(absl::Time now) const {
    MutexLock lock(&mutex_);
    return As(now);
  }
  // Just before a renewal that succeeded.
  void Renewed() { Renewed(runner_->clock_->MonotonicNow()); }
  void Renewed(absl::Duration when) {
    MutexLock lock(&mutex_);
    renewed_ = when;
  }
  void Cancel() { cancel_ = true; }
  void Move() { moved_ = true; }
  void Stop() { stopped_ = true; }

  const Work& work() const { return kind_->work; }
  Part part() const { return kind_->part; }
  bool moved() const { return moved_; }
  std::atomic<bool> ended = false;
  std::thread thread;

 private:
  Job As(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Job job = job_;
    job.progress = progress_;
    job.phase = phase_;
    job.result = figures_;
    job.updated = now;
    return job;
  }

  const Kind* const kind_;
  const bool resumed_;
  JobRunner* const runner_;
  const Job job_;
  std::atomic<bool> cancel_ = false;
  std::atomic<bool> moved_ = false;
  std::atomic<bool> stopped_ = false;
  mutable Mutex mutex_;
  double progress_ ABSL_GUARDED_BY(mutex_) = job_.progress;
  std::string phase_ ABSL_GUARDED_BY(mutex_) = job_.phase;
  std::string figures_ ABSL_GUARDED_BY(mutex_);
  bool unwritten_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration renewed_ ABSL_GUARDED_BY(mutex_);
};

JobRunner::JobRunner(Options options, Inventory* inventory, Clock* clock)
    : options_(std::move(options)),
      holder_(absl::StrCat(options_.name, "/", RandomHex(8))),
      inventory_(inventory),
      clock_(clock) {}

JobRunner::~JobRunner() { Stop(); }

void JobRunner::Handle(const std::string& kind, Work work, Part part) {
  kinds_[kind] = {std::move(work), part};
}

bool JobRunner::IsFull(const std::string& kind) const {
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) return false;
  const auto same = std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
    return entry.second->part() == found->second.part;
  });
  return static_cast<size_t>(same) >= options_.max_running;
}

void JobRunner::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void JobRunner::Stop() {
  std::map<std::string, std::shared_ptr<Running>> running;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [id, one] : running_) one->Stop();
    running.swap(running_);
    changed_.NotifyAll();
  }
  for (const auto& [id, one] : running) one->thread.join();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<std::optional<Job>> JobRunner::FindEarlier(
    const JobRequest& request, const std::function<bool(const Job&)>& is_same) const {
  if (request.request_id.empty()) return std::nullopt;
  WEFT_ASSIGN_OR_RETURN(std::optional<Job> earlier, inventory_->FindByRequest(request.request_id));
  if (!earlier.has_value()) return earlier;
  const auto has_same_wish = [&] {
    if (is_same) return is_same(*earlier);
    return earlier->done() || earlier->request == request.request;
  };
  const bool same_wish =
      earlier->kind == request.kind && earlier->group == request.group && has_same_wish();
  if (same_wish) return earlier;
  return Refusal(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                 absl::StrCat("request id ", request.request_id, " belongs to another request"),
                 absl::StrCat("a new id for this ", request.kind),
                 absl::StrCat("that of operation ", earlier->id, " (", earlier->kind, ")"),
                 "make a new id, such as a UUID, for each wish");
}

absl::StatusOr<Job> JobRunner::Run(const JobRequest& asked) {
  JobRequest request = asked;
  if (request.request_id.empty()) request.request_id = RandomUuid();
  if (request.request.empty()) request.request = "{}";
  if (request.request_id.size() > kMaxRequestId) {
    return Refusal(absl::StatusCode::kInvalidArgument, "BAD_REQUEST_ID",
                   "the request id is too long",
                   absl::StrCat("at most ", kMaxRequestId, " characters"),
                   absl::StrCat(request.request_id.size()), "a UUID is good");
  }
  if (!asked.request_id.empty()) {
    WEFT_ASSIGN_OR_RETURN(std::optional<Job> earlier, FindEarlier(request));
    if (earlier.has_value()) return *std::move(earlier);
  }
  {
    MutexLock lock(&mutex_);
    Reap();
    if (IsFull(request.kind)) {
      return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_OPERATIONS",
                     absl::StrCat("this provisioner already runs ", running_.size(), " operations"),
                     absl::StrCat("fewer than ", options_.max_running),
                     absl::StrCat(running_.size()),
                     "wait for one to end (weft operation list), or ask another provisioner");
    }
  }
  Job job;
  job.id = RandomUuid();
  job.kind = request.kind;
  job.group = request.group;
  job.server = request.server;
  job.request_id = request.request_id;
  job.user = request.user;
  job.phase = "begin";
  job.created = clock_->Now();
  job.updated = job.created;
  job.holder = holder_;
  job.request = request.request;
  const absl::Status begun = inventory_->BeginJob(job);
  // Two of one id came at the same time.
  if (ErrorReason(begun) == "REQUEST_KNOWN") {
    WEFT_ASSIGN_OR_RETURN(std::optional<Job> earlier, FindEarlier(request));
    if (earlier.has_value()) return *std::move(earlier);
  }
  WEFT_RETURN_IF_ERROR(begun);
  WEFT_RETURN_IF_ERROR(Begin(job, /*resumed=*/false));
  return job;
}

absl::StatusOr<Job> JobRunner::RunToEnd(const JobRequest& request, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(Job job, Run(request));
  while (!job.done()) {
    {
      MutexLock lock(&mutex_);
      clock_->WaitFor(&changed_, &mutex_, std::min(kPoll, deadline.Remaining()));
    }
    absl::StatusOr<Job> now = inventory_->GetJob(job.id);
    if (now.ok()) job = *std::move(now);
    if (job.done()) break;
    if (deadline.Passed()) {
      return Refusal(absl::StatusCode::kDeadlineExceeded, "STILL_RUNNING",
                     absl::StrCat("operation ", job.id, " has not ended yet, and goes on"),
                     "its end", job.phase, absl::StrCat("weft operation wait ", job.id));
    }
  }
  WEFT_RETURN_IF_ERROR(ErrorOf(job));
  return job;
}

absl::Status JobRunner::Begin(const Job& job, bool resumed) {
  const auto kind = kinds_.find(job.kind);
  if (kind == kinds_.end()) {
    return absl::InternalError(absl::StrCat("nothing does jobs of kind ", job.kind));
  }
  MutexLock lock(&mutex_);
  // It is taken over by who comes next.
  if (stopping_) return absl::UnavailableError("this provisioner is stopping");
  Reap();
  const auto running = std::make_shared<Running>(job, &kind->second, resumed, this);
  Running* const started = running.get();
  running_[job.id] = running;
  started->thread = std::thread([this, started] { Do(started); });
  return absl::OkStatus();
}

void JobRunner::Do(Running* running) {
  WEFT_LOG(kInfo, running->resumed() ? "operation goes on" : "operation begins",
           {{"operation", running->id()}, {"user", running->user()}});
  const absl::StatusOr<std::string> result = running->work()(*running);
  Job job = running->Last(clock_->Now());
  if (result.ok() || !running->lost()) {
    job.result = result.ok() ? *result : "";
    EndWith(result.status(), clock_->Now(), &job);
    WriteEnd(job, running);
    WEFT_LOG(kInfo, "operation ended",
             {{"operation", job.id},
              {"kind", job.kind},
              {"state", ToString(job.state)},
              {"error", job.error_reason}});
  } else if (!running->moved()) {
    // At once for the next one; without it only after the ttl.
    inventory_->YieldJob(job.id, holder_).IgnoreError();
    WEFT_LOG(kInfo, "operation is left to be resumed", {{"operation", job.id}});
  }
  MutexLock lock(&mutex_);
  running->ended = true;  // nothing of this object is used below but the lock: see Reap
  changed_.NotifyAll();
}

void JobRunner::WriteEnd(const Job& job, Running* running) {
  while (true) {
    const absl::Status status = inventory_->ReportJob(job);
    if (status.ok()) return;
    if (!absl::IsUnavailable(status)) {
      WEFT_LOG(kWarning, "end of operation not written",
               {{"operation", job.id}, {"error", status}});
      return;
    }
    MutexLock lock(&mutex_);
    if (stopping_ || running->moved()) return;
    clock_->WaitFor(&changed_, &mutex_, options_.period);
  }
}

void JobRunner::Reap() {
  for (auto it = running_.begin(); it != running_.end();) {
    if (!it->second->ended) {
      ++it;
      continue;
    }
    it->second->thread.join();
    it = running_.erase(it);
  }
}

void JobRunner::Loop() {
  std::vector<std::string> kinds;
  for (const auto& [kind, how] : kinds_) kinds.push_back(kind);
  while (true) {
    Look();
    inventory_->EndUnclaimed(kinds, clock_->Now()).IgnoreError();
    const Deadline next = Deadline::After(clock_, options_.period);
    MutexLock lock(&mutex_);
    while (!stopping_ && !next.Passed()) {
      clock_->WaitFor(&changed_, &mutex_, next.Remaining());
    }
    if (stopping_) return;
    Reap();
  }
}

// Renews what runs here, and takes what nobody works on any more.
void JobRunner::Look() {
  const absl::StatusOr<std::vector<Job>> jobs = inventory_->ListJobs();
  if (!jobs.ok()) return;
  const absl::Duration now = clock_->MonotonicNow();
  std::map<std::string, Standing> standing;
  for (const Job& job : *jobs) {
    std::shared_ptr<Running> running;
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
      const auto found = running_.find(job.id);
      if (found != running_.end() && !found->second->ended) running = found->second;
    }
    if (running != nullptr) {
      Renew(job, running.get());
      continue;
    }
    if (kinds_.count(job.kind) == 0) continue;
    Standing& seen = standing[job.id] = {job.holder, job.renewal, now};
    const auto before = standing_.find(job.id);
    if (before != standing_.end() && before->second.holder == job.holder &&
        before->second.renewal == job.renewal) {
      seen.since = before->second.since;
    }
    // Our own, too: the answer to our taking it may have been lost.
    if (!job.holder.empty() && now - seen.since < options_.ttl) continue;
    TakeOver(job);
  }
  standing_ = std::move(standing);
}

void JobRunner::Renew(const Job& job, Running* running) {
  if (job.holder != holder_) return running->Move();
  if (job.cancel_requested) running->Cancel();
  const absl::Duration before = clock_->MonotonicNow();
  absl::Status status = inventory_->RenewJob(job.id, holder_);
  if (status.ok()) running->Renewed(before);
  if (const std::optional<Job> news = running->TakeUnwritten(clock_->Now());
      status.ok() && news.has_value()) {
    status = inventory_->ReportJob(*news);
  }
  if (ErrorReason(status) == "CLAIM_MOVED" && !running->ended) running->Move();
}

void JobRunner::TakeOver(const Job& job) {
  {
    MutexLock lock(&mutex_);
    if (IsFull(job.kind)) return;
  }
  if (!inventory_->TakeJob(job, holder_).ok()) return;
  WEFT_LOG(kWarning, "takes an operation over",
           {{"operation", job.id}, {"kind", job.kind}, {"from", job.holder}});
  Job mine = job;
  mine.holder = holder_;
  if (const absl::Status begun = Begin(mine, /*resumed=*/true); !begun.ok()) {
    inventory_->YieldJob(job.id, holder_).IgnoreError();
  }
}

}  // namespace weft::provisioner
