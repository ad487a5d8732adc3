#pragma once
// Sets of MySQL global transaction identifiers, with the tags of 8.3 and later:
//   3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,4f22...:backup:1-3
// A value: copies are independent, comparison is by content. Pure, no I/O.
#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft {

// One transaction. `uuid` is lower case with hyphens; `tag` is "" or lower case
// [a-z_][a-z0-9_]{0,31}.
struct Gtid {
  std::string uuid;
  std::string tag;
  uint64_t number = 0;  // 1 .. GtidSet::kMaxNumber

  auto operator<=>(const Gtid&) const = default;
};

// "uuid:7" or "uuid:tag:7".
absl::StatusOr<Gtid> ParseGtid(absl::string_view text);
std::string ToString(const Gtid& gtid);

// Internally a sorted vector of (uuid, tag) with sorted, disjoint, never adjacent intervals, so
// every operation is linear in the number of intervals.
class GtidSet {
 public:
  // The greatest transaction number that MySQL accepts (2^63 - 2).
  static constexpr uint64_t kMaxNumber = 9223372036854775806ULL;

  // Inclusive at both ends.
  struct Interval {
    uint64_t first;
    uint64_t last;
    bool operator==(const Interval&) const = default;
  };
  struct Source {
    std::string uuid;
    std::string tag;
    std::vector<Interval> intervals;  // never empty in a GtidSet
    bool operator==(const Source&) const = default;
  };

  GtidSet() = default;

  // Reads what a server prints and what people paste: white space and line feeds anywhere between
  // tokens, upper case, uuids in any order, repeated or overlapping intervals, empty items (",,").
  // A tag holds for the intervals that follow it within its uuid. InvalidArgument names the
  // offending piece: malformed uuid or tag, number 0 or too great, "5-3" (which MySQL itself drops
  // silently), a uuid without an interval.
  static absl::StatusOr<GtidSet> Parse(absl::string_view text);

  // As MySQL prints it, on one line: uuids ascending, each uuid once, untagged intervals first,
  // then tags ascending, "," between uuids. "" when empty.
  std::string ToString() const;

  bool Empty() const { return sources_.empty(); }
  // The number of transactions. Saturates at the greatest uint64_t.
  uint64_t Count() const;

  bool Contains(const GtidSet& other) const;
  bool Contains(const Gtid& gtid) const { return Contains(gtid.uuid, gtid.tag, gtid.number); }
  bool Contains(absl::string_view uuid, absl::string_view tag, uint64_t number) const;
  bool Intersects(const GtidSet& other) const;

  GtidSet Union(const GtidSet& other) const;
  GtidSet Minus(const GtidSet& other) const;
  GtidSet Intersect(const GtidSet& other) const;

  // Adds first..last. REQUIRES: uuid well formed and lower case, tag "" or well formed and lower
  // case, 1 <= first <= last <= kMaxNumber.
  void AddInterval(absl::string_view uuid, absl::string_view tag, uint64_t first, uint64_t last);
  void Add(const Gtid& gtid) { AddInterval(gtid.uuid, gtid.tag, gtid.number, gtid.number); }

  // Only what originates from `uuid`, under any tag.
  GtidSet Restrict(absl::string_view uuid) const;
  // Everything that does not originate from `uuid`.
  GtidSet Without(absl::string_view uuid) const;

  // The originating uuids, ascending, each once.
  std::vector<std::string> Uuids() const;
  // Sorted by (uuid, tag).
  const std::vector<Source>& sources() const { return sources_; }

  // The greatest number of (uuid, tag) in the set, 0 when there is none.
  uint64_t LastNumber(absl::string_view uuid, absl::string_view tag) const;

  bool operator==(const GtidSet&) const = default;

 private:
  std::vector<Source> sources_;
};

}  // namespace weft
