#pragma once
// The users as the store has them, in the memory of every controller, so that it knows who calls
// while the store is down.
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/auth.h"
#include "services/controller/listeners.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Thread-safe. Reads the users once a second (at first more often, until the admin is there), and
// only where their version has changed; keeps what it knows for ever. While it leads it also sees
// to it that the admin of Options::admin is among them, with the password of its file, so that it
// may log in to gateways like any user.
class UserDirectory {
 public:
  struct Options {
    // Empty: there is none to see to.
    rpc::Credentials admin;
    absl::Duration period = absl::Seconds(1);
  };
  using Users = std::shared_ptr<const UserSet>;

  // `store` and `clock` outlive this. `leads` says whether this controller may write.
  // `each_round` is called once a period, on this thread.
  UserDirectory(Options options, Store* store, Clock* clock, std::function<bool()> leads,
                std::function<void()> each_round);
  ~UserDirectory();

  void Start();
  void Stop();

  // nullptr: none were read yet.
  Users Get() const;
  // Reads them now, for who has just written. Blocks up to the store's deadline.
  absl::Status Refresh();
  // Told after each change.
  Listeners& changed() { return changed_; }

 private:
  void Loop();
  // True also where there is none to see to.
  bool HasAdmin() const;
  void SeeToAdmin();

  const Options options_;
  Store* const store_;
  Clock* const clock_;
  const std::function<bool()> leads_;
  const std::function<void()> each_round_;
  Listeners changed_;

  Mutex refreshing_;  // an older read must not replace a newer one
  mutable Mutex mutex_;
  CondVar wake_;
  Users users_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// UNAVAILABLE USERS_NOT_LOADED: the directory has not read any yet.
absl::Status UsersNotLoaded(absl::string_view next_step = "try again");

// What is kept of `password` for the wires that are asked for; the others of `user` stay.
struct Wires {
  bool grpc = true;
  bool xmlrpc = true;
  bool mysql = true;
};
// Costs tens of milliseconds. An empty password takes the login away.
void KeepPassword(const std::string& password, const Wires& wires, User* user);

}  // namespace weft::controller
