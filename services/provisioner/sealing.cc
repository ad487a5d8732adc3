#include "services/provisioner/sealing.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/access/passwords.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

constexpr char kForm[] = "aes256gcm";
constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kNameBytes = 4;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string* text) { return reinterpret_cast<unsigned char*>(text->data()); }
int Length(absl::string_view text) { return static_cast<int>(text.size()); }

absl::Status Broken(absl::string_view about) {
  return Refusal(absl::StatusCode::kDataLoss, "SEAL_BROKEN",
                 absl::StrCat("the secret kept of ", about, " was changed since it was kept"),
                 "what was encrypted", "something else",
                 "unregister it and register it again with its password");
}

}  // namespace

absl::StatusOr<Seal> Seal::Create(absl::string_view hex) {
  const bool good = hex.size() == 2 * kKeyBytes && std::all_of(hex.begin(), hex.end(), [](char c) {
                      return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                    });
  if (good) return Seal(absl::HexStringToBytes(hex));
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_KEY",
                 "the key that encrypts secrets is none", "64 hexadecimal digits",
                 absl::StrCat(hex.size(), " characters"),
                 "make one: (umask 077; openssl rand -hex 32 > FILE)");
}

Seal::Seal(std::string key)
    : key_(std::move(key)),
      name_(absl::BytesToHexString(
          access::Mac(key_, "the name of a key of weft-provisioner").substr(0, kNameBytes))) {}

std::string Seal::Close(absl::string_view secret, absl::string_view about) const {
  // One for each secret, and none for two.
  const std::string nonce =
      access::Mac(key_, absl::StrCat("the nonce of ", about.size(), " ", about, secret))
          .substr(0, kNonceBytes);
  std::string hidden(secret.size(), '\0');
  std::string tag(kTagBytes, '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int written = 0;
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(nonce));
  EVP_EncryptUpdate(cipher.get(), nullptr, &written, Bytes(about), Length(about));
  EVP_EncryptUpdate(cipher.get(), Bytes(&hidden), &written, Bytes(secret), Length(secret));
  EVP_EncryptFinal_ex(cipher.get(), Bytes(&hidden) + written, &written);
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data());
  return absl::StrCat(kForm, "$", name_, "$",
                      absl::WebSafeBase64Escape(absl::StrCat(nonce, tag, hidden)));
}

absl::StatusOr<std::string> Seal::Open(absl::string_view sealed, absl::string_view about) const {
  const std::vector<absl::string_view> parts = absl::StrSplit(sealed, '$');
  std::string bytes;
  if (parts.size() != 3 || parts[0] != kForm || !absl::WebSafeBase64Unescape(parts[2], &bytes) ||
      bytes.size() < kNonceBytes + kTagBytes) {
    return Broken(about);
  }
  if (parts[1] != name_) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "WRONG_KEY",
                   absl::StrCat("the secret kept of ", about, " was encrypted with another key"),
                   absl::StrCat("the key ", parts[1]), absl::StrCat("the key ", name_),
                   "start every provisioner with the same --key-file");
  }
  const absl::string_view nonce = absl::string_view(bytes).substr(0, kNonceBytes);
  std::string tag = bytes.substr(kNonceBytes, kTagBytes);
  const absl::string_view hidden = absl::string_view(bytes).substr(kNonceBytes + kTagBytes);
  std::string secret(hidden.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int written = 0;
  EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(nonce));
  EVP_DecryptUpdate(cipher.get(), nullptr, &written, Bytes(about), Length(about));
  EVP_DecryptUpdate(cipher.get(), Bytes(&secret), &written, Bytes(hidden), Length(hidden));
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data());
  if (EVP_DecryptFinal_ex(cipher.get(), Bytes(&secret) + written, &written) != 1) {
    return Broken(about);
  }
  return secret;
}

absl::StatusOr<std::shared_ptr<const Seal>> ReadSeal(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const Seal>();
  WEFT_ASSIGN_OR_RETURN(const std::string hex, ReadSecretFile(path));
  absl::StatusOr<Seal> seal = Seal::Create(hex);
  if (!seal.ok()) return Annotate(seal.status(), path);
  return std::make_shared<const Seal>(*std::move(seal));
}

}  // namespace weft::provisioner
