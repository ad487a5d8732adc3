#pragma once

#include <string>

#include "protos/weft/v1/groups.pb.h"
#include "services/cli/views.h"

namespace weft::cli {

// The replication graph of a group as a tree: each server under the one it replicates from, with
// role, mode, lag and what is wrong. The primary's tree comes first, then servers that replicate
// from nobody, then sources outside the group with what hangs on them. A circle is entered at its
// first server by address and marked where it closes. Pure; ends in a line feed.
//
//   g1  active  lossless  epoch 4
//   127.0.0.1:21001  PRIMARY  READ_WRITE
//   ├─ 127.0.0.1:21002  SECONDARY  READ_ONLY  lag 0s  acknowledges
//   └─ 127.0.0.1:21003  SECONDARY  READ_ONLY  lag 2m10s
std::string TopologyTree(const v1::Group& group, const View& view);

}  // namespace weft::cli
