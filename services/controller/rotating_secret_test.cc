#include "services/controller/rotating_secret.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "common/base/secret_file.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

class RotatingSecretTest : public ::testing::Test {
 protected:
  RotatingSecretTest() {
    std::ofstream(file_) << "old\n";
    chmod(file_.c_str(), 0600);
  }
  ~RotatingSecretTest() override {
    unlink(file_.c_str());
    unlink((file_ + ".next").c_str());
  }

  const std::string file_ = ::testing::TempDir() + "/rotating-secret";
};

TEST_F(RotatingSecretTest, TheFileKeepsTheOldSecretUntilTheNewOneIsAdopted) {
  const absl::StatusOr<std::string> next = NextSecret(file_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(*ReadSecretFile(file_), "old");
  ASSERT_TRUE(AdoptNextSecret(file_).ok());
  EXPECT_EQ(*ReadSecretFile(file_), *next);
}

TEST_F(RotatingSecretTest, ARotationThatWasInterruptedGoesOnWithTheSameSecret) {
  EXPECT_EQ(*NextSecret(file_), *NextSecret(file_));
}

TEST_F(RotatingSecretTest, NobodyElseMayReadTheNewOne) {
  ASSERT_TRUE(NextSecret(file_).ok());
  struct stat status;
  ASSERT_EQ(stat((file_ + ".next").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(RotatingSecretTest, AFolderThatCannotBeWrittenIsNamed) {
  const absl::Status status = NextSecret("/nosuch/folder/secret").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(status.message().find("/nosuch/folder/secret"), std::string::npos);
}

}  // namespace
}  // namespace weft::controller
