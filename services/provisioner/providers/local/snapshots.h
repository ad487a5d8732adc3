#pragma once
// Snapshots of the local provider's machines.
//   FOLDER/snapshots/NAME/snapshot.json  see record.h
//   FOLDER/snapshots/NAME/data/          a data folder
//   FOLDER/snapshots/NAME.partial/       one in the making, or that was cut off
//   FOLDER/snapshots/NAME.removed.partial/  one that goes
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/local/machines.h"
#include "services/provisioner/providers/local/record.h"

namespace weft::provisioner::local {

// Thread-safe; several processes may use one folder.
class Snapshots {
 public:
  // Both outlive this.
  Snapshots(const Machines* machines, Clock* clock) : machines_(machines), clock_(clock) {}

  // The one of that name where there is one. Blocks for as long as the data take. UNAVAILABLE while
  // another of that machine is made. FAILED_PRECONDITION TABLES_LEFT_OUT: it runs, and has tables
  // that it cannot copy while it does.
  absl::StatusOr<MachineSnapshot> Take(const std::string& uuid, const std::string& name,
                                       const CopyTerms& terms) const;
  // Of all machines for an empty uuid; oldest first.
  std::vector<MachineSnapshot> List(const std::string& uuid) const;
  absl::Status Remove(const std::string& name) const;

  // What was written down of one. SNAPSHOT_UNKNOWN.
  absl::StatusOr<SnapshotFile> FileOf(const std::string& name) const;
  // Copies its data, and finds each file that has arrived to be what was saved. SNAPSHOT_DAMAGED;
  // SNAPSHOT_UNKNOWN where it is destroyed meanwhile.
  absl::Status CopyTo(const SnapshotFile& file, const std::string& data_dir,
                      const CopyTerms& terms) const;

 private:
  // CANCELLED, or PROVIDER_TOO_SLOW from the deadline on.
  MayGoOn By(const CopyTerms& terms) const;
  // The server copies itself while it serves.
  absl::Status CloneTo(const Instance& server, const std::string& to, const CopyTerms& terms) const;
  std::string Folder(const std::string& name) const;
  absl::Status CopyData(const std::string& uuid, const std::string& to,
                        const CopyTerms& terms) const;

  const Machines* const machines_;
  Clock* const clock_;
};

}  // namespace weft::provisioner::local
