#include "common/model/replica_account.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace weft {
namespace {

constexpr absl::string_view kPrefix = "weft_r";
constexpr absl::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr absl::string_view kHex = "0123456789abcdef";
constexpr size_t kUuidBits = 128;
constexpr size_t kLength = 26;

// `text` of one alphabet as bits, written in another: the last letter is filled up with zeros, and
// bits that fill no letter are left out.
std::string Recode(absl::string_view text, absl::string_view from, int from_bits,
                   absl::string_view to, int to_bits, bool fill) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = bits << from_bits | static_cast<uint32_t>(from.find(c));
    count += from_bits;
    for (; count >= to_bits; count -= to_bits) {
      out.push_back(to[bits >> (count - to_bits) & ((1u << to_bits) - 1)]);
    }
    bits &= (1u << count) - 1;
  }
  if (fill && count > 0) out.push_back(to[bits << (to_bits - count)]);
  return out;
}

}  // namespace

std::string ReplicaAccount(const ServerUuid& replica) {
  const std::string digits = absl::StrReplaceAll(replica.text(), {{"-", ""}});
  return absl::StrCat(kPrefix, Recode(digits, kHex, 4, kLetters, 5, /*fill=*/true));
}

std::optional<ServerUuid> ReplicaOfAccount(absl::string_view user) {
  if (!absl::ConsumePrefix(&user, kPrefix) || user.size() != kLength) return std::nullopt;
  if (user.find_first_not_of(kLetters) != absl::string_view::npos) return std::nullopt;
  const std::string digits =
      Recode(user, kLetters, 5, kHex, 4, /*fill=*/false).substr(0, kUuidBits / 4);
  const auto uuid = ServerUuid::Parse(absl::StrCat(digits.substr(0, 8), "-", digits.substr(8, 4),
                                                   "-", digits.substr(12, 4), "-",
                                                   digits.substr(16, 4), "-", digits.substr(20)));
  if (!uuid.ok() || ReplicaAccount(*uuid) != absl::StrCat(kPrefix, user)) return std::nullopt;
  return *uuid;
}

}  // namespace weft
