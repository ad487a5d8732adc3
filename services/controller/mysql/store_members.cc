#include "services/controller/mysql/store_members.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

struct View {
  absl::string_view prefix;
  uint64_t counter = 0;
};

View ViewOf(const MemberAnswer& answer) {
  const size_t colon = answer.view.rfind(':');
  if (colon == std::string::npos) return {answer.view, 0};
  View view = {absl::string_view(answer.view).substr(0, colon), 0};
  if (!absl::SimpleAtoi(absl::string_view(answer.view).substr(colon + 1), &view.counter)) {
    view.counter = 0;
  }
  return view;
}

bool IsOnline(const MemberAnswer& answer) { return answer.answered && answer.state == "ONLINE"; }

bool HasMajority(const MemberAnswer& answer, size_t declared) {
  const int voters = std::max(answer.members, static_cast<int>(declared));
  return 2 * answer.online > voters;
}

absl::Status NoPrimary(const std::vector<HostPort>& declared,
                       const std::vector<MemberAnswer>& answers, absl::string_view why) {
  std::vector<std::string> said;
  said.reserve(declared.size());
  for (size_t i = 0; i < declared.size(); ++i) {
    said.push_back(absl::StrCat(declared[i].ToString(), " ", DescribeMember(answers[i])));
  }
  const std::string found = absl::StrJoin(said, "; ");
  return ::weft::Refusal(
      absl::StatusCode::kUnavailable, "STORE_NO_PRIMARY",
      absl::StrCat("the state store has no primary that may be written to: ", why, " (", found,
                   ")"),
      absl::StrCat("a primary that sees a majority of the ", declared.size(), " members"), found,
      "start the members that are down; where all were down, bootstrap the one that has the most "
      "(docs/operations.md)");
}

// The bootstrap that most of the members belong to; empty: there is none, or none alone.
absl::string_view Prefix(const std::vector<MemberAnswer>& answers) {
  std::map<absl::string_view, int> votes;
  for (const MemberAnswer& answer : answers) {
    if (IsOnline(answer)) ++votes[ViewOf(answer).prefix];
  }
  absl::string_view best;
  int most = 0;
  for (const auto& [prefix, count] : votes) {
    if (count == most) best = "";
    if (count > most) best = prefix;
    most = std::max(most, count);
  }
  return best;
}

}  // namespace

MemberAnswer ReadMemberAnswer(const mysql::ResultSet& rows) {
  MemberAnswer answer;
  if (rows.empty()) {
    answer.error = "it said nothing";
    return answer;
  }
  const auto row = rows.front();
  answer.answered = true;
  answer.uuid = row.StringOr("uuid", "");
  answer.state = row.StringOr("state", "");
  answer.primary = row.StringOr("primary_uuid", "");
  answer.view = row.StringOr("view", "");
  answer.members = static_cast<int>(row.IntOr("members", 0));
  answer.online = static_cast<int>(row.IntOr("online", 0));
  answer.primaries = static_cast<int>(row.IntOr("primaries", 0));
  answer.read_only = row.IntOr("read_only", 1) != 0;
  return answer;
}

absl::StatusOr<size_t> ChoosePrimary(const std::vector<HostPort>& declared,
                                     const std::vector<MemberAnswer>& answers) {
  const absl::string_view prefix = Prefix(answers);
  const MemberAnswer* newest = nullptr;
  for (const MemberAnswer& answer : answers) {
    if (!IsOnline(answer) || ViewOf(answer).prefix != prefix) continue;
    if (newest == nullptr || ViewOf(answer).counter > ViewOf(*newest).counter) newest = &answer;
  }
  if (prefix.empty() || newest == nullptr) {
    return NoPrimary(declared, answers, "no member is ONLINE in one cluster with the others");
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    const MemberAnswer& answer = answers[i];
    if (!IsOnline(answer) || answer.uuid != newest->primary) continue;
    // One that has not noticed yet that the others went on without it.
    if (answer.view != newest->view) {
      return NoPrimary(declared, answers, "the primary does not know the newest view");
    }
    if (!HasMajority(answer, declared.size())) {
      return NoPrimary(declared, answers, "it sees no majority");
    }
    if (answer.primaries != 1) {
      return NoPrimary(declared, answers, "the cluster has several primaries");
    }
    if (answer.read_only) {
      return NoPrimary(declared, answers, "the new primary does not accept writes yet");
    }
    return i;
  }
  return NoPrimary(declared, answers, "the primary does not answer");
}

std::string DescribeMember(const MemberAnswer& answer) {
  if (!answer.answered) {
    return answer.error.empty() ? "does not answer"
                                : absl::StrCat("does not answer: ", answer.error);
  }
  if (answer.state.empty()) return "is in no cluster";
  return absl::StrCat("is ", answer.state, answer.uuid == answer.primary ? ", the primary" : "",
                      answer.read_only && answer.uuid == answer.primary ? ", read-only" : "",
                      ", and sees ", answer.online, " of ", answer.members, " members ONLINE");
}

}  // namespace weft::controller
