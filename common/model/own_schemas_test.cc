#include "common/model/own_schemas.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(OwnSchemasTest, AreWeftsByTheirWholeNames) {
  for (const char* own : {"weft_heartbeat", "weft_unfinished_copy", "weft_copied", "weft_rewind"}) {
    EXPECT_TRUE(IsOwnSchema(own)) << own;
  }
  for (const char* another : {"weft_shop", "weft_", "weft_heartbeats", "weft", "shop", ""}) {
    EXPECT_FALSE(IsOwnSchema(another)) << another;
  }
}

}  // namespace
}  // namespace weft
