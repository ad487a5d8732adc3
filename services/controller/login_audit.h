#pragma once
// The record of failed logins: counted, and told as events of the kind "login", many of one kind as
// one.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/event_journal.h"

namespace weft::controller {

// Thread-safe; does not block. The first failure of a user from a client is told within a tick, and
// what follows of it at most once in Options::quiet. What does not fit into the table is told as a
// number.
class LoginAudit {
 public:
  struct Options {
    absl::Duration quiet = absl::Minutes(1);
    size_t max_rows = 4096;
  };
  struct Failure {
    std::string protocol;  // "grpc", "xmlrpc", "mysql"
    std::string user;      // as the client gave it
    std::string peer;      // without port
    std::string gateway;   // or provisioner, where it was; empty: at a controller
    uint64_t count = 1;
  };

  // `tell` gets what is to be recorded, in words; its caller says whether anybody may record it.
  LoginAudit(Options options, Clock* clock, std::function<void(const std::string& text)> tell)
      : options_(options), clock_(clock), tell_(std::move(tell)) {}

  void Failed(const Failure& failure);
  // Failures that nobody could tell apart.
  void FailedOthers(uint64_t count);
  // Tells what is due. Called about once a second.
  void Tick();

 private:
  struct Row {
    uint64_t pending = 0;
    absl::Duration told = -absl::InfiniteDuration();
  };
  using Key = std::tuple<std::string, std::string, std::string, std::string>;

  const Options options_;
  Clock* const clock_;
  const std::function<void(const std::string&)> tell_;
  Mutex mutex_;
  std::map<Key, Row> rows_ ABSL_GUARDED_BY(mutex_);
  uint64_t others_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weft::controller
