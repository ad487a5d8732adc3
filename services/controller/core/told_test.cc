#include "services/controller/core/told.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;

// a was the primary, then b; c never was.
Group AfterFailover() {
  Scene scene("bac");
  Group group = scene.group();
  group.history = {{.number = 1, .primary = Id('a'), .at_start = {}, .started = {}},
                   {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}}};
  return group;
}

// It was set aside as it came back.
Server Old() {
  Server server;
  server.uuid = Id('a');
  server.set_aside = absl::StrCat("errant: 3 transactions, ", kOfItsReign);
  return server;
}

EndOfReign End(char old_primary, char new_primary, const std::string& durability) {
  return {Id(old_primary), Id(new_primary), durability};
}

TEST(ToldTest, NobodyWasToldOfWhatALosslessPrimaryKeptToItself) {
  const Told told =
      WhoWasTold(AfterFailover(), Old(), Gtids("a:101-103"), {End('a', 'b', "lossless")});
  EXPECT_EQ(told.no, Gtids("a:101-103"));
  EXPECT_EQ(ToString(told), "not acknowledged");
}

TEST(ToldTest, AnAsynchronousPrimaryToldItsClients) {
  const Told told =
      WhoWasTold(AfterFailover(), Old(), Gtids("a:101-103"), {End('a', 'b', "async: no replica")});
  EXPECT_EQ(told.yes, Gtids("a:101-103"));
}

TEST(ToldTest, AMemberThatNeverWasPrimaryWaitsForNobody) {
  const Told told = WhoWasTold(AfterFailover(), Old(), Gtids("c:1"), {End('a', 'b', "lossless")});
  EXPECT_EQ(told.yes, Gtids("c:1"));
}

TEST(ToldTest, OfWhatWasWrittenThereLaterNothingIsKnown) {
  Server server = Old();
  server.set_aside = "errant: 3 transactions";
  EXPECT_EQ(
      WhoWasTold(AfterFailover(), server, Gtids("a:101"), {End('a', 'b', "lossless")}).unknown,
      Gtids("a:101"));
  server = Old();
  server.uuid = Id('c');
  EXPECT_EQ(
      WhoWasTold(AfterFailover(), server, Gtids("a:101"), {End('a', 'b', "lossless")}).unknown,
      Gtids("a:101"))
      << "received by another";
}

TEST(ToldTest, WithoutARecordNothingIsKnown) {
  EXPECT_EQ(WhoWasTold(AfterFailover(), Old(), Gtids("a:101"), {}).unknown, Gtids("a:101"));
  EXPECT_EQ(WhoWasTold(AfterFailover(), Old(), Gtids("a:101"), {End('a', 'b', "")}).unknown,
            Gtids("a:101"));
  EXPECT_EQ(WhoWasTold(AfterFailover(), Old(), Gtids("f:1"), {}).unknown, Gtids("f:1"))
      << "a stranger";
}

TEST(ToldTest, ReignsThatEndedDifferentlySayNothing) {
  Group group = AfterFailover();
  group.history.push_back({.number = 3, .primary = Id('a'), .at_start = {}, .started = {}});
  group.history.push_back({.number = 4, .primary = Id('b'), .at_start = {}, .started = {}});
  const std::vector<EndOfReign> both = {End('a', 'b', "lossless"), End('a', 'b', "async")};
  EXPECT_EQ(WhoWasTold(group, Old(), Gtids("a:101"), both).unknown, Gtids("a:101"));
  EXPECT_EQ(WhoWasTold(group, Old(), Gtids("a:101"), {End('a', 'b', "lossless")}).unknown,
            Gtids("a:101"))
      << "one of two";
  const std::vector<EndOfReign> same = {End('a', 'b', "lossless"), End('a', 'b', "lossless")};
  EXPECT_EQ(WhoWasTold(group, Old(), Gtids("a:101"), same).no, Gtids("a:101"));
}

TEST(ToldTest, SaysWhichIsWhich) {
  const Told told =
      WhoWasTold(AfterFailover(), Old(), Gtids("a:101-102,c:1"), {End('a', 'b', "lossless")});
  EXPECT_EQ(testing::WithLetters(ToString(told)),
            "2 not acknowledged [a:101-102], 1 acknowledged [c:1]");
}

}  // namespace
}  // namespace weft::controller
