#include "services/provisioner/dataset/data_places.h"

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

class DataPlacesTest : public ::testing::Test {
 protected:
  DataPlacesTest() {
    fs::create_directories(data_);
    fs::create_directories(root_ / "data2");
    fs::create_directory_symlink("data", root_ / "alias");
  }
  ~DataPlacesTest() override { fs::remove_all(root_); }

  const fs::path root_ = fs::path(::testing::TempDir()) / "places";
  const fs::path data_ = root_ / "data";
};

TEST_F(DataPlacesTest, KnowsWhatIsInTheFolderByAnyOfItsPaths) {
  for (const std::string path : {"", "./", "./shop/t.ibd", "ibdata1", "shop/../t.ibd"}) {
    EXPECT_FALSE(LiesOutside(data_.string(), path)) << path;
  }
  EXPECT_FALSE(LiesOutside(data_.string(), data_.string() + "/shop/t.ibd"));
  EXPECT_FALSE(LiesOutside(data_.string() + "/", data_.string()));
  EXPECT_FALSE(LiesOutside(data_.string(), (root_ / "alias/t.ibd").string()));
}

TEST_F(DataPlacesTest, KnowsWhatIsElsewhere) {
  for (const std::string path : {"/elsewhere/shop/t.ibd", "../undo", "/", "shop/../../t.ibd"}) {
    EXPECT_TRUE(LiesOutside(data_.string(), path)) << path;
  }
  EXPECT_TRUE(LiesOutside(data_.string(), (root_ / "data2/t.ibd").string()));
}

TEST_F(DataPlacesTest, LinksLeadElsewhereAndFoldersDoNot) {
  EXPECT_TRUE(LeadsElsewhere((root_ / "alias").string()));
  EXPECT_TRUE(LeadsElsewhere("shop/t.isl"));
  EXPECT_FALSE(LeadsElsewhere(data_.string()));
  EXPECT_FALSE(LeadsElsewhere("shop/t.ibd"));
}

}  // namespace
}  // namespace weft::provisioner
