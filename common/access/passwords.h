#pragma once
// What is kept of a password, and how a password is held against it. Pure but for the salt.
//
// HTTP Digest and mysql_native_password each need a hash that is as good as the password on their
// own wire, so these two are kept where the user may log in there; the API needs neither, and keeps
// a salted scrypt verifier. No form gives the password back.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::access {

// HA1 of HTTP Digest: md5("USER:MySQL Fabric:PASSWORD"), lower-case hex. The realm is a constant of
// the original, whatever is configured.
std::string DigestHa1(absl::string_view user, absl::string_view password);
inline constexpr absl::string_view kDigestRealm = "MySQL Fabric";

// 20 bytes.
std::string Sha1(absl::string_view text);

// SHA1(SHA1(PASSWORD)), upper-case hex.
std::string NativeHash(absl::string_view password);

// "scrypt$LOG2_N$R$P$SALT$KEY", the last two in web-safe base64. Costs 16 MiB and tens of
// milliseconds, as each check does. `salt`: 16 random bytes.
std::string MakeVerifier(absl::string_view password, absl::string_view salt);

// Whether `password` is the one. The time depends on the verifier's parameters alone. False for a
// malformed verifier, after as long as a good one takes: pass "" where there is no user, so that
// the answer's time does not tell who exists.
bool Verify(absl::string_view password, absl::string_view verifier);

// Equality without an early exit; the time depends on the lengths alone.
bool SameSecret(absl::string_view a, absl::string_view b);

// OK, or INVALID_ARGUMENT: 1 to 64 of letters, digits, '_', '@', '.', '-' (as Fabric has it).
absl::Status ValidateUserName(absl::string_view name);
// OK, or INVALID_ARGUMENT: 1 to 256 bytes without NUL. Never quotes it.
absl::Status ValidatePassword(absl::string_view password);

// HMAC-SHA256, 32 bytes.
std::string Mac(absl::string_view key, absl::string_view text);

}  // namespace weft::access
