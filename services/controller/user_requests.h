#pragma once
// Changes of the users, and what is known of them.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/controller/logins.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/request_ledger.h"
#include "services/controller/user_directory.h"

namespace weft::controller {

// Thread-safe. Passwords are arguments alone: neither kept, nor logged, nor part of an operation.
class UserRequests {
 public:
  struct Options {
    int default_page_size = 50;
    int max_page_size = 1000;
    absl::Duration token_lifetime = absl::Hours(1);
    absl::Duration longest_token_lifetime = absl::Hours(24);
  };
  // All outlive this.
  struct Ports {
    Reconciler* reconciler = nullptr;
    Store* store = nullptr;
    RequestLedger* ledger = nullptr;
    UserDirectory* users = nullptr;
    Logins* logins = nullptr;
    Clock* clock = nullptr;
  };
  struct NewUser {
    std::string name;
    std::string password;
    bool no_password = false;
    Wires wires;
    std::set<std::string> roles;
  };
  struct Page {
    std::vector<User> users;
    std::string next_token;
  };
  struct Issued {
    std::string token;
    absl::Time expires;
  };

  UserRequests(Options options, Ports ports) : options_(options), ports_(ports) {}

  // Errors as users.proto has them. What they return is what is known after the change.
  absl::StatusOr<User> Create(const NewUser& wanted, const Caller& caller);
  absl::Status Delete(const std::string& name, const Caller& caller);
  // An empty password with `remove` takes the logins away.
  absl::StatusOr<User> SetPassword(const std::string& name, const std::string& password,
                                   const Wires& wires, bool remove, const Caller& caller);
  absl::StatusOr<User> SetRoles(const std::string& name, const std::set<std::string>& roles,
                                const Caller& caller);
  absl::StatusOr<User> SetDisabled(const std::string& name, bool disabled, const Caller& caller);
  absl::StatusOr<User> Get(const std::string& name) const;
  absl::StatusOr<Page> List(int page_size, const std::string& token) const;
  // For `user`, who has logged in by something else than a token.
  absl::StatusOr<Issued> IssueToken(const std::string& user, absl::Duration lifetime) const;
  // The version of the users with the new key.
  absl::StatusOr<uint64_t> RotateKey(const Caller& caller);

  bool IsBootstrapAdmin(const std::string& name) const;

 private:
  using Edit = absl::FunctionRef<absl::Status(User*)>;

  // One of these roles leads to every right, and the caller has not got it.
  absl::Status CheckMayTouch(const Caller& caller, const std::set<std::string>& roles) const;
  // The user as the store has it now, where the caller may change it.
  absl::StatusOr<User> Changeable(const std::string& name, const Caller& caller) const;
  absl::StatusOr<User> Change(const Caller& caller, const char* kind, const std::string& name,
                              const std::string& what, Edit edit);
  // The user as the store has it now.
  absl::StatusOr<User> Load(const std::string& name) const;
  void Record(const Caller& caller, const std::string& name, const std::string& what) const;

  const Options options_;
  const Ports ports_;
};

}  // namespace weft::controller
