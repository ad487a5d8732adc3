#include "services/provisioner/dataset/folder_swap.h"

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

TEST(FolderSwapTest, TakesAwayWhatItWroteAndNothingElse) {
  constexpr char kOwn[] = "[mysqld]\nskip-replica-start=ON\ninit-file=/d/init.sql\n";
  EXPECT_EQ(WithoutSwapLines(kOwn), kOwn);
  EXPECT_EQ(WithoutSwapLines(std::string(kOwn) + "# Weft copies data onto this server\n"
                                                 "skip-replica-start=ON\n"),
            kOwn);
}

TEST(FolderSwapTest, KnowsWhatIsAServersOwn) {
  for (const char* name : {"auto.cnf", "mysqld-auto.cnf", "server-key.pem"}) {
    EXPECT_TRUE(IsServersOwn(name)) << name;
  }
  for (const char* name : {"ibdata1", "mysql.ibd", "auto.cnf.bak"}) {
    EXPECT_FALSE(IsServersOwn(name)) << name;
  }
}

TEST(FolderSwapTest, AFolderThatIsNoServersIsLeftAlone) {
  EXPECT_TRUE(MendFolder("", RealClock::Get()).ok());
  EXPECT_TRUE(MendFolder(::testing::TempDir() + "/none", RealClock::Get()).ok());
}

}  // namespace
}  // namespace weft::provisioner
