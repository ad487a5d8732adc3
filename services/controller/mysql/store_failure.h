#pragma once
// What the errors of the state store's server mean to callers of Store.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// What a write compared or wanted to make; for the words of its errors.
struct Wanted {
  uint64_t term = 0;
  std::string group = "";
  uint64_t revision = 0;
  uint64_t epoch = 0;
  uint64_t acknowledgers = 0;  // version
  std::string server = "";     // uuid
  std::string operation = "";  // id
  std::string user = "";       // name; `revision` is the user's then
};

// No session could be had. UNAVAILABLE when the store is down, full or busy; FAILED_PRECONDITION
// when it answers but is not set up, or does not let us in (STORE_LOGIN). Errors that carry a
// reason of ours pass through.
absl::Status ContactFailure(const absl::Status& status);

// The server refused a statement, of which nothing took effect: a failed comparison as
// store_errors.h has it, a duplicate as ALREADY_EXISTS, and so on. UNAVAILABLE when the same may
// succeed later (disk full, read-only, locks that stayed).
absl::Status StatementFailure(const absl::Status& status, const Wanted& wanted);

// True when repeating the statement may help and cannot do harm: a deadlock or a lock wait, for
// which the server has rolled the transaction back.
bool IsContention(const absl::Status& status);

// True when the server takes no writes: nothing took effect.
bool IsReadOnly(const absl::Status& status);

// True when the error proves that the server never had the whole statement.
bool WasNeverSent(const absl::Status& status);

}  // namespace weft::controller
