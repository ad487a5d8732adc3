#include "services/gateway/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::gateway::testing {

RawClient::RawClient(int port, int receive_bytes) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Close();
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

bool RawClient::Wait(short events) {
  pollfd polled = {.fd = socket_, .events = events, .revents = 0};
  return socket_ >= 0 &&
         poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))) == 1;
}

bool RawClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (!Wait(POLLOUT)) return false;
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawClient::Receive() {
  std::string bytes(64 << 10, '\0');
  if (!Wait(POLLIN)) return "";
  const ssize_t received = recv(socket_, bytes.data(), bytes.size(), 0);
  ended_ = received <= 0;
  bytes.resize(received > 0 ? static_cast<size_t>(received) : 0);
  return bytes;
}

std::string RawClient::Receive(size_t count) {
  std::string bytes;
  while (bytes.size() < count && Wait(POLLIN)) {
    std::string more(count - bytes.size(), '\0');
    const ssize_t received = recv(socket_, more.data(), more.size(), 0);
    ended_ = received <= 0;
    if (ended_) break;
    bytes.append(more, 0, static_cast<size_t>(received));
  }
  return bytes;
}

std::string RawClient::ReceiveAll(bool* ended) {
  std::string bytes;
  for (std::string more = Receive(); !more.empty(); more = Receive()) bytes += more;
  if (ended != nullptr) *ended = ended_;
  return bytes;
}

}  // namespace weft::gateway::testing
