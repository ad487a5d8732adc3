#pragma once
// What may be asked of copies: checks it, and begins the job that makes one.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/copies/group_directory.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/copy_rules.h"
#include "services/provisioner/dataset/farm_access.h"
#include "services/provisioner/jobs.h"

namespace weft::provisioner {

inline constexpr uint64_t kBytesPerSecondFromPrimary = uint64_t{32} << 20;

struct CopyOptions {
  // Read from a primary in a second, where the request does not say: its clients' commits share
  // the disk with the copy. From other members: as fast as it goes.
  uint64_t bytes_per_second_from_primary = kBytesPerSecondFromPrimary;
  // How many parts a copy by rows moves at once.
  int streams = 4;
  // Whether a server is the state store's; never a target. May be empty. Thread-safe.
  std::function<bool(const HostPort&, const ServerUuid&)> is_store;
};

// What somebody asked for.
struct CopyAsked {
  std::string group;
  std::string target;  // "host:port"
  std::string source;  // as ChooseSource takes it
  CopyMethod method = CopyMethod::kAuto;
  int64_t bytes_per_second = 0;  // 0: the default; negative: no bound
  bool surrender = false;
  std::string request_id;
  std::string user;
  bool validate_only = false;
  std::string plugin_missing;  // as CopyWish has it
};

struct CopyPlan {
  Server source;
  HostPort target;
  ServerUuid target_uuid;
  // Of servers of this machine; empty: none.
  std::string target_folder;
  std::string source_folder;
  CopyMethod method = CopyMethod::kLogical;
  std::string reason;
  uint64_t bytes = 0;             // of the source, as its statistics have them
  uint64_t bytes_per_second = 0;  // 0: no bound
};

// Thread-safe. Blocks for seconds: it asks the controllers and both servers.
class CopyRequests {
 public:
  // All outlive this. Tells `runner` what a job of the kind "clone" does.
  CopyRequests(CopyOptions options, const FarmAccess* access, GroupDirectory* groups,
               Inventory* inventory, JobRunner* runner, Clock* clock);

  struct Begun {
    Job job;  // empty with validate_only
    CopyPlan plan;
  };
  // Errors as the API has them (protos/weft/v1/copies.proto); ABORTED CLONE_UNDER_WAY: a copy onto
  // the target runs.
  absl::StatusOr<Begun> Clone(const CopyAsked& asked);

 private:
  absl::StatusOr<CopyPlan> Plan(const CopyAsked& asked);
  // ABORTED CLONE_UNDER_WAY: a copy onto the target that was recorded before `job` (empty: any)
  // has not ended. It is known by its address, and by its uuid unless that is empty.
  absl::Status CheckAlone(const HostPort& target, const ServerUuid& uuid, const std::string& job);
  // The same for one that runs, however long the store is away.
  absl::Status AwaitAlone(const CopyAsked& asked, const ServerUuid& uuid, const RunningJob& job);
  // FAILED_PRECONDITION: it is a group's, or the store's. UNAVAILABLE: nobody tells.
  absl::Status CheckNobodys(const HostPort& server, const ServerUuid& uuid) const;
  absl::StatusOr<std::string> Work(RunningJob& job);
  // With the plugin loaded where it is to be used; where it cannot be, by another method.
  absl::StatusOr<CopyPlan> PlanReady(CopyAsked asked);
  // Of a copy that was begun: its target may be restarting, and is waited for.
  absl::StatusOr<CopyPlan> PlanAgain(const CopyAsked& asked, const RunningJob& job);
  absl::Status GiveUp(const CopyAsked& asked, const RunningJob& job, const absl::Status& failure);

  const CopyOptions options_;
  const FarmAccess* const access_;
  GroupDirectory* const groups_;
  Inventory* const inventory_;
  JobRunner* const runner_;
  Clock* const clock_;
};

}  // namespace weft::provisioner
