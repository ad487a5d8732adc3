#include "services/gateway/mysqlrpc/native_password.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/access/passwords.h"

namespace weft::gateway::mysqlrpc {
namespace {

constexpr size_t kDigestBytes = 20;  // of SHA1

}  // namespace

bool ProvesPassword(absl::string_view proof, absl::string_view scramble,
                    absl::string_view native_hash) {
  const bool is_hash = native_hash.size() == 2 * kDigestBytes &&
                       std::all_of(native_hash.begin(), native_hash.end(), absl::ascii_isxdigit);
  const std::string stored =
      is_hash ? absl::HexStringToBytes(native_hash) : std::string(kDigestBytes, '\0');
  if (proof.size() != kDigestBytes) return false;
  std::string once = access::Sha1(std::string(scramble) + stored);
  for (size_t i = 0; i < kDigestBytes; ++i) once[i] ^= proof[i];
  const bool same = access::SameSecret(access::Sha1(once), stored);
  return is_hash && same;
}

}  // namespace weft::gateway::mysqlrpc
