#include "common/mysqld/greeting.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"

namespace weft {

absl::Status AwaitGreeting(absl::string_view socket_path, absl::Duration timeout) {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket path too long: ", socket_path));
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  // Non-blocking: a connect waits while the listener's queue is full.
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "socket");
  const absl::Cleanup close_fd = [fd] { close(fd); };
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::UnavailableError(absl::StrCat("nothing accepts connections at ", socket_path, ": ",
                                               std::generic_category().message(errno)));
  }
  while (true) {
    pollfd wait = {fd, POLLIN, 0};
    const absl::Duration left = std::min<absl::Duration>(deadline.Remaining(), absl::Hours(1));
    const int ready = poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    if (ready > 0) break;
    if (ready == 0 && deadline.Passed()) {
      return absl::DeadlineExceededError(
          absl::StrCat("no greeting at ", socket_path, " within ", absl::FormatDuration(timeout)));
    }
  }
  char first = 0;
  if (recv(fd, &first, 1, 0) == 1) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("hung up at ", socket_path));
}

}  // namespace weft
