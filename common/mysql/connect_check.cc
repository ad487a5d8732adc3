#include "common/mysql/connect_check.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace weft::mysql {
namespace {

int TryAddress(const addrinfo& address, absl::Duration timeout) {
  const int descriptor = socket(
      address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (descriptor < 0) return errno;
  int error = connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait = {.fd = descriptor, .events = POLLOUT, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
    socklen_t size = sizeof(error);
    if (ready <= 0) {
      error = ETIMEDOUT;
    } else if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  close(descriptor);
  return error;
}

}  // namespace

int ConnectError(const std::string& host, int port, absl::Duration timeout) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return EADDRNOTAVAIL;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    error = TryAddress(*address, timeout);
    if (error == 0) break;
  }
  return error;
}

}  // namespace weft::mysql
