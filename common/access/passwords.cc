#include "common/access/passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"

namespace weft::access {
namespace {

// As OWASP advises for 2^14; a login is verified this way once, and then remembered for a while.
constexpr int kLogN = 14;
constexpr int kBlock = 8;
constexpr int kParallel = 1;
constexpr size_t kKeyBytes = 32;
// What a verifier of the store may ask for at most.
constexpr int kMaxLogN = 17;
constexpr uint64_t kMaxMemory = uint64_t{256} << 20;
constexpr absl::string_view kScheme = "scrypt";
constexpr size_t kMaxName = 64;
constexpr size_t kMaxPassword = 256;

std::string Hash(const EVP_MD* algorithm, absl::string_view text) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), hash, &length, algorithm, nullptr) != 1) return "";
  return std::string(reinterpret_cast<const char*>(hash), length);
}

struct Parameters {
  int log_n = kLogN;
  int block = kBlock;
  int parallel = kParallel;
  std::string salt = std::string(16, '\0');
  std::string key;  // empty: matches nothing
};

Parameters Parse(absl::string_view verifier) {
  const std::vector<absl::string_view> parts = absl::StrSplit(verifier, '$');
  Parameters found;
  if (parts.size() != 6 || parts[0] != kScheme) return Parameters();
  if (!absl::SimpleAtoi(parts[1], &found.log_n) || !absl::SimpleAtoi(parts[2], &found.block) ||
      !absl::SimpleAtoi(parts[3], &found.parallel)) {
    return Parameters();
  }
  if (found.log_n < 1 || found.log_n > kMaxLogN || found.block < 1 || found.block > kBlock ||
      found.parallel < 1 || found.parallel > 4) {
    return Parameters();
  }
  if (!absl::WebSafeBase64Unescape(parts[4], &found.salt) ||
      !absl::WebSafeBase64Unescape(parts[5], &found.key) || found.key.size() != kKeyBytes) {
    return Parameters();
  }
  return found;
}

std::string Derive(absl::string_view password, const Parameters& parameters) {
  std::string key(kKeyBytes, '\0');
  const int good = EVP_PBE_scrypt(password.data(), password.size(),
                                  reinterpret_cast<const unsigned char*>(parameters.salt.data()),
                                  parameters.salt.size(), uint64_t{1} << parameters.log_n,
                                  parameters.block, parameters.parallel, kMaxMemory,
                                  reinterpret_cast<unsigned char*>(key.data()), key.size());
  return good == 1 ? key : "";
}

absl::Status BadName(absl::string_view found) {
  return Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_USER",
                 "that cannot be the name of a user",
                 "1 to 64 of letters, digits, '_', '@', '.', '-'", found.substr(0, kMaxName),
                 "choose another name");
}

}  // namespace

std::string DigestHa1(absl::string_view user, absl::string_view password) {
  return absl::BytesToHexString(
      Hash(EVP_md5(), absl::StrCat(user, ":", kDigestRealm, ":", password)));
}

std::string Sha1(absl::string_view text) { return Hash(EVP_sha1(), text); }

std::string NativeHash(absl::string_view password) {
  return absl::AsciiStrToUpper(absl::BytesToHexString(Sha1(Sha1(password))));
}

std::string MakeVerifier(absl::string_view password, absl::string_view salt) {
  Parameters parameters;
  parameters.salt = std::string(salt);
  const std::string key = Derive(password, parameters);
  return absl::StrCat(kScheme, "$", kLogN, "$", kBlock, "$", kParallel, "$",
                      absl::WebSafeBase64Escape(salt), "$", absl::WebSafeBase64Escape(key));
}

bool Verify(absl::string_view password, absl::string_view verifier) {
  const Parameters parameters = Parse(verifier);
  const std::string key = Derive(password, parameters);
  return !key.empty() && SameSecret(key, parameters.key);
}

bool SameSecret(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::Status ValidateUserName(absl::string_view name) {
  const bool known = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '@' || c == '.' ||
           c == '-';
  });
  return known && !name.empty() && name.size() <= kMaxName ? absl::OkStatus() : BadName(name);
}

absl::Status ValidatePassword(absl::string_view password) {
  const bool good = !password.empty() && password.size() <= kMaxPassword &&
                    password.find('\0') == absl::string_view::npos;
  if (good) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_PASSWORD",
                 password.empty() ? "the password is empty" : "that cannot be a password",
                 absl::StrCat("1 to ", kMaxPassword, " bytes, none of them NUL"),
                 absl::StrCat(password.size(), " bytes"), "choose another password");
}

std::string Mac(absl::string_view key, absl::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length);
  return std::string(reinterpret_cast<const char*>(mac), length);
}

}  // namespace weft::access
