#include "services/gateway/mysqlrpc/native_password.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace weft::gateway::mysqlrpc {
namespace {

std::string Sha1(absl::string_view text) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

bool ProvesPassword(absl::string_view proof, absl::string_view scramble,
                    absl::string_view native_hash) {
  const bool is_hash = native_hash.size() == 2 * SHA_DIGEST_LENGTH &&
                       std::all_of(native_hash.begin(), native_hash.end(), absl::ascii_isxdigit);
  const std::string stored = is_hash ? absl::HexStringToBytes(native_hash)
                                     : std::string(static_cast<size_t>(SHA_DIGEST_LENGTH), '\0');
  if (proof.size() != SHA_DIGEST_LENGTH) return false;
  std::string once = Sha1(std::string(scramble) + stored);
  for (int i = 0; i < SHA_DIGEST_LENGTH; ++i) once[i] ^= proof[i];
  const bool same = CRYPTO_memcmp(Sha1(once).data(), stored.data(), SHA_DIGEST_LENGTH) == 0;
  return is_hash && same;
}

}  // namespace weft::gateway::mysqlrpc
