#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "gtest/gtest.h"

namespace weft::testing {

// A port of this machine that listens, and does nothing else by itself.
class Listener {
 public:
  // 0: a port that is free.
  explicit Listener(uint16_t port = 0) {
    descriptor_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(descriptor_, 16), 0);
    EXPECT_EQ(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { Close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Refuses from now on.
  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }
  // Waits for a connection; its descriptor.
  int Accept() { return accept(descriptor_, nullptr, nullptr); }
  uint16_t port() const { return port_; }

 private:
  int descriptor_ = -1;
  uint16_t port_ = 0;
};

}  // namespace weft::testing
