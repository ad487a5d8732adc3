#include "common/model/gtid_set.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weft {
namespace {

using Interval = GtidSet::Interval;
using Intervals = std::vector<Interval>;
using Source = GtidSet::Source;
using Key = std::pair<absl::string_view, absl::string_view>;

Key KeyOf(const Source& source) { return {source.uuid, source.tag}; }

// Interval arithmetic. Arguments and results are sorted, disjoint and not adjacent.

// Sorts and joins intervals that overlap or touch.
void Normalize(Intervals& intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.first < b.first; });
  size_t kept = 0;
  for (size_t i = 0; i < intervals.size(); ++i) {
    if (kept > 0 && intervals[i].first <= intervals[kept - 1].last + 1) {
      intervals[kept - 1].last = std::max(intervals[kept - 1].last, intervals[i].last);
    } else {
      intervals[kept++] = intervals[i];
    }
  }
  intervals.resize(kept);
}

Intervals Unite(const Intervals& a, const Intervals& b) {
  Intervals merged;
  merged.reserve(a.size() + b.size());
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i].first <= b[j].first);
    const Interval next = from_a ? a[i++] : b[j++];
    if (!merged.empty() && next.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, next.last);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

Intervals Subtract(const Intervals& a, const Intervals& b) {
  Intervals left;
  size_t j = 0;
  for (const Interval& interval : a) {
    uint64_t first = interval.first;
    while (j < b.size() && b[j].last < first) ++j;
    // b[j] may reach into the next interval of `a` too, so it is passed only when it ends here.
    size_t k = j;
    for (; k < b.size() && b[k].first <= interval.last && first <= interval.last; ++k) {
      if (b[k].first > first) left.push_back({first, b[k].first - 1});
      first = std::max(first, b[k].last + 1);
    }
    if (first <= interval.last) left.push_back({first, interval.last});
    j = k > j ? k - 1 : j;
  }
  return left;
}

Intervals Common(const Intervals& a, const Intervals& b) {
  Intervals common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const uint64_t first = std::max(a[i].first, b[j].first);
    const uint64_t last = std::min(a[i].last, b[j].last);
    if (first <= last) common.push_back({first, last});
    a[i].last < b[j].last ? ++i : ++j;
  }
  return common;
}

bool Covers(const Intervals& outer, const Intervals& inner) {
  size_t i = 0;
  for (const Interval& interval : inner) {
    while (i < outer.size() && outer[i].last < interval.first) ++i;
    if (i == outer.size() || outer[i].first > interval.first || outer[i].last < interval.last) {
      return false;
    }
  }
  return true;
}

// Text.

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > 32 || absl::ascii_isdigit(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
}

absl::Status Malformed(absl::string_view piece, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed GTID: expected ", expected, ", found \"", piece.substr(0, 80), "\""));
}

absl::StatusOr<uint64_t> ParseNumber(absl::string_view text) {
  uint64_t number = 0;
  const bool digits = !text.empty() && absl::ascii_isdigit(text[0]);
  if (!digits || !absl::SimpleAtoi(text, &number) || number == 0 || number > GtidSet::kMaxNumber) {
    return Malformed(text, absl::StrCat("a number from 1 to ", GtidSet::kMaxNumber));
  }
  return number;
}

absl::StatusOr<Interval> ParseInterval(absl::string_view text) {
  const std::vector<absl::string_view> ends = absl::StrSplit(text, '-');
  if (ends.size() > 2) return Malformed(text, "an interval such as 5 or 5-9");
  const absl::StatusOr<uint64_t> first = ParseNumber(absl::StripAsciiWhitespace(ends.front()));
  if (!first.ok()) return first.status();
  const absl::StatusOr<uint64_t> last = ParseNumber(absl::StripAsciiWhitespace(ends.back()));
  if (!last.ok()) return last.status();
  if (*last < *first) return Malformed(text, "an interval whose end is not before its start");
  return Interval{*first, *last};
}

// One "uuid:[tag:]interval:..." item: appends its parts to `sources`, in the order of the text.
absl::Status ParseItem(absl::string_view item, std::vector<Source>& sources) {
  const std::vector<absl::string_view> parts = absl::StrSplit(item, ':');
  const std::string uuid = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts[0]));
  if (!IsUuid(uuid)) return Malformed(item, "a server's uuid");
  sources.push_back({uuid, "", {}});
  for (size_t i = 1; i < parts.size(); ++i) {
    const absl::string_view part = absl::StripAsciiWhitespace(parts[i]);
    if (IsTag(part)) {
      const bool bare = sources.back().intervals.empty();
      if (bare && !sources.back().tag.empty()) return Malformed(item, "an interval after a tag");
      const std::string tag = absl::AsciiStrToLower(part);
      if (bare) {
        sources.back().tag = tag;
      } else {
        sources.push_back({uuid, tag, {}});
      }
      continue;
    }
    const absl::StatusOr<Interval> interval = ParseInterval(part);
    if (!interval.ok()) return interval.status();
    sources.back().intervals.push_back(*interval);
  }
  if (sources.back().intervals.empty()) return Malformed(item, "an interval after the uuid or tag");
  return absl::OkStatus();
}

// Sorts by key, joins equal keys, and normalizes the intervals.
std::vector<Source> Assemble(std::vector<Source> parts) {
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Source& a, const Source& b) { return KeyOf(a) < KeyOf(b); });
  std::vector<Source> sources;
  for (Source& part : parts) {
    if (!sources.empty() && KeyOf(sources.back()) == KeyOf(part)) {
      Intervals& into = sources.back().intervals;
      into.insert(into.end(), part.intervals.begin(), part.intervals.end());
    } else {
      sources.push_back(std::move(part));
    }
  }
  for (Source& source : sources) Normalize(source.intervals);
  return sources;
}

// Walks two sorted vectors of sources by key; a source that only one side has comes with a null
// for the other. Stops when `visit` returns false.
template <typename Visit>
void WalkBoth(const std::vector<Source>& a, const std::vector<Source>& b, Visit visit) {
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() || j != b.end()) {
    const bool has_a = i != a.end() && (j == b.end() || KeyOf(*i) <= KeyOf(*j));
    const bool has_b = j != b.end() && (i == a.end() || KeyOf(*j) <= KeyOf(*i));
    if (!visit(has_a ? &*i : nullptr, has_b ? &*j : nullptr)) return;
    if (has_a) ++i;
    if (has_b) ++j;
  }
}

auto LowerBound(std::vector<Source>& sources, Key key) {
  return std::lower_bound(sources.begin(), sources.end(), key,
                          [](const Source& a, const Key& b) { return KeyOf(a) < b; });
}

const Source* Find(const std::vector<Source>& sources, Key key) {
  const auto at = std::lower_bound(sources.begin(), sources.end(), key,
                                   [](const Source& a, const Key& b) { return KeyOf(a) < b; });
  return at != sources.end() && KeyOf(*at) == key ? &*at : nullptr;
}

}  // namespace

absl::StatusOr<Gtid> ParseGtid(absl::string_view text) {
  const absl::StatusOr<GtidSet> set = GtidSet::Parse(text);
  if (!set.ok()) return set.status();
  if (set->Count() != 1) return Malformed(text, "one transaction such as UUID:7");
  const Source& source = set->sources().front();
  return Gtid{source.uuid, source.tag, source.intervals.front().first};
}

std::string ToString(const Gtid& gtid) {
  if (gtid.tag.empty()) return absl::StrCat(gtid.uuid, ":", gtid.number);
  return absl::StrCat(gtid.uuid, ":", gtid.tag, ":", gtid.number);
}

absl::StatusOr<GtidSet> GtidSet::Parse(absl::string_view text) {
  std::vector<Source> parts;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(item);
    if (stripped.empty()) continue;
    const absl::Status parsed = ParseItem(stripped, parts);
    if (!parsed.ok()) return parsed;
  }
  GtidSet set;
  set.sources_ = Assemble(std::move(parts));
  return set;
}

std::string GtidSet::ToString() const {
  std::string text;
  absl::string_view uuid;
  for (const Source& source : sources_) {
    if (source.uuid != uuid) {
      absl::StrAppend(&text, text.empty() ? "" : ",", source.uuid);
      uuid = source.uuid;
    }
    if (!source.tag.empty()) absl::StrAppend(&text, ":", source.tag);
    for (const Interval& interval : source.intervals) {
      absl::StrAppend(&text, ":", interval.first);
      if (interval.last != interval.first) absl::StrAppend(&text, "-", interval.last);
    }
  }
  return text;
}

uint64_t GtidSet::Count() const {
  uint64_t count = 0;
  for (const Source& source : sources_) {
    for (const Interval& interval : source.intervals) {
      const uint64_t size = interval.last - interval.first + 1;
      if (count > std::numeric_limits<uint64_t>::max() - size) {
        return std::numeric_limits<uint64_t>::max();
      }
      count += size;
    }
  }
  return count;
}

bool GtidSet::Contains(const GtidSet& other) const {
  bool contains = true;
  WalkBoth(sources_, other.sources_, [&contains](const Source* mine, const Source* theirs) {
    if (theirs == nullptr) return true;
    contains = mine != nullptr && Covers(mine->intervals, theirs->intervals);
    return contains;
  });
  return contains;
}

bool GtidSet::Contains(absl::string_view uuid, absl::string_view tag, uint64_t number) const {
  const Source* source = Find(sources_, {uuid, tag});
  if (source == nullptr) return false;
  const auto after = std::upper_bound(
      source->intervals.begin(), source->intervals.end(), number,
      [](uint64_t value, const Interval& interval) { return value < interval.first; });
  return after != source->intervals.begin() && std::prev(after)->last >= number;
}

bool GtidSet::Intersects(const GtidSet& other) const { return !Intersect(other).Empty(); }

GtidSet GtidSet::Union(const GtidSet& other) const {
  GtidSet result;
  WalkBoth(sources_, other.sources_, [&result](const Source* mine, const Source* theirs) {
    result.sources_.push_back(mine != nullptr ? *mine : *theirs);
    if (mine != nullptr && theirs != nullptr) {
      result.sources_.back().intervals = Unite(mine->intervals, theirs->intervals);
    }
    return true;
  });
  return result;
}

GtidSet GtidSet::Minus(const GtidSet& other) const {
  GtidSet result;
  WalkBoth(sources_, other.sources_, [&result](const Source* mine, const Source* theirs) {
    if (mine == nullptr) return true;
    if (theirs == nullptr) {
      result.sources_.push_back(*mine);
      return true;
    }
    Intervals left = Subtract(mine->intervals, theirs->intervals);
    if (!left.empty()) result.sources_.push_back({mine->uuid, mine->tag, std::move(left)});
    return true;
  });
  return result;
}

GtidSet GtidSet::Intersect(const GtidSet& other) const {
  GtidSet result;
  WalkBoth(sources_, other.sources_, [&result](const Source* mine, const Source* theirs) {
    if (mine == nullptr || theirs == nullptr) return true;
    Intervals common = Common(mine->intervals, theirs->intervals);
    if (!common.empty()) result.sources_.push_back({mine->uuid, mine->tag, std::move(common)});
    return true;
  });
  return result;
}

void GtidSet::AddInterval(absl::string_view uuid, absl::string_view tag, uint64_t first,
                          uint64_t last) {
  auto at = LowerBound(sources_, {uuid, tag});
  if (at == sources_.end() || KeyOf(*at) != Key(uuid, tag)) {
    sources_.insert(at, Source{std::string(uuid), std::string(tag), {{first, last}}});
    return;
  }
  // The usual case: the next transaction of a source.
  Interval& end = at->intervals.back();
  if (first >= end.first && first <= end.last + 1) {
    end.last = std::max(end.last, last);
    return;
  }
  at->intervals = Unite(at->intervals, {{first, last}});
}

GtidSet GtidSet::Restrict(absl::string_view uuid) const {
  GtidSet result;
  for (const Source& source : sources_) {
    if (source.uuid == uuid) result.sources_.push_back(source);
  }
  return result;
}

GtidSet GtidSet::Without(absl::string_view uuid) const {
  GtidSet result;
  for (const Source& source : sources_) {
    if (source.uuid != uuid) result.sources_.push_back(source);
  }
  return result;
}

std::vector<std::string> GtidSet::Uuids() const {
  std::vector<std::string> uuids;
  for (const Source& source : sources_) {
    if (uuids.empty() || uuids.back() != source.uuid) uuids.push_back(source.uuid);
  }
  return uuids;
}

uint64_t GtidSet::LastNumber(absl::string_view uuid, absl::string_view tag) const {
  const Source* source = Find(sources_, {uuid, tag});
  return source == nullptr ? 0 : source->intervals.back().last;
}

}  // namespace weft
