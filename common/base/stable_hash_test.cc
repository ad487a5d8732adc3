#include "common/base/stable_hash.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

// The published vectors of FNV-1a, 64 bits.
TEST(StableHashTest, IsTheKnownFunction) {
  EXPECT_EQ(StableHash(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(StableHash("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(StableHash("foobar"), 0x85944171f73967e8ULL);
}

}  // namespace
}  // namespace weft
