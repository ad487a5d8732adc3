// What a new group's commits do when nobody is left to acknowledge: asked for, chosen, said.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/testing/cli_fixture.h"

namespace weft::cli {
namespace {

using LastAcknowledgerTest = CliTest;

constexpr char kWaits[] =
    "when nobody is left to acknowledge, commits wait: nothing is lost, and nothing is written "
    "until a replica is back (to change it: weft group set ";
constexpr char kContinues[] =
    "when nobody is left to acknowledge, commits go on without after some seconds: if the primary "
    "dies then, what was written meanwhile is lost (to change it: weft group set ";

TEST_F(LastAcknowledgerTest, ANewGroupSaysWhatBecomesOfCommitsThatNobodyAcknowledges) {
  const auto policy = [&](const char* id) {
    return controller_.GroupNow(id).settings().on_last_acknowledger_lost();
  };
  EXPECT_EQ(Run({"group", "create", "a"}), kExitOk);
  EXPECT_EQ(out(), absl::StrCat("group a created\n", kWaits,
                                "a on_last_acknowledger_lost=", "continue)\n"));
  EXPECT_EQ(policy("a"), "wait");
  const Words chosen = {"--on-last-acknowledger-lost", "continue"};
  EXPECT_EQ(Run({"group", "create", "b", chosen[0], chosen[1]}), kExitOk);
  EXPECT_EQ(out(), absl::StrCat("group b created\n", kContinues,
                                "b on_last_acknowledger_lost=", "wait)\n"));
  EXPECT_EQ(policy("b"), "continue");
  EXPECT_EQ(Run({"group", "adopt", "db1:3306", "c", chosen[0], chosen[1]}), kExitOk) << err();
  EXPECT_NE(out().find(kContinues), std::string::npos) << out();
  EXPECT_EQ(policy("c"), "continue");
  EXPECT_EQ(Run({"group", "adopt", "db2:3306", "d"}), kExitOk) << err();
  EXPECT_NE(out().find(kWaits), std::string::npos) << out();
  EXPECT_EQ(policy("d"), "wait");
}

TEST_F(LastAcknowledgerTest, APersonAtATerminalIsAskedWhatBecomesOfThemAndAProgramIsNot) {
  UseTerminal();
  console_->Answer("y");
  EXPECT_EQ(Run({"group", "create", "a"}), kExitOk);
  EXPECT_NE(err().find("Go on without?"), std::string::npos) << err();
  EXPECT_NE(out().find(kContinues), std::string::npos) << out();
  console_->Answer("");
  EXPECT_EQ(Run({"group", "adopt", "db1:3306", "b"}), kExitOk);
  EXPECT_NE(err().find("Go on without?"), std::string::npos) << err();
  EXPECT_NE(out().find(kWaits), std::string::npos) << out();
  for (const Words& unasked : std::vector<Words>{{"c", "--json"},
                                                 {"d", "--durability", "async"},
                                                 {"e", "--on-last-acknowledger-lost", "wait"},
                                                 {"f", "--dry-run"}}) {
    Words words = {"group", "create"};
    words.insert(words.end(), unasked.begin(), unasked.end());
    EXPECT_EQ(Run(words), kExitOk) << err();
    EXPECT_EQ(err().find("Go on without?"), std::string::npos) << unasked[0];
  }
  EXPECT_EQ(controller_.GroupNow("c").settings().on_last_acknowledger_lost(), "wait");
}

}  // namespace
}  // namespace weft::cli
