#include "services/cli/completion.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {
namespace {

using Words = std::vector<std::string>;

std::vector<Candidate> Names(Kind kind, const Options& options, const Arguments& arguments) {
  if (kind == Kind::kGroup) return {{"g1", "orders"}, {"g2", options.sandbox}};
  if (kind == Kind::kServer) return {{"127.0.0.1:21001", arguments.Text("group")}};
  return {};
}

Words WordsOf(const Words& words) {
  static const Nouns nouns = AllNouns();
  Words result;
  for (const Candidate& candidate : Complete(nouns, words, {}, Names)) {
    result.push_back(candidate.word);
  }
  return result;
}

TEST(CompleteTest, OffersNounsVerbsAndNames) {
  EXPECT_EQ(WordsOf({"gr"}), Words{"group"});
  EXPECT_EQ(WordsOf({"group", "de"}), (Words{"destroy", "demote", "deactivate"}));
  EXPECT_EQ(WordsOf({"group", "show", ""}), (Words{"g1", "g2"}));
  EXPECT_EQ(WordsOf({"group", "du"}), Words{"durability"});
  EXPECT_EQ(WordsOf({"group", "durability", ""}), (Words{"g1", "g2"}));
  EXPECT_EQ(WordsOf({"why", "g"}), (Words{"g1", "g2"}));
  EXPECT_EQ(WordsOf({"group", "show", "g1", ""}), Words{});
  EXPECT_EQ(WordsOf({"nonsense", ""}), Words{});
}

TEST(CompleteTest, OffersServersOfTheGroupBefore) {
  const Nouns nouns = AllNouns();
  const auto candidates = Complete(nouns, {"group", "promote", "g2", "127"}, {}, Names);
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0], (Candidate{"127.0.0.1:21001", "g2"}));
}

TEST(CompleteTest, OffersOptionsAndTheirValues) {
  EXPECT_EQ(WordsOf({"group", "promote", "g1", "--exp"}),
            (Words{"--expected-primary", "--expected-epoch"}));
  EXPECT_EQ(WordsOf({"server", "set", "x", "--mode", "r"}), (Words{"READ_ONLY", "READ_WRITE"}));
  EXPECT_EQ(WordsOf({"server", "set", "x", "--mode=w"}), Words{"--mode=WRITE_ONLY"});
  EXPECT_EQ(WordsOf({"server", "set", "x", "--promotion-rule", "pre"}),
            (Words{"PREFER", "PREFER_NOT"}));
  EXPECT_EQ(WordsOf({"group", "add", "g1", "a:1", "--promotion-rule=m"}),
            Words{"--promotion-rule=MUST_NOT"});
  EXPECT_EQ(WordsOf({"-o", "j"}), Words{"json"});
  EXPECT_EQ(WordsOf({"group", "list", "--password-file", ""}), Words{kAnyFile});
  EXPECT_EQ(WordsOf({"--sandbox", ""}), Words{kAnyFolder});
}

TEST(CompleteTest, UnderstandsOptionsBeforeTheCursor) {
  const Nouns nouns = AllNouns();
  const auto candidates =
      Complete(nouns, {"--sandbox", "/tmp/s", "-o", "json", "group", "show", "g2"}, {}, Names);
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0].description, "/tmp/s");
}

// What bash makes of `line` with the built client.
std::string InBash(const std::string& line) {
  const std::string script =
      absl::StrCat("PATH=\"$PWD/services/cli:$PATH\"; source <(weft completion bash); COMP_LINE='",
                   line, "'; COMP_POINT=", line.size(), "; _weft; echo \"${COMPREPLY[@]}\"");
  int out[2];
  EXPECT_EQ(pipe(out), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    close(out[1]);
    execl("/bin/bash", "bash", "-c", script.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(out[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(out[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return text;
}

TEST(BashScriptTest, CompletesInBash) {
  EXPECT_EQ(InBash("weft gr"), "group\n");
  EXPECT_EQ(InBash("weft group pro"), "promote\n");
  EXPECT_EQ(InBash("weft sandbox "),
            "up status add-server stop-server kill-server start-server down\n");
  EXPECT_EQ(InBash("weft server set x --status="), "SPARE SECONDARY FAULTY PRIMARY\n");
  EXPECT_EQ(InBash("weft server set x --status=sec"), "SECONDARY\n");
  EXPECT_EQ(InBash("weft nonsense "), "\n");
  EXPECT_EQ(InBash("weft group list --sandbox services/c"), "services/cli\n");
}

TEST(ZshScriptTest, IsACompletionFunction) {
  EXPECT_EQ(ZshScript().rfind("#compdef weft\n", 0), 0u);
}

}  // namespace
}  // namespace weft::cli
