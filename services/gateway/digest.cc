#include "services/gateway/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/access/passwords.h"
#include "common/base/random.h"

namespace weft::gateway {
namespace {

using Nonce = NonceCounters::Nonce;

// md5("POST:/RPC2").
constexpr char kHa2[] = "4823bbbf048df5b7cac8be11cf5152df";

// A nonce: microseconds since the epoch when it was issued, big-endian; random bytes; their MAC.
// 60 bytes are 80 characters of base64, without '='.
constexpr size_t kTimeBytes = 8;
constexpr size_t kMacBytes = 32;
constexpr size_t kSignedBytes = sizeof(Nonce) - kMacBytes;
constexpr size_t kNonceCharacters = 80;
constexpr char kNonceLabel[] = "weft-gateway digest nonce";

std::string MacOf(const Nonce& nonce, absl::string_view key) {
  return access::Mac(key, absl::StrCat(kNonceLabel, absl::string_view(nonce.data(), kSignedBytes)));
}

int64_t IssuedAt(const Nonce& nonce) {
  uint64_t microseconds = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) {
    microseconds = microseconds << 8 | static_cast<unsigned char>(nonce[i]);
  }
  return static_cast<int64_t>(microseconds);
}

std::optional<Nonce> DecodeNonce(absl::string_view text) {
  std::string bytes;
  Nonce nonce;
  if (text.size() != kNonceCharacters || !absl::Base64Unescape(text, &bytes) ||
      bytes.size() != nonce.size()) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

// A hash context for each thread: to make one costs more than to hash with it.
class Md5 {
 public:
  Md5() : algorithm_(EVP_MD_fetch(nullptr, "MD5", nullptr)), context_(EVP_MD_CTX_new()) {}
  ~Md5() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  std::string Hex(absl::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestInit_ex(context_, algorithm_, nullptr);
    EVP_DigestUpdate(context_, text.data(), text.size());
    EVP_DigestFinal_ex(context_, digest.data(), &length);
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), length));
  }

 private:
  EVP_MD* const algorithm_;
  EVP_MD_CTX* const context_;
};

// Moves what stands before the closing quote from `rest` to `value`, without backslashes that
// quote. False: there is no closing quote.
bool TakeQuoted(absl::string_view* rest, std::string* value) {
  while (true) {
    const auto* const end =
        std::find_if(rest->begin(), rest->end(), [](char c) { return c == '"' || c == '\\'; });
    if (end == rest->end()) return false;
    value->append(rest->begin(), end);
    rest->remove_prefix(end + 1 - rest->begin());
    if (*end == '"') return true;
    if (rest->empty()) return false;
    value->push_back(rest->front());
    rest->remove_prefix(1);
  }
}

// The next name=value or name="value" of `rest`, which loses it. False: there is none such.
bool NextAttribute(absl::string_view* rest, absl::string_view* name, std::string* value) {
  const size_t equals = rest->find('=');
  if (equals == absl::string_view::npos) return false;
  *name = absl::StripAsciiWhitespace(rest->substr(0, equals));
  rest->remove_prefix(equals + 1);
  *rest = absl::StripLeadingAsciiWhitespace(*rest);
  value->clear();
  if (!absl::ConsumePrefix(rest, "\"")) {
    const size_t end = std::min(rest->find(','), rest->size());
    *value = std::string(absl::StripAsciiWhitespace(rest->substr(0, end)));
    rest->remove_prefix(end);
  } else if (!TakeQuoted(rest, value)) {
    return false;
  }
  *rest = absl::StripLeadingAsciiWhitespace(*rest);
  if (rest->empty()) return true;
  if (!absl::ConsumePrefix(rest, ",")) return false;
  *rest = absl::StripLeadingAsciiWhitespace(*rest);
  return true;
}

std::string* Attribute(DigestCredentials* credentials, absl::string_view name) {
  const std::pair<absl::string_view, std::string*> attributes[] = {
      {"username", &credentials->username},
      {"realm", &credentials->realm},
      {"nonce", &credentials->nonce},
      {"response", &credentials->response},
      {"nc", &credentials->nc},
      {"cnonce", &credentials->cnonce},
      {"qop", &credentials->qop},
      {"uri", &credentials->uri},
      {"algorithm", &credentials->algorithm},
      {"opaque", &credentials->opaque},
  };
  for (const auto& [known, value] : attributes) {
    if (absl::EqualsIgnoreCase(known, name)) return value;
  }
  return nullptr;
}

// Eight hexadecimal digits.
std::optional<uint32_t> Count(absl::string_view nc) {
  if (nc.size() != 8 || !std::all_of(nc.begin(), nc.end(), absl::ascii_isxdigit)) {
    return std::nullopt;
  }
  uint32_t count = 0;
  if (!absl::SimpleHexAtoi(nc, &count)) return std::nullopt;
  return count;
}

}  // namespace

std::string Md5Hex(absl::string_view text) {
  thread_local Md5 md5;
  return md5.Hex(text);
}

NonceCounters::Counter* NonceCounters::Find(const Nonce& nonce) {
  if (const auto found = young_.find(nonce); found != young_.end()) return &found->second;
  if (const auto found = old_.find(nonce); found != old_.end()) return &found->second;
  return nullptr;
}

bool NonceCounters::Knows(const Nonce& nonce) const {
  MutexLock lock(&mutex_);
  return young_.contains(nonce) || old_.contains(nonce);
}

bool NonceCounters::Use(const Nonce& nonce, int64_t issued, uint32_t count) {
  MutexLock lock(&mutex_);
  if (Counter* const counter = Find(nonce)) {
    if (count > counter->greatest) {
      const uint32_t ahead = count - counter->greatest;
      counter->used = ahead < 64 ? counter->used << ahead | 1 : 1;
      counter->greatest = count;
      return true;
    }
    const uint32_t behind = counter->greatest - count;
    if (behind >= 64 || (counter->used >> behind & 1) != 0) return false;
    counter->used |= uint64_t{1} << behind;
    return true;
  }
  if (issued <= forgotten_) return false;
  if (young_.size() >= generation_) {
    for (const auto& [old, counter] : old_) forgotten_ = std::max(forgotten_, counter.issued);
    old_ = std::exchange(young_, Counters());
    if (issued <= forgotten_) return false;
  }
  young_[nonce] = {issued, count, 1};
  return true;
}

Digest::Digest(size_t max_nonces)
    : opaque_(RandomHex(16)), nobody_(RandomHex(16)), counters_(max_nonces) {}

bool Digest::Parse(absl::string_view header, DigestCredentials* credentials) {
  constexpr absl::string_view kScheme = "Digest ";
  if (!absl::StartsWithIgnoreCase(header, kScheme)) return false;
  absl::string_view rest = absl::StripAsciiWhitespace(header.substr(kScheme.size()));
  absl::string_view name;
  std::string value;
  while (!rest.empty()) {
    if (!NextAttribute(&rest, &name, &value)) return false;
    std::string* const attribute = Attribute(credentials, name);
    if (attribute == nullptr || !attribute->empty()) return false;
    *attribute = std::move(value);
  }
  return !credentials->username.empty() && !credentials->nonce.empty() &&
         credentials->response.size() == 32 && Count(credentials->nc).has_value() &&
         (credentials->qop == "auth" || credentials->qop == "auth-int") &&
         (credentials->algorithm.empty() || absl::EqualsIgnoreCase(credentials->algorithm, "MD5"));
}

bool Digest::Proves(const Nonce& nonce, const UserSnapshot& users) const {
  return access::SameSecret(MacOf(nonce, users.nonce_key),
                            absl::string_view(nonce.data() + kSignedBytes, kMacBytes));
}

Digest::Verdict Digest::Verify(const DigestCredentials& credentials, const UserSnapshot& users,
                               absl::Time now) {
  const std::optional<uint32_t> count = Count(credentials.nc);
  if (!count.has_value()) return Verdict::kMalformed;
  const auto user = users.users.find(credentials.username);
  const bool known = user != users.users.end() && !user->second.digest_ha1.empty();
  const std::string expected = Md5Hex(absl::StrCat(
      known ? user->second.digest_ha1 : nobody_, ":", credentials.nonce, ":",
      absl::StrCat(credentials.nc, ":", credentials.cnonce, ":", credentials.qop, ":", kHa2)));
  if (!access::SameSecret(expected, absl::AsciiStrToLower(credentials.response)) || !known) {
    return Verdict::kWrong;
  }
  const std::optional<Nonce> nonce = DecodeNonce(credentials.nonce);
  if (!nonce.has_value()) return Verdict::kStale;
  const int64_t issued = IssuedAt(*nonce);
  const absl::Duration age = now - absl::FromUnixMicros(issued);
  // One that was used has proved itself before.
  if (age > kNonceLifetime || age < -kClockSkew ||
      (!counters_.Knows(*nonce) && !Proves(*nonce, users))) {
    return Verdict::kStale;
  }
  return counters_.Use(*nonce, issued, *count) ? Verdict::kRight : Verdict::kStale;
}

std::string Digest::Challenge(const UserSnapshot& users, absl::Time now, bool stale) const {
  Nonce nonce{};
  const auto issued = static_cast<uint64_t>(absl::ToUnixMicros(now));
  for (size_t i = 0; i < kTimeBytes; ++i) {
    nonce[i] = static_cast<char>(issued >> (8 * (kTimeBytes - 1 - i)));
  }
  const std::string random = RandomBytes(kSignedBytes - kTimeBytes);
  std::copy(random.begin(), random.end(), nonce.begin() + kTimeBytes);
  const auto mac = MacOf(nonce, users.nonce_key);
  std::copy(mac.begin(), mac.end(), nonce.begin() + kSignedBytes);
  return absl::StrCat("Digest realm=\"", access::kDigestRealm, "\", nonce=\"",
                      absl::Base64Escape(absl::string_view(nonce.data(), nonce.size())),
                      "\", algorithm=\"MD5\", opaque=\"", opaque_, "\", qop=\"auth\"",
                      stale ? ", stale=true" : "");
}

}  // namespace weft::gateway
