#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/dataset/throttle.h"

namespace weft::provisioner {

struct DirectCopy {
  std::string from;
  std::string to;  // made; what is in it is overwritten
  // Paths relative to `from` that are left out; a folder with all that is in it. May be empty.
  std::function<bool(const std::string&)> leaves_out;
  int threads = 3;
  Throttle* throttle = nullptr;
  // Counts up meanwhile; may be nullptr.
  std::atomic<uint64_t>* bytes = nullptr;
  // Not OK: the copy ends with it. From any thread.
  std::function<absl::Status()> may_go_on;
};

// Bytes of the files that CopyDirect would copy.
absl::StatusOr<uint64_t> SizeOf(const DirectCopy& copy);

// Copies a folder past the page cache, so that a server beside it keeps what it has there, large
// files in parts by several threads; where the file system shares blocks, it shares them. Through
// the cache where the file system knows no direct I/O. Returns once all is on the disk. Errors as
// common/mysqld/files.h. What was copied by then stays.
absl::Status CopyDirect(const DirectCopy& copy);

}  // namespace weft::provisioner
