#pragma once
// Listens to every controller for the users of this Weft.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/access/users.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/controllers.h"
#include "common/rpc/stream_follower.h"
#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::rpc {

// Feeds Users from the controllers' pushes (WatchUsers), the newest of what they say. Keeps the
// last for ever while no controller answers. The channels log in as a user with the role gateway.
// One thread for each controller. Thread-safe but for construction and destruction.
class UserWatch {
 public:
  // Begins at once. `users` and `clock` outlive this.
  UserWatch(const std::vector<Controllers::Controller>& controllers, access::Users* users,
            Clock* clock);
  // Ends the streams without waiting for controllers.
  ~UserWatch();

 private:
  struct Follower {
    std::string address;
    std::unique_ptr<v1::Users::Stub> stub;
    std::unique_ptr<StreamFollower<v1::UserSnapshot>> stream;
  };

  void Take(size_t from, const v1::UserSnapshot& pushed);

  access::Users* const users_;
  Mutex mutex_;                      // of the comparison with the last one
  std::vector<Follower> followers_;  // the last member: its threads use the others
};

// What the wires need of a push.
std::shared_ptr<const access::UserSnapshot> SnapshotOf(const v1::UserSnapshot& pushed);

}  // namespace weft::rpc
