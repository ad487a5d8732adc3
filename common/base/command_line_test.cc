#include "common/base/command_line.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weft {
namespace {

std::vector<std::string> Read(std::vector<const char*> arguments) {
  return WithUnderscores(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLineTest, DashesInTheNameOfAFlagBecomeUnderscores) {
  EXPECT_EQ(Read({"x", "--metrics-listen=a-b:1", "-log-level", "info-x"}),
            (std::vector<std::string>{"x", "--metrics_listen=a-b:1", "-log_level", "info-x"}));
}

TEST(CommandLineTest, WhatIsNoFlagIsLeftAlone) {
  EXPECT_EQ(Read({"--x-y", "a-b", "-", "--", "--c-d=e"}),
            (std::vector<std::string>{"--x-y", "a-b", "-", "--", "--c-d=e"}));
}

TEST(CommandLineTest, TheVectorForParsingEndsWithANull) {
  char program[] = "x", flag[] = "--a-b";
  char* argv[] = {program, flag, nullptr};
  const CommandLine line = UnderscoredCommandLine(2, argv);
  ASSERT_EQ(line.argc, 2);
  EXPECT_STREQ(line.argv[1], "--a_b");
  EXPECT_EQ(line.argv[2], nullptr);
}

}  // namespace
}  // namespace weft
