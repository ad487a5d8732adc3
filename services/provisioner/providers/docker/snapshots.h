#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/docker/container.h"
#include "services/provisioner/providers/docker/engine.h"

namespace weft::provisioner::docker {

// What has this before its name is being copied to, or its copying was broken off.
inline constexpr char kUnfinished[] = "unfinished-";

// Copies of machines' data, each in a volume that hangs on a container that never runs. An engine
// lets nothing of a container be changed but its name, so the name tells what is whole: size and
// checksum are in it, and it is given last. Thread-safe.
class Snapshots {
 public:
  // All must outlive it.
  Snapshots(Engine* engine, const Settings* settings, Clock* clock)
      : engine_(engine), settings_(settings), clock_(clock) {}

  // As Provider. The machine stands still while its data are read, and goes on whatever happens;
  // one that a broken off snapshot left so is let go on first.
  absl::StatusOr<MachineSnapshot> Create(const std::string& uuid, const std::string& name,
                                         const CopyTerms& terms);
  absl::StatusOr<std::vector<MachineSnapshot>> List(const std::string& uuid,
                                                    const Deadline& deadline);
  absl::Status Destroy(const std::string& name, const Deadline& deadline);
  // Copies the snapshot's data into a container that has not been started. DATA_LOSS
  // SNAPSHOT_DAMAGED where they are not what was saved.
  absl::Status CopyInto(const std::string& name, const std::string& container,
                        const CopyTerms& terms);

  // What is left of snapshots of the machine that were broken off; lets it go on, if it stands.
  absl::Status RemoveUnfinished(const std::string& uuid, const Deadline& deadline);

 private:
  absl::StatusOr<Digest> CopyStanding(const std::string& machine, const std::string& snapshot,
                                      const CopyTerms& terms);
  // Saves into the container of that name, which it makes; gives the checksum.
  absl::StatusOr<Digest> Save(const std::string& uuid, const std::string& image,
                              const std::string& name, const CopyTerms& terms);

  Engine* const engine_;
  const Settings* const settings_;
  Clock* const clock_;
};

}  // namespace weft::provisioner::docker
