#pragma once
// A state store that is a MySQL Group Replication cluster: who of its members is the primary.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/store_members.h"
#include "services/controller/mysql/store_place.h"

namespace weft::controller {

// Asks every member over a connection of its own, each from its own thread, so that one that hangs
// delays no other, and says which of them is the primary. Thread-safe.
class StoreCluster : public StorePlace {
 public:
  struct Options {
    std::vector<HostPort> members;
    mysql::ConnectOptions connect;  // login and TLS; no address, no database
    // Between two questions to a member. A failover is followed this long, at most twice, after
    // the new primary says that it is one.
    absl::Duration period = absl::Milliseconds(200);
    // One question; and how long an answer counts.
    absl::Duration timeout = absl::Seconds(1);
    absl::Duration fresh = absl::Milliseconds(1500);
    // How long Find waits for answers that are not there yet.
    absl::Duration patience = absl::Milliseconds(700);
    Clock* clock = nullptr;  // outlives this
  };

  explicit StoreCluster(const Options& options);
  // Blocks for one question at most.
  ~StoreCluster() override;

  absl::StatusOr<HostPort> Find() override;
  void Doubt() override;
  bool replicated() const override { return true; }

  // Logs in like this from now on.
  void SetLogin(const std::string& user, const std::string& password);

  // What each member said last, in the order of the options.
  std::vector<MemberAnswer> Answers();

 private:
  struct Asked {
    MemberAnswer answer;
    absl::Duration sent = -absl::InfiniteDuration();  // of the question that it answers
  };

  void Loop(size_t index);
  MemberAnswer Ask(size_t index, std::unique_ptr<mysql::Session>* session);
  absl::StatusOr<size_t> Choose() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<MemberAnswer> Fresh() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Every member has been asked since what is doubted.
  bool AllAsked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;

  Mutex mutex_;
  CondVar changed_;  // an answer came, a question is wanted, or the end
  mysql::ConnectOptions connect_ ABSL_GUARDED_BY(mutex_);
  uint64_t logins_ ABSL_GUARDED_BY(mutex_) = 0;  // counts the changes of connect_
  std::vector<Asked> asked_ ABSL_GUARDED_BY(mutex_);
  absl::Duration doubted_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  std::string told_ ABSL_GUARDED_BY(mutex_);  // the last that was logged
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace weft::controller
