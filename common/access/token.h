#pragma once
// Bearer tokens: who, until when, and a MAC over both and over what is kept of the user's password,
// so that a changed password ends them. Nothing of them is kept. Pure.
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::access {

// Separate keys from the one that the store keeps, so that a gateway, which gets the key of nonces,
// can make no token.
std::string TokenKey(absl::string_view store_key);
std::string NonceKey(absl::string_view store_key);

struct Token {
  std::string user;
  absl::Time expires;  // whole seconds
  std::string mac;
};

// "weft1.USER.SECONDS.MAC", printable.  `stamp`: the user's verifier (may be empty).
std::string MakeToken(absl::string_view key, absl::string_view user, absl::string_view stamp,
                      absl::Time expires);

// What a token claims; nullopt where it is malformed. Nothing is proven by that.
std::optional<Token> ParseToken(absl::string_view text);

// Whether the token was made with this key for this user as it is now, and has not expired.
bool IsGenuine(const Token& token, absl::string_view key, absl::string_view stamp, absl::Time now);

}  // namespace weft::access
