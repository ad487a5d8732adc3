#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"

namespace weft::rpc {

// The controllers of one Weft, of which one leads: whom to ask, and whom next. A follower answers
// reads and watches, at most a second behind, and refuses changes, so the leader is asked first
// and the others where it is gone. Thread-safe.
class Controllers {
 public:
  struct Controller {
    std::string address;
    bool logged_in = false;
    std::shared_ptr<grpc::Channel> channel;
  };

  // What the answer of one of several controllers means for the call.
  enum class Verdict {
    kFinal,      // Its own answer: another one's would be no better.
    kElsewhere,  // It is gone, or has nothing to say: another may know.
    kLater,      // Who leads is changing, or unknown to it: another, or in a moment any.
  };

  // Connects to none yet; the same address counts once. REQUIRES: at least one. Errors as
  // Connect.
  static absl::StatusOr<std::shared_ptr<Controllers>> Create(
      const std::vector<ChannelOptions>& options);

  // Those behind connections that there are already. REQUIRES: at least one.
  static std::shared_ptr<Controllers> Of(std::vector<Controller> controllers);

  size_t size() const { return all_.size(); }
  // In the order in which they were named.
  const std::vector<Controller>& all() const { return all_; }
  // "a:1, b:2".
  std::string Addresses() const;

  // All of them, in the order to ask them. First the one that served last; where there is none, and
  // there are several, they are asked at once who leads, for at most `patience` (a second is much),
  // and that one is the first. Where nobody leads: as they were named.
  std::vector<const Controller*> InOrder(absl::Duration patience);
  // What `controller` said was final: it is asked first from now on.
  void Served(const Controller& controller) {
    serving_.store(&controller, std::memory_order_relaxed);
  }
  // It was not: who leads is asked for anew.
  void Left() { serving_.store(nullptr, std::memory_order_relaxed); }

  // Of the error of a call to `controller`: `status` as it came, without an explanation of ours.
  // Waits up to 50 ms for a connection that breaks to be known as broken.
  static Verdict Judge(const Controller& controller, const absl::Status& status);

 private:
  Controllers() = default;

  // Who says that it leads; nullptr: nobody within `patience`.
  const Controller* FindLeader(absl::Duration patience) const;

  std::vector<Controller> all_;  // never changed after Create
  std::atomic<const Controller*> serving_ = nullptr;
};

// True where a call failed because nothing answers at the other end of `controller`'s channel. May
// wait, as Judge.
bool IsUnreachable(const Controllers::Controller& controller, const absl::Status& status);

}  // namespace weft::rpc
