// What a real server keeps of having been restored, once it has been detached.
#include "services/provisioner/restored_server.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/provisioner/ports/machine_address.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/persisted.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

using RestoredServerTest = CloneFarm;

TEST_F(RestoredServerTest, NothingThatKeepsReplicasFromStartingStays) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7", 1));
  for (const absl::string_view variable : kBothSkipReplicaStarts) {
    Root(0, absl::StrCat("SET PERSIST_ONLY ", variable, " = ON"));
  }
  EXPECT_NE(Root(0, sql::kPersistedSkips), "0");
  const MachineAddress server = {.host = address(0).host, .port = address(0).port};
  const absl::Status detached = DetachRestored(*access_, server);
  EXPECT_TRUE(detached.ok()) << detached;
  EXPECT_EQ(Root(0, sql::kPersistedSkips), "0");
}

}  // namespace
}  // namespace weft::provisioner
