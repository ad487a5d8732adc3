#pragma once
// What may be asked of machines and snapshots: checks it, and begins jobs.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/membership.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/wishes.h"

namespace weft::provisioner {

// What every request to a provisioner is refused with whose `field` is out of its bounds:
// INVALID_ARGUMENT BAD_ARGUMENT.
absl::Status BadArgument(absl::string_view field, absl::string_view expected,
                         absl::string_view found);

// INVALID_ARGUMENT BAD_ARGUMENT for a key that is Weft's own.
absl::Status CheckMeta(const Properties& meta);

// Whoever asks for a change.
struct Caller {
  std::string user;
  std::string request_id;  // empty: not protected against repetition
  bool validate_only = false;
};

// Thread-safe. Blocks as the inventory and (for what is live) providers do.
class MachineRequests {
 public:
  // All outlive this.
  MachineRequests(Inventory* inventory, ProviderDirectory* directory, MembershipPorts members,
                  JobRunner* runner, Clock* clock)
      : inventory_(inventory),
        directory_(directory),
        members_(std::move(members)),
        runner_(runner),
        clock_(clock) {}

  struct CreateOrder {
    std::string provider;
    int count = 1;
    MachineOrder like;  // of each, but for the uuid; user_data in clear
    bool unlisted = false;
    bool wait = true;
    absl::Duration reach_timeout = absl::Minutes(10);
  };
  struct Begun {
    Job job;                        // empty with validate_only
    std::vector<Machine> machines;  // as they are asked for
  };
  absl::StatusOr<Begun> Create(const CreateOrder& order, const Caller& caller);

  // As listed. One that no operation works on any more is an orphan, whatever it was on the way to.
  absl::StatusOr<MachineEntry> Get(const std::string& uuid);
  absl::StatusOr<std::vector<MachineEntry>> List(const std::string& provider);
  // As its provider has them.
  absl::StatusOr<std::vector<Machine>> Search(const std::string& provider,
                                              const Properties& filters, const Properties& meta);

  struct DestroyOrder {
    std::string machine;
    std::string provider;
    bool force = false;  // though it is in a group, and though its provider fails
    bool unlisted = false;
  };
  absl::StatusOr<Job> Destroy(const DestroyOrder& order, const Caller& caller);

  struct SnapshotOrder {
    std::string machine;
    std::string provider;
    std::string name;  // of one that is to be destroyed
    int keep = 0;
    bool unlisted = false;
  };
  absl::StatusOr<Job> CreateSnapshot(const SnapshotOrder& order, const Caller& caller);
  absl::StatusOr<Job> DestroySnapshots(const SnapshotOrder& order, const Caller& caller);
  absl::StatusOr<std::vector<SnapshotEntry>> ListSnapshots(const std::string& provider,
                                                           const std::string& machine);
  // `order`: its provider and count are not looked at.
  absl::StatusOr<Begun> Restore(const std::string& snapshot, const CreateOrder& order,
                                const Caller& caller);

 private:
  absl::StatusOr<Begun> Begin(const char* kind, CreateWish wish, const CreateOrder& order,
                              const Caller& caller);
  absl::StatusOr<Job> Run(const char* kind, std::string request, const Caller& caller);
  // The provider of a machine, which must be the one named, if one is.
  absl::StatusOr<std::string> ProviderOf(const std::string& machine, const std::string& provider,
                                         bool unlisted);
  absl::Status CheckIdle(const MachineEntry& entry);
  // That no group has a server on the machine. Its provider is asked for its addresses where
  // `entry` has none or is NOT_FOUND. FAILED_PRECONDITION MACHINE_IN_GROUP, GROUPS_UNKNOWN,
  // SERVER_UNKNOWN.
  absl::Status CheckNoMember(const std::string& machine, const std::string& provider,
                             const absl::StatusOr<MachineEntry>& entry);
  absl::Status MarkOrphans(std::vector<MachineEntry>* entries);

  Inventory* const inventory_;
  ProviderDirectory* const directory_;
  const MembershipPorts members_;
  JobRunner* const runner_;
  Clock* const clock_;
};

}  // namespace weft::provisioner
