#include "common/base/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "common/base/error_details.h"

namespace weft {
namespace {

std::string Write(const std::string& name, const std::string& content, mode_t mode) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << content;
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

TEST(SecretFileTest, ReadsTheFirstLine) {
  EXPECT_EQ(*ReadSecretFile(Write("plain", "se cret", 0600)), "se cret");
  EXPECT_EQ(*ReadSecretFile(Write("unix", "secret\nmore\n", 0640)), "secret");
  EXPECT_EQ(*ReadSecretFile(Write("dos", "secret\r\n", 0400)), "secret");
}

TEST(SecretFileTest, RefusesAFileThatEverybodyMayRead) {
  for (const mode_t mode : {0644, 0602}) {
    const absl::Status status = ReadSecretFile(Write("exposed", "hunter2", mode)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ErrorReason(status), "SECRET_FILE_EXPOSED");
    EXPECT_EQ(DescribeError(status).find("hunter2"), std::string::npos);
  }
}

TEST(SecretFileTest, SaysWhyThereIsNoSecret) {
  EXPECT_EQ(ReadSecretFile("/nonexistent/secret").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadSecretFile(Write("empty", "", 0600)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadSecretFile(Write("blank", "\nsecret", 0600)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadSecretFile(Write("long", std::string(5000, 'x'), 0600)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(ReadSecretFile(::testing::TempDir()).ok());
}

}  // namespace
}  // namespace weft
