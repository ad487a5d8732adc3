#pragma once
// A TCP client that does exactly what a test tells it.
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::gateway::testing {

// Blocks, each call at most kPatience. Not thread-safe.
class RawClient {
 public:
  // Connects to 127.0.0.1. `receive_bytes`: the room for what it has not read yet; 0: the system's.
  explicit RawClient(int port, int receive_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // -1 when it is closed.
  int socket() const { return socket_; }
  bool is_connected() const { return socket_ >= 0; }
  // False when the other end has gone.
  bool Send(absl::string_view bytes);
  // What is there, after waiting for the first byte of it; empty at the end and after kPatience.
  std::string Receive();
  // `count` bytes, fewer at the end.
  std::string Receive(size_t count);
  // All up to the end of the connection. `ended` tells whether it came.
  std::string ReceiveAll(bool* ended = nullptr);
  void Close();

  static constexpr absl::Duration kPatience = absl::Seconds(10);

 private:
  bool Wait(short events);

  int socket_ = -1;
  bool ended_ = false;
};

}  // namespace weft::gateway::testing
