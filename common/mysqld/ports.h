#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft {

// Free TCP ports on 127.0.0.1 that two sandboxes coming up at once do not both get.
//
// A claim is a small file, named after the port, in CacheDir(), which names the folder
// the port is for (`owner_dir`). It holds from ClaimPorts until ReleasePorts or until `owner_dir`
// is gone, so a killed server finds its port again and nothing has to be cleaned up after a crash.

// Claims `count` ports for `owner_dir` (an existing folder). Each is above 20000, below 32000 (from
// 32768 up any client connection may hold one) and could be bound just now. Blocks while another
// claimer works (milliseconds). RESOURCE_EXHAUSTED: not that many are free.
absl::StatusOr<std::vector<int>> ClaimPorts(absl::string_view owner_dir, int count);

// Gives back every port that `owner_dir` claimed. Repeatable.
void ReleasePorts(absl::string_view owner_dir);

// OK if a listener could bind 127.0.0.1:port now; ALREADY_EXISTS otherwise, naming the process
// that listens there when it can be seen.
absl::Status CheckPortFree(int port);

}  // namespace weft
