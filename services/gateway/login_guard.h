#pragma once
// Slows down who guesses passwords, and keeps record of it: the wires ask it around each login.
#include "absl/strings/string_view.h"

namespace weft::gateway {

// Thread-safe. Called for every authenticated request of XML-RPC (HTTP Digest has no sessions),
// tens of thousands a second: MayTry and Succeeded must cost next to nothing, and none may block.
// What is kept about peers and users is bounded, for both are of the attacker's choosing: `user`
// is what the client said, known or not, any bytes, at most as long as a request's header.
class LoginGuard {
 public:
  virtual ~LoginGuard() = default;

  // False where `user` from `peer` ("host:port") has failed too often of late: the wire refuses
  // without looking at the credentials. That is no failure to be told of again.
  virtual bool MayTry(absl::string_view peer, absl::string_view user) = 0;
  // The credentials were wrong. Not called for a stale nonce, nor where none were sent.
  virtual void Failed(absl::string_view peer, absl::string_view user) = 0;
  virtual void Succeeded(absl::string_view peer, absl::string_view user) = 0;
};

}  // namespace weft::gateway
