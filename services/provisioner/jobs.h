#pragma once
// Long requests on threads of their own: persisted, shown by the controllers as operations, and
// taken over by another provisioner when this one dies.

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

// What somebody asked for.
struct JobRequest {
  std::string kind;   // "clone", "create-machines", ...: one that has a Work
  std::string group;  // bare name; empty: of none
  std::string server;
  std::string request_id;  // empty: one is made
  std::string user;
  std::string request;  // JSON of all that the work needs, without secrets; empty: "{}"
};

// One job at work, as its Work sees it. Thread-safe.
class RunningJob {
 public:
  virtual ~RunningJob() = default;

  virtual const std::string& id() const = 0;
  virtual const std::string& user() const = 0;
  virtual const std::string& group() const = 0;
  virtual const std::string& server() const = 0;
  virtual const std::string& request() const = 0;
  // What Keep kept, by this provisioner or the one before; empty at first.
  virtual const std::string& notes() const = 0;
  // It was begun before, by somebody who may have done any part of it.
  virtual bool resumed() const = 0;

  // Shown at once here, within a second by the controllers. `progress` is 0..1 and never falls.
  virtual void Report(double progress, absl::string_view phase) = 0;
  // For programs: a JSON object that the operation has for its result until it ends. Seen as soon
  // as what is reported.
  virtual void ShowFigures(const std::string& figures) = 0;
  // Persists what who resumes the job must know; returns once that is safe, which it waits for
  // while the store is away. ABORTED: the job is lost.
  virtual absl::Status Keep(const std::string& notes) = 0;
  // True once its end was asked for, or another holds the job, or this process stops: return
  // CANCELLED soon. Only where `lost()` is false is there to be put back what was begun: else
  // whoever resumes the job goes on with it.
  virtual bool cancelled() const = 0;
  // True when this provisioner must not touch anything of the job any more, nor puts anything back.
  virtual bool lost() const = 0;
};

// Runs jobs. Thread-safe. A job whose process dies is taken over once its claim has not been
// renewed for `ttl` on the challenger's own clock, and its Work called again with the same request
// and the notes kept last: so a Work must bear being begun anew at each of its steps.
class JobRunner {
 public:
  struct Options {
    std::string name;  // of this provisioner; made unique for each process by itself
    absl::Duration ttl = absl::Seconds(5);
    absl::Duration period = absl::Seconds(1);  // of renewals and of looking for what is left behind
    size_t max_running = 16;                   // of those that work, and of those that conduct
  };
  // Returns the result, a JSON object of figures or "". Errors as an RPC would give them; CANCELLED
  // where it was cancelled.
  using Work = std::function<absl::StatusOr<std::string>(RunningJob&)>;

  // Both outlive this.
  JobRunner(Options options, Inventory* inventory, Clock* clock);
  // Stops.
  ~JobRunner();

  // What jobs of a kind do. Before Start. One that conducts others (begins jobs and waits for them)
  // is counted apart, so that those who wait never take the place of those they wait for.
  enum class Part { kWorks, kConducts };
  void Handle(const std::string& kind, Work work, Part part = Part::kWorks);
  // From now on jobs that were left behind are resumed.
  void Start();
  // Asks all work to end and waits for it; what is cut off is left to be resumed.
  void Stop();

  // Records the job and begins it. The job of an earlier request with the same id is returned as it
  // is. INVALID_ARGUMENT REQUEST_ID_REUSED when that was of another kind or asked for something
  // else; RESOURCE_EXHAUSTED TOO_MANY_OPERATIONS; the inventory's errors.
  absl::StatusOr<Job> Run(const JobRequest& request);
  // The job of an earlier request with that id; nullopt: there is none, or the id is empty. Errors
  // as Run, but for TOO_MANY_OPERATIONS. `is_same`: whether one of the same kind and group asked
  // for the same. Empty: where it runs its request must be `request`'s, which is forgotten at its
  // end.
  absl::StatusOr<std::optional<Job>> FindEarlier(
      const JobRequest& request, const std::function<bool(const Job&)>& is_same = nullptr) const;
  // Runs it and waits for its end, for short jobs: the job's own error when it failed.
  // DEADLINE_EXCEEDED: it goes on.
  absl::StatusOr<Job> RunToEnd(const JobRequest& request, const Deadline& deadline);

 private:
  class Running;
  struct Kind {
    Work work;
    Part part;
  };

  // Whether as many of its part run as may.
  bool IsFull(const std::string& kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Begin(const Job& job, bool resumed);
  void Do(Running* running);
  void WriteEnd(const Job& job, Running* running);
  void Loop();
  void Look();
  void Renew(const Job& job, Running* running);
  void TakeOver(const Job& job);
  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const std::string holder_;
  Inventory* const inventory_;
  Clock* const clock_;
  std::map<std::string, Kind> kinds_;  // never changed after Start

  // What another's claim was when it last moved, on our clock.
  struct Standing {
    std::string holder;
    uint64_t renewal = 0;
    absl::Duration since;
  };
  std::map<std::string, Standing> standing_;  // of the loop's thread alone

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::shared_ptr<Running>> running_ ABSL_GUARDED_BY(mutex_);  // by id
  std::thread thread_;
};

}  // namespace weft::provisioner
