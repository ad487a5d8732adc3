#include "services/cli/parser.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "common/base/error_details.h"
#include "services/cli/help.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {
namespace {

using Words = std::vector<std::string>;

const Nouns& TheNouns() {
  static const auto* const nouns = new Nouns(AllNouns());
  return *nouns;
}

absl::StatusOr<Invocation> Read(const Words& words) { return Parse(words, TheNouns()); }

TEST(ParseTest, OptionsMayStandAnywhere) {
  for (const Words& words :
       {Words{"-o", "json", "group", "show", "g1"}, Words{"group", "-o", "json", "show", "g1"},
        Words{"group", "show", "g1", "--json"}, Words{"group", "show", "--output=json", "g1"}}) {
    const auto invocation = Read(words);
    ASSERT_TRUE(invocation.ok()) << invocation.status();
    EXPECT_EQ(invocation->command->verb, "show");
    EXPECT_EQ(invocation->arguments.Text("group"), "g1");
    EXPECT_EQ(invocation->options.output, OutputFormat::kJson);
  }
}

TEST(ParseTest, NamesMayLookLikeWordsOfTheGrammar) {
  for (const char* name : {"server", "list", "group", "help", "show"}) {
    const auto invocation = Read({"group", "show", name});
    ASSERT_TRUE(invocation.ok()) << invocation.status();
    EXPECT_EQ(invocation->command->verb, "show");
    EXPECT_EQ(invocation->arguments.Text("group"), name);
  }
}

TEST(ParseTest, ArgumentsMayAlsoBeGivenByName) {
  const auto invocation = Read({"group", "promote", "g1", "--server", "127.0.0.1:3306"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(invocation->arguments.Text("server"), "127.0.0.1:3306");
}

TEST(ParseTest, AliasesAndNounsAloneAreCommands) {
  EXPECT_EQ(Read({"group", "describe", "g1"})->command->verb, "show");
  EXPECT_EQ(Read({"why", "g1"})->noun->name, "why");
  EXPECT_EQ(Read({"topology"})->noun->name, "topology");
  EXPECT_FALSE(Read({"topology"})->arguments.Has("group"));
}

TEST(ParseTest, WatchTakesItsSecondsOnlyAfterAnEqualsSign) {
  const auto bare = Read({"topology", "--watch", "g1"});
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->arguments.Text("group"), "g1");
  EXPECT_EQ(*bare->arguments.Duration("watch"), absl::Seconds(2));
  const auto given = Read({"topology", "g1", "--watch=0.5"});
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(*given->arguments.Duration("watch"), absl::Milliseconds(500));
  EXPECT_FALSE(Read({"topology", "--watch=soon"}).ok());
}

TEST(ParseTest, TheLastOfSeveralEqualOptionsHolds) {
  EXPECT_EQ(Read({"-o", "json", "group", "list", "-o", "yaml"})->options.output,
            OutputFormat::kYaml);
}

TEST(ParseTest, ChoicesAreWrittenInAnyCase) {
  const auto invocation = Read({"server", "set", "a:1", "--mode", "read-only", "--weight", "0.5"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(invocation->arguments.Text("mode"), "READ_ONLY");
  EXPECT_EQ(invocation->arguments.Number("weight"), 0.5);
}

TEST(ParseTest, HelpIsAboutWhatWasNamed) {
  EXPECT_EQ(Read({"--help"})->noun, nullptr);
  EXPECT_EQ(Read({"group", "-h"})->noun->name, "group");
  EXPECT_EQ(Read({"group", "add", "--help"})->command->verb, "add");
  EXPECT_EQ(Read({"help", "group", "add"})->command->verb, "add");
  EXPECT_EQ(Read({"help"})->what, Invocation::What::kHelp);
  EXPECT_EQ(Read({"--version"})->what, Invocation::What::kVersion);
}

struct Wrong {
  Words words;
  std::string message;
  std::string next_step;
};

TEST(ParseTest, SaysWhatIsWrongAndWhereToLook) {
  const Wrong rows[] = {
      {{"grup", "list"}, "unknown command: grup; did you mean group?", "weft --help"},
      {{"group", "lst"}, "unknown verb of group: lst; did you mean list?", "weft group --help"},
      {{"group", "frobnicate"}, "unknown verb of group: frobnicate", "weft group --help"},
      {{"group"}, "no verb of group", "weft group --help"},
      {{"group", "show"}, "missing GROUP", "weft group show --help"},
      {{"group", "show", "a", "b"}, "one argument too many", "weft group show --help"},
      {{"group", "list", "--jsn"},
       "unknown option: --jsn; did you mean --json?",
       "weft group list --help"},
      {{"group", "list", "--dry-run"}, "unknown option: --dry-run", "weft group list --help"},
      {{"server", "set", "a:1", "--weight", "much"},
       "wrong value for W (weight)",
       "weft server set --help"},
      {{"-o", "xml", "group", "list"}, "wrong value for FORMAT (output)", "weft group list --help"},
      {{"group", "list", "--timeout", "-1"},
       "wrong value for TIME (timeout)",
       "weft group list --help"},
  };
  for (const Wrong& row : rows) {
    const auto invocation = Read(row.words);
    ASSERT_FALSE(invocation.ok()) << row.message;
    EXPECT_EQ(invocation.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(invocation.status().message(), row.message);
    const auto detail = GetErrorDetail(invocation.status());
    ASSERT_TRUE(detail.has_value());
    EXPECT_EQ(detail->reason, "USAGE");
    EXPECT_EQ(detail->next_step, row.next_step);
  }
}

TEST(ParseTest, AnOptionWithoutItsValueIsAUsageError) {
  const auto invocation = Read({"group", "list", "--controller"});
  EXPECT_EQ(ErrorReason(invocation.status()), "USAGE");
}

TEST(ParseTest, NeverTakesAPasswordAndNeverShowsIt) {
  for (const Words& words :
       {Words{"group", "list", "--password", "hunter2"},
        Words{"group", "list", "--password=hunter2"}, Words{"group", "list", "-phunter2"}}) {
    const auto invocation = Read(words);
    ASSERT_FALSE(invocation.ok());
    EXPECT_EQ(DescribeError(invocation.status()).find("hunter2"), std::string::npos);
    EXPECT_NE(invocation.status().message().find("never taken"), std::string::npos)
        << invocation.status();
  }
}

TEST(FormatOfTest, FindsTheFormatOfALineThatIsWrongElsewhere) {
  EXPECT_EQ(FormatOf({"grup", "--json"}, OutputFormat::kTable), OutputFormat::kJson);
  EXPECT_EQ(FormatOf({"-o", "yaml", "x"}, OutputFormat::kTable), OutputFormat::kYaml);
  EXPECT_EQ(FormatOf({"-ojson", "x"}, OutputFormat::kTable), OutputFormat::kJson);
  EXPECT_EQ(FormatOf({"x"}, OutputFormat::kJson), OutputFormat::kJson);
}

TEST(NearestTest, OffersNothingThatIsFar) {
  EXPECT_EQ(Nearest("promot", {"promote", "demote"}), "promote");
  EXPECT_EQ(Nearest("sevrer", {"server", "group"}), "server");
  EXPECT_EQ(Nearest("op", {"operation", "group"}), "operation");
  EXPECT_EQ(Nearest("xyzzy", {"server", "group"}), "");
}

TEST(GrammarTest, EveryCommandHasASummaryAnExampleAndNoNameTwice) {
  std::set<std::string> nouns;
  for (const Noun& noun : TheNouns()) {
    EXPECT_TRUE(nouns.insert(noun.name).second) << noun.name;
    EXPECT_FALSE(noun.summary.empty());
    std::set<std::string> verbs;
    for (const Command& command : noun.commands) {
      const std::string name = noun.name + " " + command.verb;
      EXPECT_TRUE(verbs.insert(command.verb).second) << name;
      EXPECT_FALSE(command.summary.empty()) << name;
      EXPECT_FALSE(command.examples.empty()) << name;
      EXPECT_NE(command.run, nullptr) << name;
      std::set<std::string> names;
      for (const GlobalOption& global : GlobalOptions()) names.insert(global.parameter.name);
      for (const Parameter& own : OptionsOf(command)) {
        EXPECT_TRUE(names.insert(own.name).second) << name << " --" << own.name;
      }
      for (const Parameter& own : command.positionals) {
        EXPECT_TRUE(names.insert(own.name).second) << name << " " << own.name;
      }
    }
  }
}

// The examples of the help, as far as a shell passes them on unchanged.
TEST(GrammarTest, ExamplesAreUnderstood) {
  int checked = 0;
  for (const Noun& noun : TheNouns()) {
    for (const Command& command : noun.commands) {
      for (const std::string& example : command.examples) {
        if (example.rfind("weft ", 0) != 0 || example.find_first_of("'<>|") != std::string::npos) {
          continue;
        }
        Words words;
        std::istringstream stream(example.substr(5));
        for (std::string word; stream >> word;) words.push_back(word);
        const auto invocation = Read(words);
        EXPECT_TRUE(invocation.ok()) << example << ": " << invocation.status();
        if (!invocation.ok()) continue;
        EXPECT_EQ(invocation->command, &command) << example;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 30);
}

TEST(HelpTest, NounsAreExplainedWithTheirVerbs) {
  EXPECT_EQ(HelpOnNoun(*FindNoun(TheNouns(), "threat")),
            "weft threat: tell about servers that fail their clients\n"
            "\n"
            "usage: weft threat VERB [ARGUMENTS] [OPTIONS]\n"
            "\n"
            "verbs (weft threat VERB --help says more):\n"
            "  report-error    tell that something went wrong with a server\n"
            "  report-failure  tell that a server is dead; it is looked at before anything is\n"
            "                  done\n"
            "\n"
            "examples:\n"
            "  weft threat report-error 127.0.0.1:21001 --error 'lost connection'\n"
            "  weft threat report-failure 127.0.0.1:21001\n"
            "\n"
            "options of every command: weft --help\n");
}

TEST(HelpTest, VerbsAreExplainedWithArgumentsAndExamples) {
  const Noun& server = *FindNoun(TheNouns(), "server");
  EXPECT_EQ(HelpOnCommand(server, *FindCommand(server, "rejoin")),
            "bring a server that was set aside back into its group.\n"
            "\n"
            "usage: weft server rejoin SERVER [OPTIONS]\n"
            "\n"
            "Without --rewind or --rebuild it is re-attached only if it has no transaction of\n"
            "its own. With both it is rewound, or rebuilt where that cannot be done. What\n"
            "only it has is saved as SQL first.\n"
            "\n"
            "arguments:\n"
            "  SERVER  uuid, servers/UUID or host:port ([v6]:port)\n"
            "\n"
            "options:\n"
            "  --rewind         undo the changes of rows that only it has\n"
            "  --rebuild        replace its data by a clone of a healthy member\n"
            "  --dry-run        check everything and show what would be done; change nothing\n"
            "  --no-wait        print the operation's name instead of waiting for its end\n"
            "  --request-id ID  a request repeated with the same ID acts once (default: a new\n"
            "                   one)\n"
            "\n"
            "examples:\n"
            "  weft server rejoin 127.0.0.1:21001\n"
            "  weft server rejoin 127.0.0.1:21001 --rewind --dry-run\n"
            "  weft server rejoin 127.0.0.1:21001 --rebuild\n"
            "\n"
            "options of every command: weft --help\n");
}

}  // namespace
}  // namespace weft::cli
