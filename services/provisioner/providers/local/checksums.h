#pragma once
// Checksums of the files of a folder.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysqld/files.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::local {

struct Checksums {
  Properties of;  // by path below the folder: SHA-256 in hex
  uint64_t bytes = 0;
};

// Reads every file once, a block at a time. Errors of files (common/mysqld/files.h), and of
// `may_go_on`, which is asked for each block.
absl::StatusOr<Checksums> ChecksumsOf(const std::string& folder, const MayGoOn& may_go_on);

// Of `folder`, which was copied from the snapshot in `snapshot`: DATA_LOSS SNAPSHOT_DAMAGED where a
// file is missing, new or not what it was; names it.
absl::Status Verify(const std::string& snapshot, const std::string& folder,
                    const Properties& checksums, const MayGoOn& may_go_on);

}  // namespace weft::provisioner::local
