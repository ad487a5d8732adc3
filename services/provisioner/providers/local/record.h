#pragma once
// What the local provider writes down of a machine and of a snapshot. Pure but for the files.
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::local {

// In UUID/machine.json: there before the server is.
struct MachineFile {
  std::string uuid;
  std::string image;
  std::string flavor;
  int port = 0;
  int admin_port = 0;
  Properties meta;
};

absl::Status Write(const std::string& path, const MachineFile& machine);
// NOT_FOUND: there is none. DATA_LOSS: it is no such file.
absl::StatusOr<MachineFile> ReadMachineFile(const std::string& path);

// In snapshots/NAME/snapshot.json: written last, so that its presence says that all is there.
struct SnapshotFile {
  MachineSnapshot snapshot;
  std::string image;
  std::string flavor;
  Properties meta;
  Properties checksums;  // by file: SHA-256 in hex
};

absl::Status Write(const std::string& path, const SnapshotFile& snapshot);
absl::StatusOr<SnapshotFile> ReadSnapshotFile(const std::string& path);

}  // namespace weft::provisioner::local
