#pragma once
// Random bytes and identifiers from the operating system (getrandom). Thread safe; aborts the
// process if the kernel has no randomness to give, since every caller makes names or secrets of it.
#include <cstddef>
#include <cstdint>
#include <string>

namespace weft {

std::string RandomBytes(size_t count);

// 2 * `bytes` lower-case hexadecimal digits.
std::string RandomHex(size_t bytes);

// A version 4 UUID (RFC 4122), lower case.
std::string RandomUuid();

// `length` characters from [A-Za-z0-9], about 5.95 bits of entropy each: for generated passwords,
// which then need no quoting anywhere. Uniform (no modulo bias).
std::string RandomPassword(size_t length = 32);

// Uniform in [0, 1), from 53 random bits: the argument of BackoffDelay.
double RandomUnit();

// Uniform in [0, 2^64).
uint64_t RandomUint64();

}  // namespace weft
