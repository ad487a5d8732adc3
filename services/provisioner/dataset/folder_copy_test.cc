#include "services/provisioner/dataset/folder_copy.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

constexpr char kAbsent[] = "(absent)";
constexpr absl::Duration kAll = absl::ZeroDuration();

class FolderCopyTest : public ::testing::Test {
 protected:
  FolderCopyTest() : dir_(absl::StrCat(::testing::TempDir(), "/folder_copy_", getpid())) {
    EXPECT_TRUE(MakeFolder(absl::StrCat(dir_, "/from/deep")).ok());
    options_.from = absl::StrCat(dir_, "/from");
    options_.to = absl::StrCat(dir_, "/to");
  }
  ~FolderCopyTest() override { RemoveTree(dir_).IgnoreError(); }

  void Put(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomically(absl::StrCat(options_.from, "/", name), content, 0640).ok());
  }
  // In place, as a server does.
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(options_.from + "/" + name, std::ios::in | std::ios::out) << content;
  }
  // As if it had been written to for the last time an hour ago.
  void Age(const std::string& name) {
    namespace fs = std::filesystem;
    fs::last_write_time(options_.from + "/" + name,
                        fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  void Spoil(const std::string& name) {
    ASSERT_TRUE(WriteFileAtomically(options_.to + "/" + name, "spoilt", 0640).ok());
  }
  std::string Got(const std::string& name) {
    return ReadFile(absl::StrCat(options_.to, "/", name)).value_or(kAbsent);
  }

  const std::string dir_;
  FolderCopyOptions options_;
};

std::string Noise(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761U >> 13);
  return text;
}

TEST_F(FolderCopyTest, CopiesFilesOfAllSizesToTheByte) {
  const std::string large = Noise((size_t{65} << 20) + 12345);
  Put("empty", "");
  Put("short", "a");
  Put("deep/block", Noise(4096));
  Put("large", large);
  FolderCopy copy(options_, RealClock::Get());
  ASSERT_TRUE(copy.Round(kAll).ok());
  EXPECT_EQ(Got("empty"), "");
  EXPECT_EQ(Got("short"), "a");
  EXPECT_EQ(Got("deep/block"), Noise(4096));
  EXPECT_TRUE(Got("large") == large);
  EXPECT_EQ(copy.bytes(), 1 + 4096 + large.size());
  EXPECT_EQ(copy.left(), 0u);
  EXPECT_EQ(copy.size(), copy.bytes());
}

TEST_F(FolderCopyTest, LeavesOutWhatItIsTold) {
  Put("kept", "1");
  Put("deep/left", "2");
  options_.leaves_out = [](const std::string& name) { return name == "deep"; };
  ASSERT_TRUE(FolderCopy(options_, RealClock::Get()).Round(kAll).ok());
  EXPECT_EQ(Got("kept"), "1");
  EXPECT_FALSE(Exists(absl::StrCat(options_.to, "/deep")));
}

TEST_F(FolderCopyTest, EndsWhenToldTo) {
  Put("large", Noise(8 << 20));
  options_.may_go_on = [] { return absl::CancelledError("enough"); };
  EXPECT_TRUE(absl::IsCancelled(FolderCopy(options_, RealClock::Get()).Round(kAll)));
}

TEST_F(FolderCopyTest, LeavesWhatWasWrittenToOfLateToALaterRound) {
  Put("old", "1");
  Age("old");
  Put("new", "2");
  FolderCopy copy(options_, RealClock::Get());
  ASSERT_TRUE(copy.Round(absl::Minutes(1)).ok());
  EXPECT_EQ(Got("old"), "1");
  EXPECT_EQ(Got("new"), kAbsent);
  EXPECT_EQ(copy.bytes(), 1u);
  EXPECT_EQ(copy.size(), 2u);
  ASSERT_TRUE(copy.Round(kAll).ok());
  EXPECT_EQ(Got("new"), "2");
  EXPECT_EQ(copy.bytes(), 2u);
}

// What stands in the copy tells whether it was written again.
TEST_F(FolderCopyTest, CopiesOnlyWhatChangedSinceTheRoundBefore) {
  for (const char* name : {"same", "other size", "same size", "replaced", "deep/gone"}) {
    Put(name, "before");
    Age(name);
  }
  FolderCopy copy(options_, RealClock::Get());
  ASSERT_TRUE(copy.Round(kAll).ok());
  for (const char* name : {"same", "other size", "same size", "replaced"}) Spoil(name);
  Write("other size", "after all");
  Write("same size", "behind");
  Put("replaced", "before");  // another file of the same name, size and age
  Age("replaced");
  ASSERT_TRUE(RemoveTree(options_.from + "/deep").ok());
  ASSERT_TRUE(copy.Round(kAll).ok());
  EXPECT_EQ(Got("same"), "spoilt");
  EXPECT_EQ(Got("other size"), "after all");
  EXPECT_EQ(Got("same size"), "behind");
  EXPECT_EQ(Got("replaced"), "before");
  EXPECT_FALSE(Exists(options_.to + "/deep"));  // an empty folder would be a schema
  EXPECT_EQ(copy.bytes(), copy.size());
}

// Within a tick of the clock a second write leaves the same time behind.
TEST_F(FolderCopyTest, CopiesWhatWasWrittenJustBeforeTheRoundOnceMore) {
  Put("new", "before");
  FolderCopy copy(options_, RealClock::Get());
  ASSERT_TRUE(copy.Round(kAll).ok());
  Spoil("new");
  ASSERT_TRUE(copy.Round(kAll).ok());
  EXPECT_EQ(Got("new"), "before");
}

}  // namespace
}  // namespace weft::provisioner
