#include "services/provisioner/dataset/direct_copy.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

class DirectCopyTest : public ::testing::Test {
 protected:
  DirectCopyTest() : dir_(absl::StrCat(::testing::TempDir(), "/direct_copy_", getpid())) {
    EXPECT_TRUE(MakeFolder(absl::StrCat(dir_, "/from/deep")).ok());
    copy_.from = absl::StrCat(dir_, "/from");
    copy_.to = absl::StrCat(dir_, "/to");
  }
  ~DirectCopyTest() override { RemoveTree(dir_).IgnoreError(); }

  void Put(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomically(absl::StrCat(copy_.from, "/", name), content, 0640).ok());
  }
  std::string Got(const std::string& name) {
    return ReadFile(absl::StrCat(copy_.to, "/", name)).value_or("(absent)");
  }

  const std::string dir_;
  DirectCopy copy_;
};

std::string Noise(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761U >> 13);
  return text;
}

TEST_F(DirectCopyTest, CopiesFilesOfAllSizesToTheByte) {
  const std::string large = Noise((size_t{65} << 20) + 12345);
  Put("empty", "");
  Put("short", "a");
  Put("deep/block", Noise(4096));
  Put("large", large);
  std::atomic<uint64_t> bytes = 0;
  copy_.bytes = &bytes;
  ASSERT_TRUE(CopyDirect(copy_).ok());
  EXPECT_EQ(Got("empty"), "");
  EXPECT_EQ(Got("short"), "a");
  EXPECT_EQ(Got("deep/block"), Noise(4096));
  EXPECT_TRUE(Got("large") == large);
  EXPECT_EQ(bytes, 1 + 4096 + large.size());
  EXPECT_EQ(SizeOf(copy_), absl::StatusOr<uint64_t>(bytes.load()));
}

TEST_F(DirectCopyTest, LeavesOutWhatItIsTold) {
  Put("kept", "1");
  Put("deep/left", "2");
  copy_.leaves_out = [](const std::string& name) { return name == "deep"; };
  ASSERT_TRUE(CopyDirect(copy_).ok());
  EXPECT_EQ(Got("kept"), "1");
  EXPECT_FALSE(Exists(absl::StrCat(copy_.to, "/deep")));
}

TEST_F(DirectCopyTest, EndsWhenToldTo) {
  Put("large", Noise(8 << 20));
  copy_.may_go_on = [] { return absl::CancelledError("enough"); };
  EXPECT_TRUE(absl::IsCancelled(CopyDirect(copy_)));
}

}  // namespace
}  // namespace weft::provisioner
