#pragma once
// The users of this Weft as the controller pushed them last, so that gateways and provisioners
// know them while every controller is down.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace weft::access {

// What the wires need to know of one user. Secrets, all of them: never logged.
struct User {
  std::string name;
  // md5("NAME:MySQL Fabric:PASSWORD"), lower-case hex: HA1 of HTTP Digest. Empty: no login by
  // XML-RPC.
  std::string digest_ha1;
  // SHA1(SHA1(PASSWORD)), upper-case hex: mysql_native_password. Empty: no login by MySQL-RPC.
  std::string native_hash;
  std::vector<std::string> roles;
};

struct UserSnapshot {
  // Rises with each change.
  uint64_t version = 0;
  std::map<std::string, User> users;
  // Shared by all gateways of this Weft, 32 bytes: nonces of one are good at another.
  std::string nonce_key;
};

// Thread-safe; never blocks for long.
class Users {
 public:
  void Set(std::shared_ptr<const UserSnapshot> snapshot) {
    MutexLock lock(&mutex_);
    snapshot_ = std::move(snapshot);
  }
  // nullptr until the first was pushed: nobody can log in yet.
  std::shared_ptr<const UserSnapshot> Get() const {
    MutexLock lock(&mutex_);
    return snapshot_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const UserSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::access
