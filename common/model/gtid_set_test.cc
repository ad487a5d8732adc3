#include "common/model/gtid_set.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"

namespace weft {
namespace {

constexpr char kA[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kB[] = "4f22fa47-71ca-11e1-9e33-c80aa9429562";

GtidSet Set(absl::string_view text) {
  const absl::StatusOr<GtidSet> set = GtidSet::Parse(text);
  EXPECT_TRUE(set.ok()) << set.status() << " in " << text;
  return set.value_or(GtidSet());
}

// The canonical text of `text`, in which A and B stand for two uuids.
std::string Canonical(absl::string_view text) { return Set(text).ToString(); }
std::string A(absl::string_view rest) { return absl::StrCat(kA, ":", rest); }
std::string B(absl::string_view rest) { return absl::StrCat(kB, ":", rest); }

TEST(GtidSetTest, MergesOverlappingAndAdjacentIntervals) {
  EXPECT_EQ(Canonical(A("7:1-3:4-5:2-4:9-10")), A("1-5:7:9-10"));
}

TEST(GtidSetTest, PrintsUuidsInOrderAndEachOnce) {
  EXPECT_EQ(Canonical(absl::StrCat(B("1"), ",", A("5"), ",", B("2-3"), ",", A("1"))),
            absl::StrCat(A("1:5"), ",", B("1-3")));
}

TEST(GtidSetTest, ReadsWhatServersPrintOverSeveralLines) {
  EXPECT_EQ(Canonical(absl::StrCat(A("1-5"), ",\n", B("1"), "\n")),
            absl::StrCat(A("1-5"), ",", B("1")));
  EXPECT_EQ(Canonical(absl::StrCat(" , ", kA, " : 1 - 3 :\t5 ,, \r\n")), A("1-3:5"));
}

TEST(GtidSetTest, LowersUpperCase) {
  EXPECT_EQ(Canonical("3E11FA47-71CA-11E1-9E33-C80AA9429562:BackUp:1"), A("backup:1"));
}

TEST(GtidSetTest, PutsUntaggedIntervalsBeforeTags) {
  EXPECT_EQ(Canonical(absl::StrCat(A("zeta:1:abc:1-2:5"), ",", A("3"))), A("3:abc:1-2:5:zeta:1"));
  EXPECT_EQ(Canonical(A("1-2:tag:1-3:4")), A("1-2:tag:1-4"));
}

TEST(GtidSetTest, AcceptsHexadecimalLookingTags) { EXPECT_EQ(Canonical(A("e5:1")), A("e5:1")); }

TEST(GtidSetTest, TakesEmptyTextAsTheEmptySet) {
  for (const char* text : {"", " ", "\n", ",", " ,\n, "}) {
    EXPECT_TRUE(Set(text).Empty()) << text;
    EXPECT_EQ(Set(text).ToString(), "");
    EXPECT_EQ(Set(text).Count(), 0u);
  }
}

TEST(GtidSetTest, RefusesMalformedText) {
  const std::string long_tag(33, 't');
  for (const std::string& text : {std::string("x"),
                                  std::string(kA),
                                  absl::StrCat(kA, ":"),
                                  A("0"),
                                  A("-1"),
                                  A("+1"),
                                  A("1-"),
                                  A("-"),
                                  A("5-3"),
                                  A("1-2-3"),
                                  A("1:"),
                                  A(":1"),
                                  A("tag"),
                                  A("1:tag"),
                                  A("tag:other:1"),
                                  A("1tag:1"),
                                  A(absl::StrCat(long_tag, ":1")),
                                  A("a-b:1"),
                                  A("9223372036854775807"),
                                  A("99999999999999999999999"),
                                  A("1 2"),
                                  absl::StrCat(A("1"), ";", B("1")),
                                  absl::StrCat(A("1"), " ", B("1")),
                                  std::string("3e11fa4771ca11e19e33c80aa9429562:1"),
                                  std::string("3e11fa47-71ca-11e1-9e33-c80aa942956g:1"),
                                  std::string("0-26301-5")}) {
    const absl::StatusOr<GtidSet> set = GtidSet::Parse(text);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(GtidSetTest, NamesTheOffendingPiece) {
  const absl::Status status = GtidSet::Parse(absl::StrCat(A("1"), ",", B("7-5"))).status();
  EXPECT_NE(status.message().find("7-5"), absl::string_view::npos) << status;
}

TEST(GtidSetTest, HoldsTheGreatestNumber) {
  const std::string text = A("1-9223372036854775806");
  EXPECT_EQ(Canonical(text), text);
  EXPECT_EQ(Set(text).Count(), GtidSet::kMaxNumber);
  EXPECT_TRUE(Set(text).Minus(Set(text)).Empty());
  EXPECT_EQ(Set(text).Minus(Set(A("5"))).ToString(), A("1-4:6-9223372036854775806"));
  EXPECT_EQ(Set(text).Union(Set(A("9223372036854775806"))).ToString(), text);
}

TEST(GtidSetTest, CountSaturates) {
  const std::string all = "1-9223372036854775806";
  EXPECT_EQ(Set(absl::StrCat(A(all), ":t:", all, ",", B(all))).Count(), UINT64_MAX);
}

TEST(GtidSetTest, TagsAreSourcesOfTheirOwn) {
  const GtidSet tagged = Set(A("tag:1-5"));
  EXPECT_FALSE(tagged.Contains(kA, "", 3));
  EXPECT_TRUE(tagged.Contains(kA, "tag", 3));
  EXPECT_FALSE(Set(A("1-5")).Contains(tagged));
  EXPECT_TRUE(Set(A("1-5")).Minus(tagged) == Set(A("1-5")));
}

TEST(GtidSetTest, RestrictsToAUuidUnderAnyTag) {
  const GtidSet set = Set(absl::StrCat(A("1-5:tag:7"), ",", B("1")));
  EXPECT_EQ(set.Restrict(kA).ToString(), A("1-5:tag:7"));
  EXPECT_EQ(set.Without(kA).ToString(), B("1"));
  EXPECT_EQ(set.Uuids(), (std::vector<std::string>{kA, kB}));
  EXPECT_EQ(set.LastNumber(kA, ""), 5u);
  EXPECT_EQ(set.LastNumber(kA, "tag"), 7u);
  EXPECT_EQ(set.LastNumber(kB, "tag"), 0u);
}

TEST(GtidTest, ParsesAndPrintsOneTransaction) {
  EXPECT_EQ(ToString(*ParseGtid(A("7"))), A("7"));
  EXPECT_EQ(ToString(*ParseGtid(A("tag:7"))), A("tag:7"));
  EXPECT_FALSE(ParseGtid(A("7-8")).ok());
  EXPECT_FALSE(ParseGtid("").ok());
}

// The dumb set that the clever one is compared with.
using Dumb = std::set<Gtid>;

class RandomSets {
 public:
  explicit RandomSets(unsigned seed) : random_(seed) {}

  std::pair<GtidSet, Dumb> Next() {
    static constexpr const char* kUuids[] = {kA, kB};
    static constexpr const char* kTags[] = {"", "", "tag"};
    GtidSet set;
    Dumb dumb;
    for (unsigned i = 0, count = Below(7); i < count; ++i) {
      const char* uuid = kUuids[Below(2)];
      const char* tag = kTags[Below(3)];
      const uint64_t first = 1 + Below(20);
      const uint64_t last = first + Below(5);
      set.AddInterval(uuid, tag, first, last);
      for (uint64_t number = first; number <= last; ++number) dumb.insert({uuid, tag, number});
    }
    return {set, dumb};
  }

  unsigned Below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

 private:
  std::mt19937 random_;
};

GtidSet FromDumb(const Dumb& dumb) {
  std::string text;
  for (const Gtid& gtid : dumb) absl::StrAppend(&text, ToString(gtid), ",");
  return Set(text);
}

void CheckInvariants(const GtidSet& set) {
  for (size_t i = 0; i < set.sources().size(); ++i) {
    const GtidSet::Source& source = set.sources()[i];
    ASSERT_FALSE(source.intervals.empty());
    if (i > 0) {
      const GtidSet::Source& before = set.sources()[i - 1];
      ASSERT_LT(std::tie(before.uuid, before.tag), std::tie(source.uuid, source.tag));
    }
    for (size_t k = 0; k < source.intervals.size(); ++k) {
      ASSERT_LE(source.intervals[k].first, source.intervals[k].last);
      if (k > 0) {
        ASSERT_GT(source.intervals[k].first, source.intervals[k - 1].last + 1);
      }
    }
  }
}

TEST(GtidSetPropertyTest, AgreesWithADumbSetInRandomCases) {
  RandomSets random(20240607);
  for (int round = 0; round < 50'000; ++round) {
    const auto [a, dumb_a] = random.Next();
    const auto [b, dumb_b] = random.Next();
    Dumb both = dumb_a;
    both.insert(dumb_b.begin(), dumb_b.end());
    Dumb only_a;
    Dumb common;
    for (const Gtid& gtid : dumb_a) (dumb_b.count(gtid) ? common : only_a).insert(gtid);

    for (const GtidSet& set : {a, a.Union(b), a.Minus(b), a.Intersect(b)}) {
      ASSERT_NO_FATAL_FAILURE(CheckInvariants(set)) << a.ToString() << " and " << b.ToString();
    }
    ASSERT_EQ(a, FromDumb(dumb_a)) << a.ToString();
    ASSERT_EQ(a.Count(), dumb_a.size()) << a.ToString();
    ASSERT_EQ(a.Union(b), FromDumb(both)) << a.ToString() << " and " << b.ToString();
    ASSERT_EQ(a.Minus(b), FromDumb(only_a)) << a.ToString() << " and " << b.ToString();
    ASSERT_EQ(a.Intersect(b), FromDumb(common)) << a.ToString() << " and " << b.ToString();
    ASSERT_EQ(a.Intersects(b), !common.empty()) << a.ToString() << " and " << b.ToString();
    ASSERT_EQ(a.Contains(b), common.size() == dumb_b.size()) << a.ToString() << b.ToString();
    const Gtid probe{random.Below(2) ? kA : kB, random.Below(2) ? "" : "tag", 1 + random.Below(26)};
    ASSERT_EQ(a.Contains(probe), dumb_a.count(probe) == 1) << a.ToString() << ToString(probe);
  }
}

TEST(GtidSetPropertyTest, PrintingAndParsingGiveTheSameSet) {
  RandomSets random(7);
  for (int round = 0; round < 10'000; ++round) {
    const GtidSet set = random.Next().first;
    ASSERT_EQ(Set(set.ToString()), set) << set.ToString();
  }
}

// Damaged text is refused or read as some set whose own text is stable; it never crashes.
TEST(GtidSetPropertyTest, DamagedTextIsRefusedOrReadStably) {
  RandomSets random(11);
  static constexpr char kNoise[] = "0123456789abcdefG:-,_ \n\t\0\xff";
  int refused = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = random.Next().first.ToString();
    for (unsigned edits = 1 + random.Below(4); edits > 0; --edits) {
      const size_t at = random.Below(static_cast<unsigned>(text.size()) + 1);
      const char noise = kNoise[random.Below(sizeof(kNoise) - 1)];
      switch (random.Below(3)) {
        case 0:
          text.insert(at, 1, noise);
          break;
        case 1:
          if (at < text.size()) text[at] = noise;
          break;
        default:
          text.erase(at, 1 + random.Below(3));
      }
    }
    const absl::StatusOr<GtidSet> set = GtidSet::Parse(text);
    if (!set.ok()) {
      ++refused;
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(CheckInvariants(*set)) << text;
    ASSERT_EQ(Set(set->ToString()), *set) << text;
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_LT(refused, 49'000);
}

}  // namespace
}  // namespace weft
