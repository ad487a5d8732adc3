#include "services/cli/fabric/grammar.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::List;
using fabric::Nil;
using fabric::Value;
using ::testing::ElementsAre;

constexpr char kProgram[] = "mysqlfabric";

// Words split at blanks.
absl::StatusOr<Line> Parse(absl::string_view words) {
  return ParseLine(absl::StrSplit(words, ' ', absl::SkipEmpty()), kProgram);
}

Line Good(absl::string_view words) {
  absl::StatusOr<Line> line = Parse(words);
  EXPECT_TRUE(line.ok()) << words << ": " << line.status();
  return line.ok() ? *std::move(line) : Line();
}

std::string Refused(absl::string_view words) {
  const absl::StatusOr<Line> line = Parse(words);
  EXPECT_EQ(line.status().code(), absl::StatusCode::kInvalidArgument) << words;
  return std::string(line.status().message());
}

Value Text(const char* text) { return Value{std::string(text)}; }
const Value kNil{Nil{}};
const Value kTrue{true};
const Value kFalse{false};

TEST(GrammarTest, SendsEveryParameterInItsPlace) {
  const Line line = Good("group lookup_servers G1 --status=PRIMARY");
  ASSERT_EQ(line.verb, Line::Verb::kRun);
  EXPECT_EQ(line.command->method(), "group.lookup_servers");
  EXPECT_THAT(line.arguments, ElementsAre(Text("G1"), kNil, Text("PRIMARY"), kNil));
  EXPECT_FALSE(line.user.has_value());
}

TEST(GrammarTest, AFlagTurnsItsDefaultRound) {
  EXPECT_THAT(Good("group promote G1").arguments, ElementsAre(Text("G1"), kNil, kFalse, kTrue));
  EXPECT_THAT(Good("group promote G1 --synchronous").arguments,
              ElementsAre(Text("G1"), kNil, kFalse, kFalse));
  EXPECT_THAT(Good("group promote --update_only G1").arguments,
              ElementsAre(Text("G1"), kNil, kTrue, kTrue));
  EXPECT_THAT(Good("snapshot create p m --wait_spawning").arguments,
              ElementsAre(Text("p"), Text("m"), kFalse, kFalse, kTrue));
}

TEST(GrammarTest, OptionsStandAmongArgumentsWithTheirValueAttachedOrBehind) {
  for (const char* words : {"group add --timeout=5 G1 h:1", "group add G1 --timeout 5 h:1",
                            "group add G1 h:1 --timeout 5", "group add G1 h:1 --time=5"}) {
    EXPECT_THAT(Good(words).arguments,
                ElementsAre(Text("G1"), Text("h:1"), Text("5"), kFalse, kTrue))
        << words;
  }
}

TEST(GrammarTest, TheLastValueHoldsAndAListTakesAll) {
  EXPECT_THAT(Good("group create G --description=a --description=b").arguments,
              ElementsAre(Text("G"), Text("b"), kTrue));
  EXPECT_THAT(
      Good("event trigger E --args=a --args b --locks=l").arguments,
      ElementsAre(Text("E"), Value{List{Text("l")}}, Value{List{Text("a"), Text("b")}}, kNil));
}

TEST(GrammarTest, NumbersOfTheCommandLineStayTextAndDefaultsKeepTheirType) {
  const Line given = Good("server create p --number_machines=2");
  EXPECT_EQ(given.arguments[3], Text("2"));
  EXPECT_EQ(Good("server create p").arguments[3], Value{int64_t{1}});
  EXPECT_THAT(Good("dump servers").arguments, ElementsAre(kNil, Text("")));
}

TEST(GrammarTest, TwoDashesEndTheOptions) {
  EXPECT_THAT(Good("sharding lookup_servers db.t -- -5").arguments,
              ElementsAre(Text("db.t"), Text("-5"), Text("LOCAL")));
  EXPECT_EQ(Refused("sharding lookup_servers db.t -5"), "mysqlfabric: error: no such option: -5\n");
  EXPECT_THAT(Good("group create -").arguments, ElementsAre(Text("-"), kNil, kTrue));
}

TEST(GrammarTest, GlobalOptionsStandBeforeTheCommandOrBehindIt) {
  for (const char* words : {"--param a.b=c --config=F --param=d.e=f --output=json manage ping",
                            "--config F manage ping --param=a.b=c --param d.e=f --output json"}) {
    const Line line = Good(words);
    EXPECT_THAT(line.globals.parameters, ElementsAre("a.b=c", "d.e=f")) << words;
    EXPECT_EQ(line.globals.config, "F") << words;
    EXPECT_EQ(line.globals.output, Output::kJson) << words;
  }
}

TEST(GrammarTest, AWholeOptionIsNotMistakenForTheBeginningOfAnother) {
  const Line line = Good("server create p --user=me --users=them --config=F --configuration=c");
  EXPECT_EQ(line.user, "me");
  EXPECT_EQ(line.globals.config, "F");
  EXPECT_EQ(line.arguments[17], Text("them"));
  EXPECT_EQ(line.arguments[18], Text("c"));
}

TEST(GrammarTest, TheCallersNameMayBeGivenToEveryCommand) {
  for (const fabric::Command& command : fabric::Commands()) {
    std::vector<std::string> words = {command.group, command.name, "--user=u"};
    words.resize(words.size() + command.mandatory(), "x");
    const auto line = ParseLine(words, kProgram);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_EQ(line->user, "u");
    EXPECT_EQ(line->arguments.size(), command.parameters.size());
  }
}

TEST(GrammarTest, RefusesTooFewOrTooManyArgumentsWithTheSignature) {
  EXPECT_EQ(Refused("group lookup_groups G1"),
            "Usage:  group lookup_groups  [--group_id=NONE]  \n\n"
            "mysqlfabric: error: Wrong number of parameters were provided for command "
            "'group lookup_groups'.\n");
  EXPECT_EQ(Refused("group create"),
            "Usage:  group create group_id  [--description=NONE] [--synchronous]  \n\n"
            "mysqlfabric: error: Wrong number of parameters were provided for command "
            "'group create'.\n");
  EXPECT_EQ(Refused("group description G1 the first"),
            "Usage:  group description group_id  [--description=NONE] [--synchronous]  \n\n"
            "mysqlfabric: error: Wrong number of parameters were provided for command "
            "'group description'.\n");
}

TEST(GrammarTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Refused("user add bob --protocol=xmlrpc --password=bobpw"),
            "mysqlfabric: error: no such option: --password\n");
  EXPECT_EQ(Refused("group nosuch"), "mysqlfabric: error: Command (group nosuch) was not found.\n");
  EXPECT_EQ(Refused("--nonsense manage ping"), "mysqlfabric: error: no such option: --nonsense\n");
  EXPECT_EQ(Refused("group create G --description"),
            "mysqlfabric: error: --description option requires an argument\n");
  EXPECT_EQ(Refused("group create G --synchronous=0"),
            "mysqlfabric: error: --synchronous option does not take a value\n");
  EXPECT_EQ(Refused("group lookup_servers G --s=x"),
            "mysqlfabric: error: ambiguous option: --s (--server_id, --status?)\n");
  EXPECT_EQ(Refused("--output=yaml manage ping"),
            "mysqlfabric: error: option --output: invalid choice: 'yaml' (choose from 'table', "
            "'json')\n");
}

TEST(GrammarTest, KnowsWhatOnlyAsksForHelp) {
  EXPECT_EQ(Good("").verb, Line::Verb::kUsage);
  EXPECT_FALSE(Good("").asked_for_usage);
  EXPECT_TRUE(Good("--help").asked_for_usage);
  EXPECT_TRUE(Good("-h group add").asked_for_usage);
  EXPECT_EQ(Good("--version").verb, Line::Verb::kVersion);
  EXPECT_EQ(Good("help").verb, Line::Verb::kHelp);
  EXPECT_THAT(Good("help group add").words, ElementsAre("group", "add"));
  EXPECT_EQ(Good("list-commands").verb, Line::Verb::kHelp);
  EXPECT_THAT(Good("group").words, ElementsAre("group"));
  EXPECT_EQ(Good("group add -h").verb, Line::Verb::kExplain);
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
