// Each history goes as it is written down. When a change of Weft changes one on purpose:
//   bazel run //tests/histories:rewrite
// writes all of them anew; read the difference as you would read code before you commit it.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/histories/history.h"

namespace weft::histories {
namespace {

class HistoryTest : public ::testing::TestWithParam<std::string> {};

TEST_P(HistoryTest, GoesAsItIsWritten) {
  const absl::StatusOr<History> history = Read(GetParam());
  ASSERT_TRUE(history.ok()) << history.status();
  const absl::StatusOr<std::string> played = Play(history->script);
  ASSERT_TRUE(played.ok()) << played.status();
  EXPECT_THAT(*played, ::testing::Not(::testing::HasSubstr("FAILED")));
  EXPECT_EQ(history->expected, *played)
      << "on purpose? bazel run //tests/histories:rewrite, and review the difference";
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(info.param.rfind('/') + 1);
  name.resize(name.size() - 4);
  for (char& c : name) c = c == '-' || c == '.' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, HistoryTest, ::testing::ValuesIn(FilesOf("tests/histories")), NameOf);

}  // namespace
}  // namespace weft::histories
