#pragma once
// The users of this Weft as the store keeps them. Secrets, but for names and roles: never logged.
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace weft::controller {

struct User {
  std::string name;
  // What is kept of the password for each wire (common/access/passwords.h). Empty: no login there.
  std::string digest_ha1;
  std::string native_hash;
  std::string verifier;
  bool disabled = false;
  std::set<std::string> roles;  // names of common/access/roles.h
  uint64_t revision = 0;        // given by the store, raised by each write of the user

  friend bool operator==(const User&, const User&) = default;
};

// All of one instant.
struct UserSet {
  // Raised by each write of any user; greater than any of a store that was torn down before.
  uint64_t version = 0;
  // 32 random bytes, from which the keys of tokens and nonces are made.
  std::string key;
  std::map<std::string, User> users;  // by name

  friend bool operator==(const UserSet&, const UserSet&) = default;
};

}  // namespace weft::controller
