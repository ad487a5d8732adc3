#pragma once
// HTTP Digest (RFC 2617) as the clients of MySQL Fabric speak it: MD5, qop "auth", and HA2 always
// of "POST:/RPC2", whatever was requested. No clock and no state beyond one process's counters of
// nonces: a nonce proves itself by a MAC that every gateway of this Weft can check.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "services/gateway/users.h"

namespace weft::gateway {

// The counters of nonces that somebody has logged in with: which values were used. Bounded: of the
// nonces forgotten for want of room, those issued no later than the newest of them are taken for
// used up, and their clients get a fresh one. Thread-safe.
class NonceCounters {
 public:
  // The bytes of a nonce.
  using Nonce = std::array<char, 60>;

  // At most `capacity` nonces are kept.
  explicit NonceCounters(size_t capacity) : generation_(capacity / 2) {}

  // False where `count` was used with this nonce, or is too far behind the greatest that was
  // (64: requests that overtake one another on several connections), or the nonce is forgotten.
  // `issued` in any unit that rises.
  bool Use(const Nonce& nonce, int64_t issued, uint32_t count);
  bool Knows(const Nonce& nonce) const;

 private:
  struct Counter {
    int64_t issued = 0;
    uint32_t greatest = 0;
    uint64_t used = 0;  // bit i: greatest - i
  };
  using Counters = absl::flat_hash_map<Nonce, Counter>;

  Counter* Find(const Nonce& nonce) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t generation_;
  mutable Mutex mutex_;
  // What was used goes to `young_`; full, it becomes `old_`, and what was old is forgotten.
  Counters young_ ABSL_GUARDED_BY(mutex_);
  Counters old_ ABSL_GUARDED_BY(mutex_);
  int64_t forgotten_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;
};

// What an Authorization header says.
struct DigestCredentials {
  std::string username, realm, nonce, response, nc, cnonce, qop, algorithm, uri, opaque;
};

// Thread-safe; never blocks for long.
class Digest {
 public:
  static constexpr absl::Duration kNonceLifetime = absl::Seconds(120);

  // Of a nonce's time gateways may differ by that much.
  static constexpr absl::Duration kClockSkew = absl::Seconds(30);

  explicit Digest(size_t max_nonces = 64 << 10);

  enum class Verdict {
    kRight,
    // Right, but the nonce is old, used up or unknown: challenge with stale=true.
    kStale,
    kWrong,      // unknown user, or another password
    kMalformed,  // no Digest header as RFC 2617 and MySQL Fabric have it
  };

  // False: kMalformed. Bounded by the length of `header`.
  static bool Parse(absl::string_view header, DigestCredentials* credentials);

  // Takes as long for an unknown user as for a known one. The counter is spent only by kRight.
  // `now` is the wall clock's.
  Verdict Verify(const DigestCredentials& credentials, const UserSnapshot& users, absl::Time now);

  // The value of a WWW-Authenticate header, with a fresh nonce. In this order and with these
  // quotes: Connector/J takes it apart at every ',' and '='.
  std::string Challenge(const UserSnapshot& users, absl::Time now, bool stale) const;

 private:
  bool Proves(const NonceCounters::Nonce& nonce, const UserSnapshot& users) const;

  const std::string opaque_;
  // Stands in for the password of who does not exist.
  const std::string nobody_;
  NonceCounters counters_;
};

// md5, as 32 lower-case hexadecimal digits.
std::string Md5Hex(absl::string_view text);

}  // namespace weft::gateway
