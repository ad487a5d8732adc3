#include "services/cli/fabric/help.h"

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Help(const std::vector<std::string>& words) {
  return HelpText(words, "mysqlfabric", "9");
}

TEST(HelpTest, ListsTheGroups) {
  EXPECT_EQ(Help({"groups"}),
            "Available groups: statistics, group, dump, manage, server, role, user, threat, "
            "provider, sharding, snapshot, event\n");
}

TEST(HelpTest, ListsTheCommandsOfAGroup) {
  EXPECT_EQ(Help({"threat"}),
            "\nCommands available in group 'threat' are:\n"
            "    threat report_error server_id  [--reporter=UNKNOWN] [--error=UNKNOWN] "
            "[--update_only] [--synchronous] \n"
            "    threat report_failure server_id  [--reporter=UNKNOWN] [--error=UNKNOWN] "
            "[--update_only] [--synchronous] \n");
}

TEST(HelpTest, SaysWhatDoesNotExist) {
  EXPECT_EQ(Help({"nosuch"}), "mysqlfabric: group 'nosuch' does not exist\n\n");
  EXPECT_EQ(Help({"group", "nosuch"}),
            "mysqlfabric: command 'nosuch' in group 'group' was not found.\n\n");
}

TEST(HelpTest, ExplainsACommandUnderItsSignature) {
  EXPECT_THAT(
      Help({"group", "add"}),
      StartsWith("group add group_id address  [--timeout=NONE] [--update_only] [--synchronous]  \n"
                 "\n"
                 "Add a server to a group.\n"
                 "\n"));
  EXPECT_EQ(Help({"manage", "stop"}), "manage stop   \n\nStop the node.\n");
}

TEST(HelpTest, ListsEveryCommandOnOneLineInTheOriginalsColumns) {
  const std::vector<std::string> lines =
      absl::StrSplit(Help({"commands"}), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, SizeIs(70));
  EXPECT_EQ(lines[0], "statistics node             Say since when the node has been running.");
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), 100u) << line;
    EXPECT_EQ(line.substr(26, 2), "  ") << line;
    EXPECT_NE(line[28], ' ') << line;
  }
  EXPECT_THAT(Help({"commands"}), Not(HasSubstr("usercommand")));
}

TEST(HelpTest, TellsWhoseCommandsTheseAreAndWhoAnswers) {
  EXPECT_EQ(VersionText("mysqlfabric", "9"), "mysqlfabric 1.5.5 (Weft 9)\n");
  EXPECT_THAT(Help({}), StartsWith("Usage: mysqlfabric [--param, --config] <grp> <cmd> "
                                   "[arg, ...].\n\nWeft 9 by the command line of MySQL Fabric"));
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
