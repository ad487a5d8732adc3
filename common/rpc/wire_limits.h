#pragma once
// What servers and channels of Weft agree on.

namespace weft::rpc {

// gRPC's own 8 KiB do not hold an error's details (status.h), which may name long GTID sets.
inline constexpr int kMaxMetadataBytes = 256 << 10;

}  // namespace weft::rpc
