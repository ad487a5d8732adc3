#include "common/base/random.h"

#include <errno.h>
#include <sys/random.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace weft {
namespace {

void Fill(void* buffer, size_t count) {
  auto* at = static_cast<unsigned char*>(buffer);
  while (count > 0) {
    const ssize_t got = getrandom(at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      std::perror("getrandom");
      std::abort();
    }
    at += got;
    count -= static_cast<size_t>(got);
  }
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  Fill(bytes.data(), count);
  return bytes;
}

std::string RandomHex(size_t bytes) { return absl::BytesToHexString(RandomBytes(bytes)); }

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // variant 1
  std::string text = absl::BytesToHexString(bytes);
  for (const size_t hyphen : {8, 13, 18, 23}) text.insert(hyphen, 1, '-');
  return text;
}

std::string RandomPassword(size_t length) {
  constexpr absl::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  // Bytes from here up are thrown away, so that each character is equally likely.
  constexpr unsigned kLimit = 256 - 256 % kAlphabet.size();
  std::string password;
  while (password.size() < length) {
    for (const char c : RandomBytes(length - password.size())) {
      const unsigned value = static_cast<unsigned char>(c);
      if (value < kLimit) password.push_back(kAlphabet[value % kAlphabet.size()]);
    }
  }
  return password;
}

uint64_t RandomUint64() {
  uint64_t value;
  Fill(&value, sizeof(value));
  return value;
}

double RandomUnit() { return static_cast<double>(RandomUint64() >> 11) * 0x1.0p-53; }

}  // namespace weft
