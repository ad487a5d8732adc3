#include "common/access/token.h"

#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/access/passwords.h"

namespace weft::access {
namespace {

constexpr absl::string_view kPrefix = "weft1";

// Names have no line feed, so no two pairs make the same text.
std::string MacOf(absl::string_view key, absl::string_view user, absl::string_view stamp,
                  int64_t expires) {
  return Mac(key, absl::StrCat(kPrefix, "\n", user, "\n", expires, "\n", stamp));
}

}  // namespace

std::string TokenKey(absl::string_view store_key) { return Mac(store_key, "weft token"); }
std::string NonceKey(absl::string_view store_key) { return Mac(store_key, "weft nonce"); }

std::string MakeToken(absl::string_view key, absl::string_view user, absl::string_view stamp,
                      absl::Time expires) {
  const int64_t seconds = absl::ToUnixSeconds(expires);
  return absl::StrCat(kPrefix, ".", absl::WebSafeBase64Escape(user), ".", seconds, ".",
                      absl::WebSafeBase64Escape(MacOf(key, user, stamp, seconds)));
}

std::optional<Token> ParseToken(absl::string_view text) {
  if (text.size() > 512) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  Token token;
  int64_t seconds = 0;
  if (parts.size() != 4 || parts[0] != kPrefix ||
      !absl::WebSafeBase64Unescape(parts[1], &token.user) ||
      !absl::SimpleAtoi(parts[2], &seconds) || !absl::WebSafeBase64Unescape(parts[3], &token.mac) ||
      !ValidateUserName(token.user).ok()) {
    return std::nullopt;
  }
  token.expires = absl::FromUnixSeconds(seconds);
  return token;
}

bool IsGenuine(const Token& token, absl::string_view key, absl::string_view stamp, absl::Time now) {
  const std::string wanted = MacOf(key, token.user, stamp, absl::ToUnixSeconds(token.expires));
  return SameSecret(token.mac, wanted) && now < token.expires;
}

}  // namespace weft::access
