#pragma once
// One request and its answer, between the server's threads and whoever responds.
#include <microhttpd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "services/gateway/http/connection_table.h"
#include "services/gateway/http/server.h"

namespace weft::gateway::http {

// Shared by the server, until the request has ended, and by its Respond, for ever.
class Exchange {
 public:
  explicit Exchange(MHD_Connection* wire) : wire_(wire) {}

  // Any thread; only the first response counts. Wakes the connection if it sleeps.
  void Respond(Response response) {
    MutexLock lock(&mutex_);
    if (responded_) return;
    responded_ = true;
    response_ = std::move(response);
    if (asleep_) MHD_resume_connection(wire_);
    asleep_ = false;
  }

  // The server's thread of that connection. False: there is a response already.
  bool Sleep() {
    MutexLock lock(&mutex_);
    if (responded_) return false;
    MHD_suspend_connection(wire_);
    asleep_ = true;
    return true;
  }

  // nullopt: not yet responded, or taken already.
  std::optional<Response> Take() {
    MutexLock lock(&mutex_);
    return std::exchange(response_, std::nullopt);
  }

  // What the server's thread of the connection keeps; no one else looks at it.
  struct Reading {
    Connection* connection = nullptr;
    Request request;
    // Of the body that was read, how much counts against all connections' bodies.
    size_t counted_bytes = 0;
    size_t dropped_bytes = 0;
    int refusal = 0;  // the status with which the request will be refused; 0: none
    bool handled = false;
    bool slept = false;
  };
  Reading reading;
  // When it fell asleep; the server's, under its lock.
  absl::Duration asleep_since;

 private:
  MHD_Connection* const wire_;
  Mutex mutex_;
  std::optional<Response> response_ ABSL_GUARDED_BY(mutex_);
  bool responded_ ABSL_GUARDED_BY(mutex_) = false;
  bool asleep_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace weft::gateway::http
