#include "common/model/replica_account.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(ReplicaAccountTest, IsAsLongAsAUserNameMayBeAndTellsWhoseItIs) {
  for (const char* text :
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562"}) {
    const ServerUuid uuid = *ServerUuid::Parse(text);
    const std::string account = ReplicaAccount(uuid);
    EXPECT_EQ(account.size(), 32u);
    EXPECT_EQ(ReplicaOfAccount(account), uuid);
  }
}

TEST(ReplicaAccountTest, OtherAccountsAreNobodys) {
  EXPECT_EQ(ReplicaOfAccount("weft_replicate"), std::nullopt);
  EXPECT_EQ(ReplicaOfAccount("weft_restore"), std::nullopt);
  EXPECT_EQ(ReplicaOfAccount("weft_raaaaaaaaaaaaaaaaaaaaaaaaa1"), std::nullopt);
  EXPECT_EQ(ReplicaOfAccount("weft_rzzzzzzzzzzzzzzzzzzzzzzzzzz"), std::nullopt);  // 130 bits
  EXPECT_EQ(ReplicaOfAccount(""), std::nullopt);
}

}  // namespace
}  // namespace weft
