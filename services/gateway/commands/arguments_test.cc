#include "services/gateway/commands/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "services/gateway/commands/fabric_error.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::Struct;
using fabric::Value;
using ::testing::ElementsAre;

std::string BindError(const char* method, const List& arguments, const Struct& named = {}) {
  const auto bound = Bind(*fabric::FindCommand(method), {method, arguments, named});
  return bound.ok() ? "" : PlainText(bound.status());
}

TEST(ArgumentsTest, BindsByPositionByNameAndByDefault) {
  const fabric::Command& command = *fabric::FindCommand("group.promote");
  const auto bound = Bind(command, {"group.promote", {{"g"}, {}}, {{"update_only", {true}}}});
  ASSERT_TRUE(bound.ok());
  EXPECT_EQ(*bound, (List{{"g"}, {}, {true}, {true}}));
  const auto by_name = Bind(command, {"group.promote", {}, {{"group_id", {"g"}}}});
  ASSERT_TRUE(by_name.ok());
  EXPECT_EQ(*by_name, (List{{"g"}, {}, {false}, {true}}));
  // A default is taken for a nil, and where one must be given nil is a value.
  EXPECT_EQ(*Bind(*fabric::FindCommand("threat.report_error"),
                  {"threat.report_error", {{}, {}, {}, {}, {}}, {}}),
            (List{{}, {"unknown"}, {"unknown"}, {false}, {true}}));
}

TEST(ArgumentsTest, SpeaksPythonWhereArgumentsDoNotFit) {
  EXPECT_EQ(BindError("group.promote", {}), "execute() takes at least 2 arguments (1 given)");
  EXPECT_EQ(BindError("group.promote", List(5)), "execute() takes at most 5 arguments (6 given)");
  EXPECT_EQ(BindError("manage.ping", List(1)), "execute() takes exactly 1 argument (2 given)");
  EXPECT_EQ(BindError("manage.logging_level", List(1)),
            "execute() takes exactly 3 arguments (2 given)");
  EXPECT_EQ(BindError("group.promote", {}, {{"slave_id", {"s"}}}),
            "execute() takes at least 2 arguments (2 given)");
  EXPECT_EQ(BindError("group.promote", List(1), {{"wrong", {"s"}}}),
            "execute() got an unexpected keyword argument 'wrong'");
  EXPECT_EQ(BindError("group.promote", List(1), {{"group_id", {"s"}}}),
            "execute() got multiple values for keyword argument 'group_id'");
}

TEST(ArgumentsTest, WritesValuesAsPythonDoes) {
  EXPECT_EQ(TextOf({}), "None");
  EXPECT_EQ(TextOf({true}), "True");
  EXPECT_EQ(TextOf({int64_t{-7}}), "-7");
  EXPECT_EQ(TextOf({0.5}), "0.5");
  EXPECT_EQ(TextOf({2.0}), "2.0");
  EXPECT_EQ(TextOf({1e20}), "1e+20");
  EXPECT_EQ(TextOf({0.1 + 0.2}), "0.3");
  EXPECT_EQ(TextOf({List{{"a"}, {int64_t{1}}}}), "['a', 1]");
  EXPECT_EQ(TextOrEmpty({}), "");
}

TEST(ArgumentsTest, ReadsNumbersAsPythonDoes) {
  EXPECT_EQ(IntegerOf({"12"}), 12);
  EXPECT_EQ(IntegerOf({" 12 "}), 12);
  EXPECT_EQ(IntegerOf({true}), 1);
  EXPECT_EQ(IntegerOf({2.9}), 2);
  EXPECT_EQ(IntegerOf({"2.9"}), std::nullopt);
  EXPECT_EQ(IntegerOf({}), std::nullopt);
  EXPECT_EQ(IntegerOf({std::numeric_limits<double>::quiet_NaN()}), std::nullopt);
  EXPECT_EQ(IntegerOf({1e300}), std::nullopt);
  EXPECT_EQ(NumberOf({"0.5"}), 0.5);
  EXPECT_EQ(NumberOf({int64_t{3}}), 3.0);
  EXPECT_EQ(NumberOf({"x"}), std::nullopt);
  EXPECT_EQ(NumberOf({List{}}), std::nullopt);
}

TEST(ArgumentsTest, TakesNonsenseForSynchronousAndOnlyFalseAndZeroForNot) {
  for (const Value& value :
       {Value{false}, Value{int64_t{0}}, Value{"0"}, Value{"False"}, Value{"FALSE"}}) {
    EXPECT_FALSE(IsSynchronous(value)) << TextOf(value);
  }
  for (const Value& value : {Value{true}, Value{int64_t{1}}, Value{"abc"}, Value{}, Value{""}}) {
    EXPECT_TRUE(IsSynchronous(value)) << TextOf(value);
  }
}

TEST(ArgumentsTest, TakesTheTextZeroForTrue) {
  EXPECT_TRUE(IsTruthy({"0"}));
  EXPECT_TRUE(IsTruthy({"False"}));
  EXPECT_TRUE(IsTruthy({List{{}}}));
  for (const Value& value : {Value{}, Value{false}, Value{int64_t{0}}, Value{0.0}, Value{""}}) {
    EXPECT_FALSE(IsTruthy(value)) << TextOf(value);
  }
}

TEST(ArgumentsTest, TakesAStatusByNameOrByIndexFromEitherEnd) {
  EXPECT_EQ(StatusOfArgument({"secondary"}).value(), ServerStatus::kSecondary);
  EXPECT_EQ(StatusOfArgument({"1"}).value(), ServerStatus::kSpare);
  EXPECT_EQ(StatusOfArgument({int64_t{0}}).value(), ServerStatus::kFaulty);
  EXPECT_EQ(StatusOfArgument({int64_t{-1}}).value(), ServerStatus::kPrimary);
  EXPECT_EQ(ModeOfArgument({int64_t{-4}}).value(), ServerMode::kOffline);
  EXPECT_EQ(ModeOfArgument({"3"}).value(), ServerMode::kReadWrite);
  for (const Value& value : {Value{int64_t{4}}, Value{int64_t{-5}}, Value{"configuring"}}) {
    EXPECT_FALSE(StatusOfArgument(value).ok()) << TextOf(value);
  }
  EXPECT_EQ(ProcedureText(ModeOfArgument({int64_t{9}}).status()),
            "ServerError: Trying to use an invalid mode (9). Possible values are: (0, 'OFFLINE'), "
            "(1, 'READ_ONLY'), (2, 'WRITE_ONLY'), (3, 'READ_WRITE').");
}

TEST(ArgumentsTest, NumbersStatusesAndModesAsTheWireDoes) {
  EXPECT_EQ(NumberOnWire(ServerStatus::kFaulty), 0);
  EXPECT_EQ(NumberOnWire(ServerStatus::kPrimary), 3);
  EXPECT_EQ(NumberOnWire(ServerStatus::kConfiguring), 4);
  EXPECT_EQ(NumberOnWire(ServerMode::kReadWrite), 3);
}

TEST(ArgumentsTest, MatchesPatternsAsSqlDoes) {
  EXPECT_TRUE(IsLike("Shop", "%sho%"));
  EXPECT_TRUE(IsLike("shop", "s_op"));
  EXPECT_TRUE(IsLike("", "%"));
  EXPECT_TRUE(IsLike("abcabc", "%abc"));
  EXPECT_TRUE(IsLike("a_b", "a\\_b"));
  EXPECT_FALSE(IsLike("axb", "a\\_b"));
  EXPECT_FALSE(IsLike("shop", "sho"));
  EXPECT_FALSE(IsLike("shop", "_shop"));
  // No time beyond the product of the lengths.
  EXPECT_FALSE(IsLike(std::string(64, 'a'), std::string(2000, '%') + "b"));
}

TEST(ArgumentsTest, TakesOneValueForAListOfOne) {
  EXPECT_THAT(TextsOf({"a"}), ElementsAre("a"));
  EXPECT_THAT(TextsOf({List{{"a"}, {int64_t{2}}}}), ElementsAre("a", "2"));
  EXPECT_THAT(TextsOf({}), ElementsAre());
}

}  // namespace
}  // namespace weft::gateway
