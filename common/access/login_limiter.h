#pragma once
// How fast logins may fail. Pure: time is an argument.
//
// A failed login makes its client wait before the next one is looked at: by client and user, and,
// more patiently, by client alone, so that neither many passwords of one user nor one password of
// many users can be tried. Never by user alone: strangers could keep a user out. Waits double up to
// a bound; a login that succeeds forgets what was counted of that client and user.
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::access {

// Not thread-safe. Memory is bounded: of more clients than fit, those that failed longest ago are
// forgotten.
class LoginLimiter {
 public:
  struct Options {
    // Failures without a wait: of one client and user, and of one client with any users.
    int free_failures = 3;
    int free_failures_of_peer = 20;
    absl::Duration initial_wait = absl::Milliseconds(500);
    absl::Duration longest_wait = absl::Seconds(30);
    // What is this old counts no more.
    absl::Duration forget_after = absl::Minutes(15);
    size_t max_entries = 8192;
  };

  LoginLimiter() : LoginLimiter(Options()) {}
  explicit LoginLimiter(const Options& options) : options_(options) {}

  // How long until a login of `user` from `peer` (PeerKey) is looked at; zero: now. `now` is on any
  // monotonic scale.
  absl::Duration Wait(absl::string_view peer, absl::string_view user, absl::Duration now);
  void Failed(absl::string_view peer, absl::string_view user, absl::Duration now);
  void Succeeded(absl::string_view peer, absl::string_view user);

  // Forgets what is too old to count.
  void Expire(absl::Duration now);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    int failures = 0;
    absl::Duration last;
    absl::Duration next;  // not before
    std::list<std::string>::iterator place;
  };

  absl::Duration WaitOf(const std::string& key, absl::Duration now);
  void Count(const std::string& key, int free, absl::Duration now);
  void Forget(const std::string& key);

  const Options options_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> oldest_first_;
};

// What a client's address counts as: without port and scheme ("ipv4:10.0.0.7:4711" and
// "10.0.0.7:4711" are 10.0.0.7), an IPv6 address by its first 64 bits, since who has one address of
// such a network has them all.
std::string PeerKey(absl::string_view peer);
// What a client says of itself, as it may go into a record or a proto: at most 64 characters, those
// that are no printable ASCII as '?'.
std::string Shown(absl::string_view said);
// 127.0.0.0/8, ::1, a Unix socket or a call within the process.
bool IsLocalPeer(absl::string_view peer_key);

}  // namespace weft::access
