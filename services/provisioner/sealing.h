#pragma once
// Secrets at rest: AES-256-GCM with a key from a file. Pure.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// Thread-safe.
class Seal {
 public:
  // `hex`: 64 hexadecimal digits, as `openssl rand -hex 32` writes them. INVALID_ARGUMENT BAD_KEY
  // otherwise; never quotes it.
  static absl::StatusOr<Seal> Create(absl::string_view hex);

  // Printable; the same text for the same secret, by which a request that comes again is known. It
  // can be opened only as `about` (the provider's id), so that what was sealed for one cannot be
  // given to another.
  std::string Close(absl::string_view secret, absl::string_view about) const;

  // FAILED_PRECONDITION WRONG_KEY: another key closed it. DATA_LOSS SEAL_BROKEN: it is not what was
  // closed.
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view about) const;

 private:
  explicit Seal(std::string key);

  const std::string key_;   // 32 bytes
  const std::string name_;  // tells keys apart, and nothing else of them
};

// The seal of the key in `path`, whose mode must keep others out (ReadSecretFile). nullptr for an
// empty path.
absl::StatusOr<std::shared_ptr<const Seal>> ReadSeal(const std::string& path);

}  // namespace weft::provisioner
